"""What holds for every review, tried over TLS against the real server with whatever Hypothesis draws.

== ======================================================= ===============================================
P1 the uid is echoed                                       here
P2 the patch makes what the action made                    here
P3 no change is no patch                                   here
P4 a second run changes nothing                            here
P5 offline and over the wire, the answer is the same       here
P6 the memory comes back                                   test_abuse_memory.py
P7 a hostile client spoils nobody else's answers           test_abuse_memory.py; their p99 in benchmarks/abuse.py
P8 what is not touched is not changed, however it is spelt here
== ======================================================= ===============================================
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from poblano import Capability, Module, a, document
from poblano.admission.reviewer import ModuleReviewer
from poblano.admission.server import AdmissionServer
from poblano.core.jsonvalue import copied, same
from poblano.core.patch import apply
from poblano.core.pipeline import Pipeline
from poblano.core.review import VERSIONS, read, write
from tests.admission.reviewing import MUTATE, VALIDATE
from tests.admission.serving import Answer, Client, connected, post, serving
from tests.core.driving import POD, drive, review
from tests.core.values import DOCUMENTS, JSON, KEYS

BOTH_LOOPS = True

with_server = settings(
    max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
"""One server serves all examples of a test."""


@dataclass
class Served:
    """A server whose rules are exchanged from example to example."""

    server: AdmissionServer
    client: Client

    async def ask(self, rules: Capability, body: bytes, *paths: str) -> list[Answer]:
        """Ask these rules at these paths, by default at all they have."""
        reviewer = ModuleReviewer(Module(rules))
        self.server.use(reviewer)
        try:
            return [await self.client.ask(post(body, path)) for path in paths or reviewer.paths()]
        finally:
            reviewer.close()

    async def mutate(self, action: Callable[[Any], Any], body: bytes) -> dict[str, Any]:
        """The response when an action is called with the Pod in `body`; its patch is decoded."""
        rules = Capability("shop")
        rules.when(a.Pod).is_created().mutate(name="rule")(action)
        (answer,) = await self.ask(rules, body)
        assert answer.status == 200
        found: dict[str, Any] = msgspec.json.decode(answer.body)["response"]
        assert found["allowed"], found
        if "patch" in found:
            assert found["patchType"] == "JSONPatch"
            found["patch"] = msgspec.json.decode(base64.b64decode(found["patch"], validate=True))
        return found


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    async with serving() as server, connected(server) as client:
        yield Served(server, client)


def spelt(value: Any) -> str:
    """A value as text that tells 1 from 1.0 and 0.0 from -0.0."""
    return json.dumps(value, sort_keys=True)


def pod(**members: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "db", "namespace": "shop"}} | members


# ------------------------------------------------------------------------------------------------ P1

UIDS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)


@with_server
@given(UIDS, st.sampled_from(VERSIONS), st.sampled_from(["allow", "deny", "raise", "late", "malformed", "other kind"]))
@example('"', VERSIONS[1], "malformed")
@example("\x00\u2028\\", VERSIONS[0], "deny")
async def test_the_uid_and_the_version_are_echoed_whatever_comes_of_it(
    served: Served, uid: str, version: str, how: str
):
    async def judge(pod: Any) -> Any:
        if how == "late":
            await asyncio.sleep(0)
        if how == "raise":
            raise ValueError("raised")
        return pod.deny("no") if how == "deny" else pod.approve()

    rules = Capability("shop")
    rules.when(a.Pod).is_created().validate(name="rule")(judge)
    obj = {"kind": "Secret", "metadata": {}} if how == "other kind" else POD
    body = review(obj, uid=uid, operation="create" if how == "malformed" else "CREATE")
    (answer,) = await served.ask(rules, body.replace(VERSIONS[0].encode(), version.encode()))
    found = json.loads(answer.body)
    assert answer.status == (400 if how == "malformed" else 200)
    assert (found["apiVersion"], found["kind"], found["response"]["uid"]) == (version, "AdmissionReview", uid)
    assert found["response"]["allowed"] is (how in {"allow", "late", "other kind"})


# ------------------------------------------------------------------------------------------------ P2, P3, P4

EDITS = st.lists(
    st.tuples(st.sampled_from(["set", "delete"]), st.lists(KEYS, min_size=1, max_size=3), JSON), min_size=0, max_size=4
)


def edit(target: dict[str, Any], edits: list[tuple[str, list[str], Any]]) -> None:
    """Set and delete; the second time nothing is left to be done."""
    for what, path, value in edits:
        place = target
        for key in path[:-1]:
            inner = place.get(key)
            if not isinstance(inner, dict):
                inner = place[key] = {}
            place = inner
        if what == "set":
            place[path[-1]] = copied(value)
        else:
            place.pop(path[-1], None)


@with_server
@given(DOCUMENTS, EDITS)
@example({"a": 1}, [("set", ["a"], 1.0)])
@example({"a": True}, [("set", ["a"], 1)])
@example({"a": {"b": {}}}, [("delete", ["a", "b"], None)])
@example({"a/b": {"~1": [1]}}, [("set", ["a/b", "~1"], [1, {"": "/"}])])
async def test_the_patch_makes_what_the_action_made_and_a_second_run_nothing(
    served: Served, spec: dict[str, Any], edits: list[tuple[str, list[str], Any]]
):
    def action(request: Any) -> None:
        edit(document(request.raw)["spec"], edits)

    before = msgspec.json.decode(msgspec.json.encode(pod(spec=spec)))
    made = copied(before)
    edit(made["spec"], edits)
    edit(made["spec"], edits)
    again = copied(before)
    edit(again["spec"], edits)
    is_idempotent = same(made, again)

    first = await served.mutate(action, review(before))
    after = apply(copied(before), first.get("patch", []))
    assert spelt(after) == spelt(again)
    assert ("patch" in first) is (not same(before, again))
    if is_idempotent:
        assert "patch" not in await served.mutate(action, review(after))


@with_server
@given(DOCUMENTS)
async def test_an_action_that_only_looks_changes_nothing(served: Served, members: dict[str, Any]):
    def look(request: Any) -> None:
        raw = request.raw
        list(raw.metadata.labels), list(raw.spec.containers), raw.spec.node_name, repr(raw), document(raw).items()
        request.remove_label("none").remove_annotation("none").has_label("x")

    found = await served.mutate(look, review(members | pod()))
    assert found == {"uid": "u-1", "allowed": True}


# ------------------------------------------------------------------------------------------------ P8

NUMBERS = """
1.0 1 -0.0 0.0 -0 1e22 1E22 1e+22 1.5e-7 100 1e2 123456789012345678901234567890 18446744073709551616 -9223372036854775809
9007199254740993 5e-324 1.7976931348623157e308 0.1 1.10 true false null [] {} ""
"""
TOKENS = st.one_of(
    st.sampled_from(NUMBERS.split()),
    st.integers().map(str),
    st.integers(-(10**60), 10**60).map(str),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
)
ESCAPES = st.sampled_from(
    r"\" \\ \/ \b \f \n \r \t \u0000 \u001f \u00e9 \ud83c\udf36 \u2028 é 🌶 / ~ < & a".split() + [" ", "\u2028", "\x7f"]  # noqa: RUF005, SIM905
)
TEXTS = st.lists(ESCAPES, max_size=8).map(lambda parts: f'"{"".join(parts)}"')
SPELT = st.lists(TOKENS | TEXTS, max_size=8).map(lambda items: f"[{' , '.join(items)}]")


@with_server
@given(SPELT, TEXTS)
@example("[1.0 , 1e22 , -0.0 , 9007199254740993 , 123456789012345678901234567890]", '"\\ud83c\\udf36\\u0000/~"')
async def test_what_is_not_touched_is_in_no_patch_and_what_is_copied_is_copied_exactly(
    served: Served, items: str, key: str
):
    if key == '"touched"':
        key = '"other"'
    obj = f'{{"apiVersion":"v1","kind":"Pod","metadata":{{"name":"db"}},"spec":{{"kept":{items},{key}:{items},"touched":1}}}}'
    body = review({"kind": "Pod", "metadata": {"name": "db"}}).replace(
        msgspec.json.encode({"kind": "Pod", "metadata": {"name": "db"}}), obj.encode()
    )

    def touch(request: Any) -> None:
        spec = document(request.raw)["spec"]
        spec["touched"] = 2
        spec["copy"] = copied(spec["kept"])

    patch = (await served.mutate(touch, body))["patch"]
    assert sorted((each["op"], each["path"]) for each in patch) == [("add", "/spec/copy"), ("replace", "/spec/touched")]
    (copy,) = [each["value"] for each in patch if each["path"] == "/spec/copy"]
    assert spelt(copy) == spelt(msgspec.json.decode(items))


# ------------------------------------------------------------------------------------------------ P5

DOES = st.one_of(
    st.tuples(st.just("label"), st.text(max_size=3)),
    st.tuples(st.just("value"), JSON),
    st.tuples(st.just("warn"), st.text(max_size=5)),
    st.tuples(st.just("audit"), st.text(max_size=5)),
    st.tuples(st.just("deny"), st.integers(390, 610)),
    st.tuples(st.just("raise"), st.sampled_from([ValueError, SystemExit, StopIteration])),
    st.tuples(st.just("return"), st.sampled_from([None, True, "yes"])),
    st.tuples(st.just("leave"), st.sampled_from([object(), float("nan"), 2**80])),
)
RULES = st.lists(
    st.tuples(
        st.lists(DOES, max_size=3),
        st.sampled_from(["reject", "audit", "ignore"]),
        st.sampled_from(["enforce", "warn", "audit"]),
        st.booleans(),
    ),
    max_size=4,
)


def perform(request: Any, does: list[tuple[str, Any]]) -> Any:
    result = request.approve() if hasattr(request, "approve") else None
    for what, value in does:
        if what == "label":
            request.raw.metadata.labels["drawn"] = value
        elif what in {"value", "leave"}:
            document(request.raw)["drawn"] = value
        elif what == "warn":
            request.warn(value)
        elif what == "audit":
            request.audit(value, value)
        elif what == "deny":
            result = request.deny("drawn", value)
        elif what == "raise":
            raise value("drawn")
        else:
            result = value
    return result


def built(drawn: list[Any], *, offline: bool) -> Capability:
    """The rules as drawn; offline, where there is no loop, none is async."""
    rules = Capability("shop")
    for number, (does, on_error, mode, is_async) in enumerate(drawn):

        def action(request: Any, does: Any = does) -> Any:
            return perform(request, does)

        async def action_later(request: Any, does: Any = does) -> Any:
            await asyncio.sleep(0)
            return perform(request, does)

        chosen = action_later if is_async and not offline else action
        when = rules.when(a.Pod).is_created_or_updated()
        when.mutate(name=f"m{number}", on_error=on_error)(chosen)
        when.validate(name=f"v{number}", on_error=on_error, mode=mode)(chosen)
    return rules


REVIEWS = st.sampled_from(
    [review(), review(POD, old=POD, operation="UPDATE"), review(None, old=POD, operation="DELETE")]
)


@with_server
@given(RULES, REVIEWS)
async def test_the_answer_over_the_wire_is_the_one_of_a_plain_driver(served: Served, drawn: list[Any], body: bytes):
    entries = ModuleReviewer(Module(built(drawn, offline=True))).entries
    expected = [
        write(drive(Pipeline(entry.phase, entry.bindings), body).answer(), read(body).api_version) for entry in entries
    ]
    answers = await served.ask(built(drawn, offline=False), body)
    # A StopIteration in a coroutine is a RuntimeError by Python's own rules.
    wire = [
        answer.body.replace(b"RuntimeError: coroutine raised StopIteration", b"StopIteration: drawn")
        for answer in answers
    ]
    assert wire == expected
    assert {answer.status for answer in answers} <= {200}


def test_the_paths_are_those_of_the_usual_rules():
    assert ModuleReviewer(Module(built([([], "reject", "enforce", False)], offline=True))).paths() == [MUTATE, VALIDATE]
