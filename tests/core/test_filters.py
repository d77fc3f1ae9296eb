from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import cel
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from poblano import Capability, a
from poblano.core.binding import Binding
from poblano.core.filters import (
    Filter,
    GroupIs,
    NameIs,
    NameMatches,
    NamespaceIs,
    NamespaceMatches,
    Subject,
    UserIs,
    Where,
)
from poblano.core.marks import AnnotationIs, BeingDeleted, LabelIs
from poblano.core.matching import Matcher, Skipped
from poblano.core.review import read
from tests.core.driving import POD, review


def one(*values: str) -> frozenset[str]:
    return frozenset(values)


def patterns(*texts: str) -> tuple[re.Pattern[str], ...]:
    return tuple(map(re.compile, texts))


@pytest.mark.parametrize(
    ("made", "holds", "fails", "name", "text"),
    [
        (
            NamespaceIs(one("a", "b")),
            {"namespace": "a"},
            {"namespace": "c"},
            "namespace",
            "wants a, b, the object is in c",
        ),
        (NamespaceIs(one("a")), {"namespace": "a"}, {}, "namespace", "wants a, the object is in none"),
        (
            NamespaceMatches(patterns("^a")),
            {"namespace": "ab"},
            {"namespace": "ba"},
            "namespace regex",
            "wants .a, .* in ba",
        ),
        (NameIs(one("db")), {"name": "db"}, {"name": "web"}, "name", "wants db, the object is web"),
        (NameIs(one("db")), {"name": "db"}, {}, "name", "wants db, the object is not named yet"),
        (
            NameMatches(patterns("x", "b$")),
            {"name": "db"},
            {"name": "bd"},
            "name regex",
            "wants b., x, the object is bd",
        ),
        (LabelIs("t"), {"labels": {"t": ""}}, {"labels": {"u": ""}}, "label", "wants t, the object has none"),
        (LabelIs("t", one("")), {"labels": {"t": ""}}, {"labels": {"t": "x"}}, "label", "wants t=, the object has t=x"),
        (
            LabelIs("t", one("x", "y")),
            {"labels": {"t": "y"}},
            {"labels": {"t": "z"}},
            "label",
            r"wants t=x\|y, .* has t=z",
        ),
        (
            AnnotationIs("t"),
            {"annotations": {"t": "x"}},
            {"labels": {"t": "x"}},
            "annotation",
            "wants t, the object has none",
        ),
        (AnnotationIs("t", one("x")), {"annotations": {"t": "x"}}, {"annotations": {"t": ""}}, "annotation", "has t="),
        (BeingDeleted(), {"deleting": True}, {}, "deletion timestamp", "wants one, the object has none"),
        (UserIs(one("alice")), {"username": "alice"}, {"username": "bob"}, "user", "wants alice, it is bob"),
        (UserIs(one("alice")), {"username": "alice"}, {}, "user", "wants alice, it is nobody"),
        (GroupIs(one("a", "b")), {"groups": ["b", "c"]}, {"groups": ["c"]}, "group", "wants a, b, the user is in c"),
    ],
)
def test_a_filter_holds_or_says_why_not_and_negated_the_other_way_round(
    made: Filter, holds: Any, fails: Any, name: str, text: str
):
    reason = made.mismatch(Subject(**fails))
    opposite: Filter = replace(made, negated=True)  # type: ignore[type-var]

    assert made.mismatch(Subject(**holds)) is None
    assert reason is not None
    assert reason.filter == name
    assert re.search(text, reason.text)
    assert str(reason) == f"{name}: {reason.text}"
    assert opposite.mismatch(Subject(**fails)) is None
    assert opposite.mismatch(Subject(**holds)).filter == name


def test_the_flags_of_a_pattern_count():
    shouting, quiet = re.compile("PROD", re.IGNORECASE), re.compile("PROD")

    assert NamespaceMatches((shouting,)).mismatch(Subject(namespace="prod-1")) is None
    assert NamespaceMatches((quiet,)).mismatch(Subject(namespace="prod-1"))
    assert NameMatches((shouting,)).mismatch(Subject(name="prod-1")) is None


