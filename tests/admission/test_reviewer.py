"""The rules of a module behind their paths: answers in time, in order, each told once to whoever watches."""

from __future__ import annotations

import asyncio
import base64
import json
import threading
from typing import Any

import pytest

from poblano import Capability, Log, Module, MutateRequest, a, document, log
from poblano.admission.actions import Late
from poblano.admission.replies import Reply
from poblano.admission.reviewer import ModuleReviewer
from poblano.core.context import is_dry_run, running
from poblano.core.errors import PatchFailed
from poblano.core.jsonvalue import copied
from poblano.core.patch import apply
from poblano.core.registered import accounts
from poblano.log_lines import LEVELS, Output, json_line
from tests.admission.reviewing import (
    MUTATE,
    VALIDATE,
    action_threads,
    asked,
    leaping,
    replied,
    response,
    reviewing,
    waste,
)
from tests.admission.serving import until
from tests.core.driving import POD, review, shop
from tests.core.punishing import punished

BOTH_LOOPS = True


def labels(found: dict[str, Any]) -> dict[str, str]:
    """The labels that the patch of a response puts on the usual Pod."""
    made = apply(copied(POD), json.loads(base64.b64decode(found.get("patch", "W10="))))
    return {key: value for key, value in made["metadata"]["labels"].items() if key != "tier"}


# ------------------------------------------------------------------------------------------------ rules


def test_a_review_without_async_actions_is_answered_at_once_and_without_a_loop():
    rules = shop()
    rules.when(a.Pod).is_created().mutate(lambda pod: pod.set_label("x", "1"))
    with reviewing(rules) as reviewer:
        reply = reviewer.review(MUTATE, review(), 10)
        assert isinstance(reply, Reply)
        assert labels(response(reply)) == {"x": "1"}


def test_an_error_made_once_and_raised_often_keeps_nothing_of_the_reviews():
    once = ValueError("not here")
    seen: list[bool] = []

    def refuse(pod: Any) -> None:
        raise once

    rules = shop()
    rules.when(a.Pod).is_created().mutate(refuse)
    with reviewing(rules, observers=[lambda *_: seen.append(once.__traceback__ is not None)]) as reviewer:
        for _ in range(3):
            assert not response(reviewer.review(MUTATE, review(), 10))["allowed"]
            assert once.__traceback__ is None
    assert seen == [True] * 3


def test_each_entry_has_a_path():
    rules = shop()
    rules.when(a.Pod).is_created().mutate(lambda pod: None)
    rules.when(a.Pod).is_created().mutate(on_error="ignore", timeout=3)(lambda pod: None)
    rules.when(a.Pod).is_created().validate(lambda pod: pod.approve())
    with reviewing(rules, timeout=7) as reviewer:
        assert reviewer.paths() == ["/mutate/fail/7", "/mutate/ignore/3", "/validate/fail/7"]


async def test_async_and_quick_rules_run_in_their_order_each_on_what_the_last_made():
    rules = shop()
    order: list[str] = []

    def step(name: str, pod: MutateRequest[a.Pod]) -> None:
        pod.set_label(name, str(len(pod.raw.metadata.labels)))
        order.append(name)

    async def later(name: str, pod: MutateRequest[a.Pod]) -> None:
        await asyncio.sleep(0)
        step(name, pod)

    rules.when(a.Pod).is_created().mutate(name="a")(lambda pod: step("a", pod))
    rules.when(a.Pod).is_created().mutate(name="b")(lambda pod: later("b", pod))
    rules.when(a.Pod).is_created().mutate(name="c")(lambda pod: step("c", pod))

    @rules.when(a.Pod).is_created().mutate
    async def d(pod: MutateRequest[a.Pod]) -> None:
        await later("d", pod)

    with reviewing(rules) as reviewer:
        assert labels(await asked(reviewer)) == {"a": "1", "b": "2", "c": "3", "d": "4"}
    assert order == ["a", "b", "c", "d"]


