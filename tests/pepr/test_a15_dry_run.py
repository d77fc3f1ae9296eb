"""A15: Pepr declares sideEffects None, and its actions write through its client in a dry run as in any other."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from poblano import Capability, Module, a
from poblano.admission.reviewer import ModuleReviewer
from poblano.admission.webhooks import Abilities, webhook
from poblano.client import Resources, connect
from poblano.core.context import Running, is_dry_run, running
from poblano.core.entries import entries
from poblano.core.errors import NotFound
from poblano.core.review import read
from tests.client.loopback import client_of, serving
from tests.core.driving import drive, pipeline, review, shop

if TYPE_CHECKING:
    from tests.control_plane import ControlPlane

CONFIG = {"metadata": {"name": "c", "namespace": "shop"}, "data": {"a": "b"}}

Write = Callable[[Resources], Awaitable[Any]]

WRITES: dict[str, Write] = {
    "create": lambda api: api.create(a.ConfigMap, CONFIG),
    "replace": lambda api: api.replace(a.ConfigMap, CONFIG),
    "patch": lambda api: api.patch(a.ConfigMap, "c", {"data": {"a": "c"}}, "shop"),
    "apply": lambda api: api.apply(a.ConfigMap, CONFIG),
    "delete": lambda api: api.delete(a.ConfigMap, "c", "shop"),
    "delete_collection": lambda api: api.delete_collection(a.ConfigMap, "shop"),
}


@contextmanager
def reviewing(action: Callable[[Any], Awaitable[None]]) -> Iterator[Callable[[bool], Awaitable[str]]]:
    """Has a rule do something when it reviews, in a dry run or not; tells why it failed, if it did."""
    rules = Capability("shop")
    rules.when(a.Pod).is_created().mutate(action)
    reviewer = ModuleReviewer(Module(rules))

    async def ask(dry_run: bool) -> str:
        reply = reviewer.review("/mutate/fail/10", review(dryRun=dry_run), 10)
        assert isinstance(reply, Awaitable)
        answer: dict[str, Any] = json.loads((await reply).body)["response"]
        return "" if answer["allowed"] else answer["status"]["message"]

    yield ask
    reviewer.close()


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
async def test_a15_what_an_action_writes_in_a_dry_run_is_a_dry_run(write: Write):
    async with serving() as server, client_of(server.url) as client:
        api = Resources(client)

        async def act(pod: Any) -> None:
            await write(api)

        with reviewing(act) as ask:
            assert await ask(True) == ""
            assert await ask(False) == ""
    dry, wet = ((asked.query.get("dryRun"), json.loads(asked.body).get("dryRun")) for asked in server.asked)

    assert dry in (("All", None), (None, ["All"]))
    assert wet == (None, None)


async def test_a15_a_real_api_server_stores_nothing_in_a_dry_run(control_plane: ControlPlane):
    control_plane.kubectl("create", "namespace", "dry-runs")
    made = {"metadata": {"name": "made-in-a-review", "namespace": "dry-runs"}}
    async with connect(control_plane.kubeconfig) as client:
        api = Resources(client)

        async def act(pod: Any) -> None:
            await api.apply(a.ConfigMap, made)

        with reviewing(act) as ask:
            assert await ask(True) == ""
            with pytest.raises(NotFound):
                await api.get(a.ConfigMap, "made-in-a-review", "dry-runs")
            assert await ask(False) == ""
            assert await api.get(a.ConfigMap, "made-in-a-review", "dry-runs")
    control_plane.kubectl("delete", "namespace", "dry-runs", "--wait=false")


def test_a15_webhooks_say_that_only_a_dry_run_is_free_of_side_effects():
    rules = Capability("shop")
    rules.when(a.Pod).is_created().mutate(lambda pod: None)
    (entry,) = entries(rules.bindings)

    assert webhook(entry, "shop", lambda path: {}, Abilities())["sideEffects"] == "NoneOnDryRun"


@pytest.mark.parametrize("dry_run", [True, False])
def test_a15_an_action_knows_of_a_dry_run_and_so_does_whatever_it_calls(dry_run: bool):
    rules, seen = shop(), list[Any]()

    @rules.when(a.Pod).is_created().mutate
    def look(pod: Any) -> None:
        seen.append((pod.is_dry_run, pod.permit_side_effects))

    body = review(dryRun=dry_run)
    call = next(pipeline(rules).steps(read(body)))
    drive(pipeline(rules), body)

    assert seen == [(dry_run, not dry_run)]
    assert call.running.dry_run is dry_run


def test_a15_the_flag_goes_where_the_action_goes():
    token = running.set(Running("shop", "rule", dry_run=True))
    try:
        assert is_dry_run()
    finally:
        running.reset(token)
    assert not is_dry_run()