def test_a_predicate_is_asked_and_named():
    def in_a_hurry(pod: Any) -> bool:
        return pod["hurry"]

    assert Where(in_a_hurry).mismatch(Subject(view={"hurry": 1})) is None
    assert str(Where(in_a_hurry).mismatch(Subject(view={"hurry": 0}))) == "where: in_a_hurry is false"
    assert Where(in_a_hurry).cel() is None


NAMES = st.sampled_from(["", "a", "b", "shop", "shop-1", "prod", "kube-system", 'say "hi"\n\\', "é"])
KEYS = st.sampled_from(["a", "b", "poblano.dev/x", 'q"uote', "tier"])
VALUES = st.sets(NAMES.filter(bool), min_size=1, max_size=2).map(frozenset)
MARK_VALUES = st.none() | st.sets(NAMES, min_size=1, max_size=2).map(frozenset)
REGEXES = st.lists(
    st.sampled_from([re.compile(p) for p in ("^a", "b$", "shop", "", r"-\d", "[a-c]", "^$", r"\w")])
    | st.just(re.compile("SHOP", re.IGNORECASE)),
    min_size=1,
    max_size=2,
).map(tuple)
FILTERS = st.one_of(
    st.builds(NamespaceIs, VALUES, st.booleans()),
    st.builds(NamespaceMatches, REGEXES, st.booleans()),
    st.builds(NameIs, VALUES, st.booleans()),
    st.builds(NameMatches, REGEXES, st.booleans()),
    st.builds(LabelIs, KEYS, MARK_VALUES, st.booleans()),
    st.builds(AnnotationIs, KEYS, MARK_VALUES, st.booleans()),
    st.builds(BeingDeleted, st.booleans()),
    st.builds(UserIs, VALUES, st.booleans()),
    st.builds(GroupIs, VALUES, st.booleans()),
)