async def test_what_an_action_does_after_its_turn_changes_nothing():
    rules = shop()
    tasks: list[asyncio.Task[None]] = []
    seen: list[dict[str, str]] = []
    turn_of_second = asyncio.Event()

    async def spoil(pod: MutateRequest[a.Pod]) -> None:
        await turn_of_second.wait()
        while True:
            pod.set_label("spoilt", "yes").warn("spoilt").audit("spoilt", "yes")
            document(pod.raw)["spec"] = {}
            await asyncio.sleep(0)

    @rules.when(a.Pod).is_created().mutate
    async def first(pod: MutateRequest[a.Pod]) -> None:
        pod.set_label("first", "yes")
        tasks.append(asyncio.ensure_future(spoil(pod)))

    @rules.when(a.Pod).is_created().mutate
    async def second(pod: MutateRequest[a.Pod]) -> None:
        turn_of_second.set()
        for _ in range(5):
            await asyncio.sleep(0)
        seen.append(dict(pod.raw.metadata.labels))
        assert pod.raw.spec.containers[0].image == "pg:16"

    with reviewing(rules) as reviewer:
        found = await asked(reviewer)
    assert labels(found) == {"first": "yes"}
    assert "warnings" not in found
    assert "auditAnnotations" not in found
    assert seen == [{"tier": "data", "first": "yes"}]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_what_a_judge_does_to_its_copy_the_next_one_does_not_see():
    rules = shop()

    @rules.when(a.Pod).is_created().validate
    async def first(pod: Any) -> Any:
        document(pod.raw).clear()
        return pod.approve()

    rules.when(a.Pod).is_created().validate(lambda pod: pod.approve() if pod.has_label("tier") else pod.deny("gone"))
    with reviewing(rules) as reviewer:
        assert (await asked(reviewer, path=VALIDATE))["allowed"]


# ------------------------------------------------------------------------------------------------ deadline


@pytest.mark.parametrize("on_error", ("reject", "audit", "ignore"))
@pytest.mark.parametrize("how", ("async", "thread"))
def test_a_rule_that_is_late_fails_as_its_on_error_says(on_error: Any, how: str):
    rules = shop()
    go = threading.Event()
    told: list[Any] = []

    async def late(pod: Any) -> None:
        pod.set_label("late", "yes")
        await asyncio.sleep(3600)

    def hang(pod: Any) -> None:
        pod.set_label("late", "yes")
        go.wait(20)

    rules.when(a.Pod).is_created().mutate(name="ok", on_error=on_error)(lambda pod: pod.set_label("ok", "yes"))
    rules.when(a.Pod).is_created().mutate(name="late", on_error=on_error)(late if how == "async" else hang)
    path = MUTATE if on_error == "reject" else "/mutate/ignore/10"

    with leaping() as run, reviewing(rules, observers=[lambda *seen: told.append(seen)]) as reviewer:
        reviewer._runner._watchdog.slow.add(("shop", "late"))

        async def main() -> dict[str, Any]:
            start = asyncio.get_running_loop().time()
            found = await asked(reviewer, path=path, timeout=1.9)
            assert asyncio.get_running_loop().time() - start == pytest.approx(1.9)
            return found

        found = run(main())
        go.set()
    said = "shop/late failed: Late: it was not done after the 1.9 s there were to answer"
    ((_, _, verdict, _, seconds),) = told
    assert [result.result for result in verdict.results] == ["changed", "error"]
    assert isinstance(verdict.results[1].error, Late)
    assert seconds == pytest.approx(1.9)
    if on_error == "reject":
        assert found["status"] == {"code": 500, "message": said, "reason": "InternalError"}
        return
    assert (found["allowed"], labels(found)) == (True, {"ok": "yes"})
    assert found.get("warnings") == ([said] if on_error == "audit" else None)
    assert found.get("auditAnnotations") == ({"shop.late.error": said} if on_error == "audit" else None)


def test_after_the_deadline_no_rule_is_run_quick_or_not():
    rules = shop()
    ran: list[str] = []
    rules.when(a.Pod).is_created().validate(name="first")(lambda pod: waste(5) or pod.approve())

    @rules.when(a.Pod).is_created().validate
    def quick(pod: Any) -> Any:
        ran.append("quick")
        return pod.approve()

    @rules.when(a.Pod).is_created().validate
    async def waits(pod: Any) -> Any:
        ran.append("waits")
        return pod.approve()

    with leaping() as run, reviewing(rules) as reviewer:
        found = run(asked(reviewer, path=VALIDATE, timeout=2))
    assert not ran
    assert not found["allowed"]
    assert "shop/quick failed: Late" in found["status"]["message"]
    assert "shop/waits failed: Late" in found["status"]["message"]


