"""What Pepr's watcher does: election, informers, queue, connections, outages, finalizers, owning (W1–W12, W14)."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter, deque
from typing import Any

from poblano.client import ambient
from poblano.client.transport import ApiClient
from poblano.context import Context
from poblano.core import finalizers
from poblano.core.backoff import Backoff
from poblano.core.cache import Cache, Change, Key
from poblano.core.event_series import Recorder, Series, Told
from poblano.core.jsonvalue import plain
from poblano.core.listwatch import List, Watch
from poblano.core.objects import document
from poblano.core.reflector import Reflector
from poblano.core.watch_events import Failure
from poblano.core.workqueue import WorkQueue
from poblano.watch import lanes
from poblano.watch.controller import known
from poblano.watch.counting import CountedController
from poblano.watch.finalizing import Finalizing
from poblano.watch.informer import Informer
from poblano.watch.informers import Informers
from poblano.watch.levelling import Levelling
from poblano.watch.owning import Sources
from poblano.watch.reconciling import Reconciling
from poblano.watch.watcher import Watcher
from poblano.watch.working import Work
from tests.pepr.behaviour import Patch, instead, pepr, wrap

# ------------------------------------------------------------------------------------------------ W1: election


@pepr("one_of_several_replicas_works", "a_replica_with_warm_caches_takes_over_when_the_leader_goes")
def w1_nobody_is_elected(patch: Patch) -> None:
    class Always:
        """Every replica leads."""

        leads = True

        def __init__(self) -> None:
            self.lost = asyncio.Event()

    def init(ours: Any, self: Watcher, *arguments: Any, leadership: Any = None, **options: Any) -> None:
        ours(self, *arguments, **options)
        patch.setattr(Watcher, "leadership", property(lambda _: Always()))

    wrap(patch, Watcher, "__init__", init)


# ------------------------------------------------------------------------------------------------ W2, W3: informers


@pepr("fifty_rules_of_a_kind_share_one_watch")
def w2_each_rule_has_a_watch_of_its_own(patch: Patch) -> None:
    def get(ours: Any, self: Informers, *arguments: Any, **options: Any) -> Informer:
        known, expected = self._known, self._expected
        self._known, self._expected = {}, {}
        made: Informer = ours(self, *arguments, **options)
        known[(made, len(known))] = made  # type: ignore[index]  # under a name that nobody asks for
        self._known, self._expected = known, expected
        return made

    wrap(patch, Informers, "get", get)


@pepr("a_rule_in_a_namespace_watches_that_one_only")
def w2_all_namespaces_are_watched(patch: Patch) -> None:
    wrap(patch, Informers, "get", lambda ours, self, kind, namespace="", **rest: ours(self, kind, "", **rest))


@pepr("objects_are_worked_on_at_once_and_what_is_new_meanwhile_too")
def w3_one_object_after_the_other(patch: Patch) -> None:
    wrap(patch, Work, "__init__", lambda ours, self, run, workers: ours(self, run, 1))


# ------------------------------------------------------------------------------------------------ W4: queue


@pepr("many_changes_come_to_one_more_run_with_the_newest_state")
def w4_each_event_is_run_with_its_snapshot(patch: Patch) -> None:
    told: dict[Key, deque[Change]] = {}

    def hear(ours: Any, self: Reconciling, change: Change) -> None:
        told.setdefault(change.item.key, deque()).append(change)
        ours(self, change)

    async def run(ours: Any, self: Reconciling, key: Key) -> None:
        waiting = told.get(key)
        snapshot = waiting.popleft().item if waiting else known(self._own, key)
        assert snapshot is not None
        await self._level.run(key, obj := self._selection.view(snapshot), lambda: self._call(key, snapshot, obj))
        if waiting:
            self.work.add(key)

    wrap(patch, Reconciling, "_hear", hear)
    wrap(patch, Reconciling, "_run", run)


@pepr("what_fails_is_run_again_later_each_time_until_it_works")
def w4_what_fails_is_logged(patch: Patch) -> None:
    wrap(patch, Levelling, "_failed", lambda ours, self, key, obj, error: None)


@pepr("an_action_may_ask_to_be_run_again_later")
def w4_what_an_action_returns_is_dropped(patch: Patch) -> None:
    wrap(patch, Levelling, "_ended", lambda ours, self, key, answer: ours(self, key, None))


@pepr("objects_that_are_gone_are_forgotten")
def w4_the_map_of_queues_only_grows(patch: Patch) -> None:
    def done(ours: Any, self: WorkQueue[Key], key: Key) -> None:
        ours(self, key)
        self.__dict__.setdefault("_queues", {})[key] = []

    wrap(patch, WorkQueue, "done", done)


@pepr("a_rule_does_not_wait_for_another_of_the_same_kind")
def w4_the_queue_is_that_of_the_kind(patch: Patch) -> None:
    instead(patch, lanes.lane_of, lambda ours, binding, key: (binding.kind.kind,))


@pepr("how_deep_the_queue_is_and_how_long_work_takes_is_shown")
def w4_nothing_is_counted(patch: Patch) -> None:
    for name in ("added", "got", "done", "ended"):
        patch.setattr(CountedController, name, lambda self, *arguments: None)


# ------------------------------------------------------------------------------------------------ W5–W8: the API server


@pepr("a_quiet_resource_has_one_watch_and_is_not_listed_again")
def w5_a_quiet_watch_is_left_open_and_all_is_listed_anew(patch: Patch) -> None:
    left: dict[Informer, list[asyncio.Task[None]]] = {}

    async def watch(ours: Any, self: Informer, asked: Watch) -> None:
        if asked.initial:
            await ours(self, asked)
            return
        left.setdefault(self, []).append(asyncio.create_task(_kept_open(self)))
        await asyncio.sleep(0.2)
        self.reflector.stalled()

    async def run(ours: Any, self: Informer) -> None:
        self.reflector._streaming = False
        self.reflector._command = List("0")
        try:
            await ours(self)
        finally:
            for task in left.pop(self, ()):
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task

    wrap(patch, Informer, "_watch", watch)
    wrap(patch, Informer, "run", run)


async def _kept_open(informer: Informer) -> None:
    query = {"watch": "true", "resourceVersion": informer.reflector.known.version}
    async with informer._client.once(informer.kind.path(informer.namespace), query=query):
        await asyncio.Event().wait()


@pepr(
    "who_may_not_list_says_so_and_runs_nothing_by_guess",
    "at_the_start_nothing_is_watched_from_no_version",
)
def w6_without_a_list_it_watches_from_no_version(patch: Patch) -> None:
    """And takes all that it is told there for news."""

    def failed(ours: Any, self: Reflector, failure: Failure) -> None:
        if isinstance(self._command, List) and failure.status == 403:
            self._command = Watch("", 1, 6.0)
        else:
            ours(self, failure)

    def ended(ours: Any, self: Reflector) -> None:
        self._command = List("0")

    def put(ours: Any, self: Cache, item: Any) -> list[Change]:
        return ours(self, item) or [Change("MODIFIED", item, item)]

    patch.setattr(Reflector, "has_synced", property(lambda self: True))
    wrap(patch, Reflector, "failed", failed)
    wrap(patch, Reflector, "ended", ended)
    wrap(patch, Cache, "put", put)


@pepr("calls_one_after_the_other_share_a_connection")
def w7_each_call_has_a_client_of_its_own(patch: Patch) -> None:
    async def client(ours: Any) -> ApiClient:
        meant = await ours()
        made = await ApiClient(meant.access).__aenter__()
        close = meant.close

        async def close_both() -> None:  # so that the test leaves nothing behind
            await made.close()
            await close()

        meant.close = close_both
        return made

    instead(patch, ambient.current_client, client)


@pepr("an_outage_ends_nothing_and_what_happened_meanwhile_is_acted_on")
def w8_it_gives_up_after_five_failures(patch: Patch) -> None:
    failures: Counter[Reflector] = Counter()

    def failed(ours: Any, self: Reflector, failure: Failure) -> None:
        failures[self] += 1
        if failures[self] > 5:
            raise RuntimeError("Watch error: GIVE_UP")
        ours(self, failure)

    wrap(patch, Reflector, "failed", failed)


@pepr("pauses_grow_to_a_bound_and_are_not_the_same_for_all")
def w8_all_try_again_every_five_seconds(patch: Patch) -> None:
    wrap(patch, Backoff, "next", lambda ours, self, **rest: 5.0)


# ------------------------------------------------------------------------------------------------ W9: while it was down


@pepr(
    "what_an_object_owns_and_lost_while_nobody_watched_is_made_again",
)
def w9_what_nobody_tells_is_not_looked_at(patch: Patch) -> None:
    """A binding to a deletion runs when the deletion is seen, and at no other time."""
    started: set[int] = set()

    def seed(ours: Any, self: Reconciling, mine: Any) -> None:
        if not started:
            started.add(1)
            ours(self, mine)

    wrap(patch, Reconciling, "seed", seed)


@pepr("an_object_that_is_deleted_while_nobody_watches_is_cleaned_up_after")
def w9_a_deletion_is_an_event(patch: Patch) -> None:
    """Who sees none, as nothing held the object, does nothing."""
    _without_finalizers(patch)


def _without_finalizers(patch: Patch) -> None:
    instead(patch, finalizers.addition, lambda ours, *rest: None)


@pepr("what_is_deleted_while_the_watch_has_lost_its_place_is_told")
def w9_a_list_tells_what_there_is_and_not_what_is_gone(patch: Patch) -> None:
    def replace(ours: Any, self: Cache, items: Any, *rest: Any) -> list[Change]:
        return [change for change in ours(self, items, *rest) if change.type != "DELETED"]

    wrap(patch, Cache, "replace", replace)


# ------------------------------------------------------------------------------------------------ W10–W12: finalizers


@pepr(
    "an_object_stays_until_its_clean_up_has_worked",
    "a_clean_up_that_gives_up_holds_its_object",
)
def w10_an_error_lets_the_object_go(patch: Patch) -> None:
    async def clean_up(ours: Any, self: Finalizing, key: Key, item: Any, obj: Any) -> Any:
        try:
            return await ours(self, key, item, obj)
        except Exception:  # noqa: BLE001 -- as Pepr does
            self._cleaned[key] = item.uid
            return await ours(self, key, item, obj)

    wrap(patch, Finalizing, "_clean_up", clean_up)


@pepr("what_is_being_deleted_at_the_start_is_cleaned_up_after")
def w11_only_what_is_modified_is_finalized(patch: Patch) -> None:
    def seed(ours: Any, self: Finalizing, mine: Any) -> None:
        going = {one.key for informer in self.informers for one in informer.cache if b'"deletionTimestamp"' in one.raw}
        ours(self, lambda key: key not in going and mine(key))

    wrap(patch, Finalizing, "seed", seed)


@pepr("each_rule_has_a_finalizer_of_its_own_and_the_object_goes_when_all_are_done")
def w12_all_rules_have_one_finalizer(patch: Patch) -> None:
    instead(patch, finalizers.finalizer, lambda ours, *names: "pepr.dev/finalizer")


@pepr("taking_ours_off_leaves_what_others_have_done_meanwhile")
def w12_the_whole_list_is_written_over(patch: Patch) -> None:
    def removal(ours: Any, obj: Any, name: str, uid: str) -> Any:
        left = [one for one in finalizers.finalizers_of(obj) if one != name]
        return [{"op": "replace", "path": "/metadata/finalizers", "value": left}]

    instead(patch, finalizers.removal, removal)


@pepr("a_clean_up_is_not_run_again_while_somebody_elses_finalizer_holds_the_object")
def w12_nobody_looks_whether_the_finalizer_is_there(patch: Patch) -> None:
    async def see_to(ours: Any, self: Finalizing, key: Key) -> None:
        item = known(self.informers, key)
        if item is not None and b'"deletionTimestamp"' in item.raw:
            self._cleaned.pop(key, None)
            await self._let_go(key, item)
        else:
            await ours(self, key)

    def hear(ours: Any, self: Finalizing, change: Change) -> None:
        ours(self, change)
        if self._started and change.type != "DELETED":
            self.work.add(change.item.key)

    wrap(patch, Finalizing, "_see_to", see_to)
    wrap(patch, Finalizing, "_hear", hear)


@pepr("an_object_is_not_cleaned_up_after_while_it_is_reconciled")
def w12_clean_up_has_nothing_to_do_with_the_queue(patch: Patch) -> None:
    wrap(patch, Finalizing, "holds_back", lambda ours, self, other: None)


@pepr("what_was_there_before_the_module_is_cleaned_up_after_too")
def w12_only_a_webhook_puts_finalizers_on(patch: Patch) -> None:
    _without_finalizers(patch)


@pepr("an_object_that_the_filters_no_longer_take_is_let_go")
def w12_what_the_filters_do_not_take_is_left_alone(patch: Patch) -> None:
    async def let_go(ours: Any, self: Finalizing, key: Key, item: Any) -> None:
        if self._selection.takes(item):
            await ours(self, key, item)

    wrap(patch, Finalizing, "_let_go", let_go)


# ------------------------------------------------------------------------------------------------ W14: owning, status


@pepr("what_is_deleted_behind_its_back_is_made_again")
def w14_nobody_watches_what_an_object_owns(patch: Patch) -> None:
    wrap(patch, Sources, "_hear_owned", lambda ours, self, change: None)


@pepr("an_object_is_reconciled_when_one_changes_that_it_refers_to")
def w14_nobody_watches_what_an_object_refers_to(patch: Patch) -> None:
    wrap(patch, Sources, "_hear_mapped", lambda ours, self, mapped, change: None)


@pepr("a_run_that_was_cut_off_in_the_middle_is_gone_through_again")
def w14_what_is_pending_is_passed_over(patch: Patch) -> None:
    """``if (instance.status?.phase === Phase.Pending) return``, in the operator that is Pepr's example."""

    async def run(ours: Any, self: Reconciling, key: Key) -> None:
        item = known(self._own, key)
        if item is not None and b'"Pending"' in item.raw:
            return
        await ours(self, key)

    wrap(patch, Reconciling, "_reconcile", run)


@pepr("a_condition_is_written_to_the_status_and_keeps_the_time_of_its_last_transition")
def w14_the_status_is_the_authors_affair(patch: Patch) -> None:
    """Who writes the object back writes no status, as that is a resource of its own."""

    async def save(ours: Any, self: Context[Any]) -> None:
        wanted = plain(document(self._object))
        wanted["metadata"] = {key: wanted["metadata"][key] for key in ("name", "namespace")}
        await self._api.apply(self._kind, wanted, force=True)

    wrap(patch, Context, "save_status", save)


@pepr("the_same_event_again_is_counted_and_not_written_anew")
def w14_each_event_is_a_new_one(patch: Patch) -> None:
    def tell(ours: Any, self: Recorder, told: Told) -> Series | None:
        self._series.pop(told, None)
        return ours(self, told)  # type: ignore[no-any-return]

    wrap(patch, Recorder, "tell", tell)