@st.composite
def requests(draw: st.DrawFn) -> dict[str, Any]:
    """A request as the API server sees it: absent things are absent."""
    marks = st.dictionaries(KEYS, NAMES, max_size=3)
    names = NAMES.filter(lambda name: "\n" not in name)
    metadata = {"labels": draw(marks), "annotations": draw(marks)}
    metadata = {key: value for key, value in metadata.items() if value or draw(st.booleans())}
    name = draw(names)
    if name:
        metadata["name"] = name
    if draw(st.booleans()):
        metadata["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    deleted = draw(st.booleans())
    obj = {"kind": "Pod"} | ({"metadata": metadata} if draw(st.integers(0, 4)) else {})
    request: dict[str, Any] = {
        "uid": "u-1",
        "operation": "DELETE" if deleted else "UPDATE",
        "kind": {"group": "", "version": "v1", "kind": "Pod"},
        "resource": {"group": "", "version": "v1", "resource": "pods"},
        "object": None if deleted else obj,
        "oldObject": obj if deleted or draw(st.booleans()) else None,
    }
    namespace, user, groups = draw(names), draw(names), draw(st.lists(names, max_size=2))
    request |= {"namespace": namespace} if namespace else {}
    request |= {"name": name} if name and draw(st.booleans()) else {}
    request["userInfo"] = ({"username": user} if user else {}) | ({"groups": groups} if groups else {})
    return request


def evaluated(condition: str, request: dict[str, Any]) -> bool:
    """What the API server makes of a matchCondition."""
    seen = {key: request.get(key) for key in ("object", "oldObject")}
    return bool(cel.evaluate(condition, {"request": request, **seen}))


def posted(request: dict[str, Any]) -> bytes:
    return msgspec.json.encode({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request})


def applies(filters: tuple[Filter, ...], request: dict[str, Any]) -> bool:
    binding = bound(filters)
    return bool(Matcher([binding]).match(read(posted(request)).request))


def bound(filters: tuple[Filter, ...], operations: frozenset[str] = one("UPDATE", "DELETE")) -> Binding:
    """A binding to Pods with these filters."""
    rules = Capability("shop")
    rules.when(a.Pod).is_updated().mutate(lambda pod: None)
    return replace(rules.bindings[0], filters=filters, operations=operations)


@given(FILTERS, requests())
def test_the_api_server_and_python_agree_on_every_filter(made: Filter, request: dict[str, Any]):
    condition = made.cel()
    assert condition is not None
    wider = isinstance(made, NameMatches) and not (request.get("name") or _name(request)).isascii()

    assert evaluated(condition, request) is applies((made,), request) or wider


def _name(request: dict[str, Any]) -> str:
    return ((request["object"] or request["oldObject"]).get("metadata") or {}).get("name", "")


@pytest.mark.parametrize(
    ("request_", "namespace", "name"),
    [
        ({"kind": {"version": "v1", "kind": "Namespace"}, "name": "n", "namespace": "n"}, "n", "n"),
        ({"name": "", "operation": "DELETE", "object": None, "oldObject": POD}, "shop", "db"),
        ({"name": ""}, "shop", "db"),
        ({"name": "", "object": {"metadata": {"generateName": "x-"}}}, "shop", ""),
    ],
)
def test_who_an_object_is(request_: Any, namespace: str, name: str):
    seen: list[Any] = []

    class Looking(Filter):
        needs = NameIs.needs

        def holds(self, subject: Subject) -> bool:
            seen.append((subject.namespace, subject.name))
            return True

        def reason(self, subject: Subject) -> Any:
            raise AssertionError

        def cel(self) -> str | None:
            return None

    body = review(POD, **({"namespace": "shop"} | request_))
    Matcher([bound((Looking(),), one("CREATE", "DELETE"))]).match(read(body).request)
    kind = read(body).request.kind.kind

    assert seen == ([(namespace, name)] if kind == "Pod" else [])


@pytest.mark.parametrize(
    "metadata",
    [None, [], "x", {"labels": None}, {"labels": []}, {"labels": {"tier": 1}}, {"name": 5, "labels": {"a": "1"}}],
)
def test_metadata_no_api_server_lets_through_is_read_as_far_as_it_can_be(metadata: Any):
    body = review({"kind": "Pod", "metadata": metadata if isinstance(metadata, dict) else {}}, name="")
    body = (
        body
        if isinstance(metadata, dict)
        else body.replace(b'"metadata":{}', b'"metadata":' + msgspec.json.encode(metadata))
    )
    absent = Matcher([bound((LabelIs("tier", negated=True),), one("CREATE"))])

    assert len(absent.match(read(body).request)) == 1


@given(st.lists(st.lists(FILTERS, max_size=3), max_size=6), st.lists(requests(), min_size=1, max_size=4))
def test_what_is_remembered_of_a_namespace_decides_as_asking_every_filter_does(
    filters: list[list[Filter]], asked: list[dict[str, Any]]
):
    bindings = [bound(tuple(some)) for some in filters]
    matcher = Matcher(bindings)
    for request in map(read, map(posted, asked)):
        skipped: Skipped = []
        every = matcher.match(request.request, skipped)

        assert list(matcher.match(request.request)) == every
        of_kind = bindings if request.request.kind.kind == "Pod" and request.request.operation != "CREATE" else []
        assert [one for one in of_kind if one not in [binding for binding, _ in skipped]] == every


def test_more_namespaces_than_are_remembered_are_told_apart(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("poblano.core.matching._REMEMBERED", 2)
    matcher = Matcher([bound((NamespaceIs(one("a", "b")),), one("CREATE"))])

    for namespace in "abcdabcd":
        asked = read(review(namespace=namespace)).request
        assert bool(matcher.match(asked)) is (namespace in "ab")