def test_a_rule_that_swallows_its_cancellation_delays_no_answer():
    rules = shop()

    @rules.when(a.Pod).is_created().mutate
    async def stubborn(pod: Any) -> None:
        for _ in range(100):
            try:
                await asyncio.sleep(3600)
            except asyncio.CancelledError:
                pod.set_label("x", "1")

    async def main() -> None:
        start = asyncio.get_running_loop().time()
        assert not (await asked(reviewer, timeout=1))["allowed"]
        assert asyncio.get_running_loop().time() - start == pytest.approx(1)

    with leaping() as run, reviewing(rules) as reviewer:
        run(main())


# ------------------------------------------------------------------------------------------------ context and logs


@pytest.mark.parametrize("how", ("def", "async", "thread", "task"))
async def test_an_action_knows_whether_it_is_a_dry_run_and_its_log_lines_say_whose_they_are(
    how: str, monkeypatch: pytest.MonkeyPatch
):
    written: list[bytes] = []
    monkeypatch.setattr(log, "_output", Output(LEVELS["info"], json_line, written.append))
    rules = shop()
    dry: list[bool] = []

    def say() -> None:
        dry.append(is_dry_run())
        Log.info("hello")

    async def say_later() -> None:
        await asyncio.sleep(0)
        say()

    async def say_in_a_task() -> None:
        await asyncio.create_task(say_later())

    does: Any = {"def": say, "thread": say, "async": say_later, "task": say_in_a_task}[how]
    rules.when(a.Pod).is_created().mutate(name="talk")(lambda pod: does())
    with reviewing(rules) as reviewer:
        if how == "thread":
            reviewer._runner._watchdog.slow.add(("shop", "talk"))
        await asked(reviewer, review(dryRun=True))
        await asked(reviewer, review(uid="u-2"))
    assert dry == [True, False]
    assert running.get() is None
    lines = [json.loads(line) for line in written]
    for line in lines:
        del line["time"]
    about = {"level": "info", "message": "hello", "capability": "shop", "rule": "talk"}
    about |= {"kind": "Pod", "namespace": "shop", "name": "db"}
    assert lines == [about | {"uid": "u-1"}, about | {"uid": "u-2"}]


async def test_two_reviews_at_once_do_not_take_each_other_for_themselves():
    rules = shop()
    seen: list[tuple[str, str]] = []

    @rules.when(a.Pod).is_created().validate
    async def who(pod: Any) -> Any:
        for _ in range(3):
            await asyncio.sleep(0)
            current = running.get()
            assert current is not None
            seen.append((pod.request.uid, current.uid))
        return pod.approve()

    with reviewing(rules) as reviewer:
        await asyncio.gather(*(asked(reviewer, review(uid=f"u-{n}"), VALIDATE) for n in range(5)))
    assert len(seen) == 15
    assert all(theirs == ours for theirs, ours in seen)


# ------------------------------------------------------------------------------------------------ hooks


@pytest.mark.parametrize("how", ("def", "async"))
async def test_hooks_are_called_around_the_rules(how: str):
    rules = shop()
    order: list[Any] = []
    rules.when(a.Pod).is_created().mutate(name="rule")(lambda pod: order.append("rule"))

    def before(request: Any) -> Any:
        order.append(("before", request.uid))

    def after(request: Any, answer: Any) -> Any:
        order.append(("after", answer.allowed))

    async def before_later(request: Any) -> Any:
        await asyncio.sleep(0)
        before(request)

    async def after_later(request: Any, answer: Any) -> Any:
        await asyncio.sleep(0)
        after(request, answer)

    hooks = (before, after) if how == "def" else (before_later, after_later)
    with reviewing(rules, before=hooks[0], after=hooks[1]) as reviewer:
        assert (await asked(reviewer))["allowed"]
    assert order == [("before", "u-1"), "rule", ("after", True)]


@pytest.mark.parametrize("which", ("before", "after"))
@pytest.mark.parametrize("how", ("def", "async", "late"))
def test_a_hook_that_fails_refuses_under_fail_and_lets_through_under_ignore(which: str, how: str):
    rules = shop()
    rules.when(a.Pod).is_created().mutate(name="strict")(lambda pod: pod.set_label("x", "1"))
    rules.when(a.Pod).is_created().mutate(name="mild", on_error="ignore")(lambda pod: pod.set_label("x", "1"))

    def fail(*_: Any) -> None:
        raise SystemExit("no")

    async def fail_later(*_: Any) -> None:
        await asyncio.sleep(0 if how == "async" else 3600)
        raise SystemExit("no")

    with leaping() as run, reviewing(rules, **{which: fail if how == "def" else fail_later}) as reviewer:
        strict = run(asked(reviewer))
        mild = run(asked(reviewer, path="/mutate/ignore/10"))
    assert not strict["allowed"]
    assert f"module/{which} failed: {'Late' if how == 'late' else 'SystemExit'}" in strict["status"]["message"]
    assert mild["allowed"]
    assert f"module/{which} failed" in mild["warnings"][0]
    if which == "after":
        assert labels(mild) == {"x": "1"}


# ------------------------------------------------------------------------------------------------ who is told


class Counted:
    """All that a reviewer tells."""

    def __init__(self) -> None:
        self.reviews: list[tuple[Any, ...]] = []
        self.waiting = 0
        self.most = 0
        self.others: list[tuple[str, int]] = []

    def reviewed(self, *told: Any) -> None:
        self.reviews.append(told)

    def began(self, path: str) -> None:
        assert path == MUTATE
        self.waiting += 1
        self.most = max(self.most, self.waiting)

    def ended(self, path: str) -> None:
        assert path == MUTATE
        self.waiting -= 1

    def answered(self, path: str, seconds: float, http_status: int) -> None:
        assert seconds >= 0
        self.others.append((path, http_status))

    def watching(self, rules: Capability, **options: Any) -> Any:
        return reviewing(rules, observers=[self.reviewed], traffic=self, **options)


async def test_every_answered_review_is_told_once():
    rules = shop()
    rules.when(a.Pod).is_created().mutate(name="quick")(lambda pod: pod.set_label("x", "1"))
    rules.when(a.Secret).is_created().mutate(name="waits")(lambda secret: asyncio.sleep(0))
    counted = Counted()
    with counted.watching(rules) as reviewer:
        await asked(reviewer)
        await asked(reviewer, review({"kind": "Secret", "metadata": {}}, uid="u-2"))
        await asked(reviewer, review({"kind": "ConfigMap", "metadata": {}}, uid="u-3"))
    assert [told[1].request.uid for told in counted.reviews] == ["u-1", "u-2", "u-3"]
    entry, _, verdict, answer, seconds = counted.reviews[0]
    assert (entry.path, verdict.results[0].result, answer.allowed) == (MUTATE, "changed", True)
    assert seconds >= 0
    assert (counted.waiting, counted.most, counted.others) == (0, 1, [])


async def test_waits_are_balanced_when_the_client_goes_away():
    rules = shop()
    rules.when(a.Pod).is_created().mutate(lambda pod: asyncio.sleep(3600))
    counted = Counted()
    with counted.watching(rules) as reviewer:
        answer = reviewer.review(MUTATE, review(), 10)
        assert not isinstance(answer, Reply)
        task = asyncio.ensure_future(answer)
        await until(lambda: counted.waiting == 1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert counted.waiting == 0
        assert not counted.reviews
        await until(lambda: asyncio.all_tasks() == {asyncio.current_task()})


async def test_waits_are_balanced_when_we_fail(monkeypatch: pytest.MonkeyPatch):
    rules = shop()
    for name in ("one", "two"):
        rules.when(a.Pod).is_created().mutate(name=name)(lambda pod: asyncio.sleep(0))

    def broken(*_: Any) -> Any:
        raise ValueError("broken")

    monkeypatch.setattr("poblano.core.pipeline._patch", broken)
    counted = Counted()
    with counted.watching(rules) as reviewer, pytest.raises(ValueError, match="broken"):
        await replied(reviewer)
    assert counted.waiting == 0


NOT_A_REVIEW = b'{"apiVersion":"v1","kind":"List"}'


async def test_what_is_no_review_is_told_with_its_status():
    rules = shop()
    rules.when(a.Pod).is_created().mutate(lambda pod: None)
    counted = Counted()
    with counted.watching(rules) as reviewer:
        assert (await replied(reviewer, NOT_A_REVIEW)).status == 400
        reviewer.refuse(MUTATE, review(), 413, "too large")
        reviewer.refuse(MUTATE, review(), 500, "broken")
    assert counted.others == [(MUTATE, 400), (MUTATE, 413), (MUTATE, 200)]
    assert not counted.reviews


@pytest.mark.parametrize("before", (None, lambda request: asyncio.sleep(0)), ids=["at once", "later"])
async def test_an_object_that_cannot_be_read_is_no_question_however_late_that_shows(before: Any):
    rules = shop()
    rules.when(a.Pod).is_created().mutate(lambda pod: None)
    counted = Counted()
    body = review().replace(b'"object":{', b'"object":[{', 1).replace(b',"oldObject"', b'],"oldObject"', 1)
    with counted.watching(rules, before=before) as reviewer:
        reply = await replied(reviewer, body)
    assert reply.status == 400
    assert response(reply)["uid"] == "u-1"
    assert response(reply)["status"]["code"] == 400
    assert counted.others == [(MUTATE, 400)]
    assert counted.waiting == 0


@pytest.mark.parametrize("waits", (False, True))
async def test_a_patch_that_fails_is_a_fault_of_ours(monkeypatch: pytest.MonkeyPatch, waits: bool):
    def broken(*_: Any) -> Any:
        raise PatchFailed("it\nmakes something else")

    monkeypatch.setattr("poblano.core.pipeline._patch", broken)
    rules = shop()
    for policy in ("reject", "ignore"):
        for number in range(2):
            named = rules.when(a.Pod).is_created().mutate(name=f"{policy}-{number}", on_error=policy)  # type: ignore[arg-type]
            named(lambda pod: asyncio.sleep(0) if waits else None)
    counted = Counted()
    with reviewing(rules, traffic=counted if not waits else None) as reviewer:
        strict, mild = await asked(reviewer), await asked(reviewer, path="/mutate/ignore/10")
    assert (strict["allowed"], strict["status"]["code"]) == (False, 500)
    assert mild == {"uid": "u-1", "allowed": True, "warnings": ["it makes something else"]}
    assert counted.others == ([] if waits else [(MUTATE, 200), ("/mutate/ignore/10", 200)])


# ------------------------------------------------------------------------------------------------ refusals


@pytest.fixture
def refusing() -> Any:
    rules = shop()
    rules.when(a.Pod).is_created().mutate(lambda pod: None)
    rules.when(a.Pod).is_created().mutate(on_error="audit")(lambda pod: None)
    with reviewing(rules) as reviewer:
        yield reviewer


@pytest.mark.parametrize("status", (400, 413, 415, 504))
def test_a_refusal_is_a_review_with_the_http_status(refusing: ModuleReviewer, status: int):
    reply = refusing.refuse(MUTATE, review(), status, "so\nit is")
    assert reply.status == status
    found = response(reply)
    assert (found["uid"], found["allowed"]) == ("u-1", False)
    assert (found["status"]["code"], found["status"]["message"]) == (status, "so it is")


def test_a_fault_of_ours_is_an_answer_that_refuses_or_warns(refusing: ModuleReviewer):
    strict = refusing.refuse(MUTATE, review(), 500, "broken")
    mild = refusing.refuse("/mutate/ignore/10", review(), 500, "broken\x00")
    unknown = refusing.refuse("/other", review(), 500, "broken")
    assert punished(strict.body, review(), "mutate", strict.status) is None
    assert response(strict)["status"]["code"] == 500
    assert response(mild) == {"uid": "u-1", "allowed": True, "warnings": ["broken"]}
    assert response(unknown)["status"]["code"] == 500


def test_a_fault_of_ours_without_a_uid_is_an_http_500(refusing: ModuleReviewer):
    for path in (MUTATE, "/mutate/ignore/10"):
        assert refusing.refuse(path, b"{", 500, "broken").status == 500


SENT = (
    b'{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":"705ab4f5-6393-11e8-b7cc-42010a800002",'
    b'"kind":{"group":"","version":"v1","kind":"Pod"},"object":{"metadata":{"name":"' + b"x" * 5000
)


@pytest.mark.parametrize("version", (b"v1", b"v1beta1"))
def test_the_uid_and_version_of_a_body_cut_short_are_known(refusing: ModuleReviewer, version: bytes):
    reply = refusing.refuse(MUTATE, SENT.replace(b"io/v1", b"io/" + version), 413, "too large")
    assert response(reply)["uid"] == "705ab4f5-6393-11e8-b7cc-42010a800002"
    assert json.loads(reply.body)["apiVersion"] == f"admission.k8s.io/{version.decode()}"


@pytest.mark.parametrize(
    ("body", "uid"),
    (
        (b"", ""),
        (b"\xff" * 100, ""),
        (b'{"request":{"uid":7}}', ""),
        (b'{"request":null}', ""),
        (b'{"request":{"uid":"caf\xc3\xa9","object":', "café"),
        (b'{"request":{"uid":"a\x01b","object":', ""),
        (b'{"request":{"uid":"a\\n","object":', ""),
        (b'{"request":{"uid":"' + b"x" * 129 + b'","object":', ""),
        (b'{"x":{"request":{"uid":"decoy"}},"request":{"uid":"real"}}', "real"),
        (b"[" * 100_000, ""),
    ),
)
def test_whose_a_broken_body_is(refusing: ModuleReviewer, body: bytes, uid: str):
    assert response(refusing.refuse(MUTATE, body, 413, "no"))["uid"] == uid


async def test_what_an_object_says_of_versions_is_not_the_version_asked_in(refusing: ModuleReviewer):
    decoy = review({"kind": "Pod", "metadata": {"annotations": {"apiVersion": "admission.k8s.io/v1beta1"}}})
    assert json.loads(refusing.refuse(MUTATE, decoy, 413, "no").body)["apiVersion"] == "admission.k8s.io/v1"


async def test_v1beta1_is_answered_as_v1beta1(refusing: ModuleReviewer):
    old = review().replace(b"admission.k8s.io/v1", b"admission.k8s.io/v1beta1")
    for reply in (await replied(refusing, old), await replied(refusing, old.replace(b'"CREATE"', b'"create"'))):
        assert json.loads(reply.body)["apiVersion"] == "admission.k8s.io/v1beta1"


# ------------------------------------------------------------------------------------------------ ends


async def test_a_retired_reviewer_finishes_what_it_has_and_closes():
    rules = shop()
    begun, go = threading.Event(), threading.Event()
    rules.when(a.Pod).is_created().mutate(name="hang")(lambda pod: begun.set() or go.wait(20))
    rules.when(a.Secret).is_created().mutate(name="quick")(lambda secret: None)
    with reviewing(rules) as reviewer:
        reviewer._runner._watchdog.slow.add(("shop", "hang"))
        await asked(reviewer, review({"kind": "Secret", "metadata": {}}))
        asking = asyncio.ensure_future(asked(reviewer))
        await until(begun.is_set)
        reviewer.retire()
        assert len(action_threads()) == 2
        go.set()
        assert (await asking)["allowed"]
        await until(lambda: not action_threads())
        # A request whose head came before it was retired may still ask it.
        assert (await asked(reviewer, review(uid="late")))["allowed"]
        await until(lambda: not action_threads())
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_retired_reviewer_with_nothing_to_do_closes_at_once():
    rules = shop()
    rules.when(a.Pod).is_created().mutate(lambda pod: None)
    with reviewing(rules) as reviewer:
        await asked(reviewer)
        assert action_threads()
        reviewer.retire()
        await until(lambda: not action_threads())
        reviewer.close()
        reviewer.close()


@pytest.mark.parametrize(("user", "asked"), [("alice", 1), ("system:serviceaccount:here:poblano-hello-watcher", 0)])
def test_nothing_is_asked_of_the_modules_own_users_on_servers_that_cannot_leave_them_out(user: str, asked: int):
    rules, seen, hooks = shop(), list[Any](), list[Any]()
    rules.when(a.Pod).is_created().validate(lambda pod: (seen.append(pod), pod.deny("no"))[1])
    reviewer = ModuleReviewer(Module(rules, before=hooks.append), own=accounts("hello", "here"))
    try:
        reply = reviewer.review("/validate/fail/10", review(user=user), timeout=10)
    finally:
        reviewer.close()

    assert isinstance(reply, Reply)
    assert json.loads(reply.body)["response"]["allowed"] is not bool(asked)
    assert json.loads(reply.body)["response"]["uid"] == "u-1"
    assert (len(seen), len(hooks)) == (asked, asked)
