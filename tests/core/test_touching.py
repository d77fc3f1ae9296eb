"""Whatever rules do to an object, by whichever way, arrives, and nothing else: held to the same done to a plain dict."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeAlias

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from poblano import MutateRequest, a, document
from poblano.core.jsonvalue import copied, same
from poblano.core.made import unlike
from poblano.core.patch import apply, diff
from poblano.core.review import AdmissionRequest, GroupVersionKind, GroupVersionResource
from tests.core.driving import answered, patched, review, shop
from tests.core.values import DOCUMENTS, JSON

Step: TypeAlias = Callable[[MutateRequest[Any], dict[str, Any]], object]
"""Something a rule does; the dict is what it keeps from one step to the next."""

KEYS = st.sampled_from(["tier", "a/b~c", "é", "new"])
WORDS = st.sampled_from(["", "data", "web", "ü"])
MARKS = st.none() | st.dictionaries(KEYS, WORDS, max_size=3)


def whole(pod: MutateRequest[Any]) -> dict[str, Any]:
    return document(pod.raw)


def image(pod: MutateRequest[Any], value: str) -> None:
    for container in pod.raw.spec.containers:
        container.image = value


def keep(pod: MutateRequest[Any], kept: dict[str, Any], value: Any) -> None:
    """Put in what is changed later."""
    kept["held"] = [value]
    whole(pod)["kept"] = kept["held"]


def change_kept(pod: MutateRequest[Any], kept: dict[str, Any], value: Any) -> None:
    kept.setdefault("held", []).append(value)


def twice(pod: MutateRequest[Any], where: str) -> None:
    """One part in two places: what changes one, changes both."""
    whole(pod)[where] = whole(pod).get("spec")


STEPS: st.SearchStrategy[Step] = st.one_of(
    st.builds(lambda k, v: lambda pod, kept: pod.set_label(k, v), KEYS, WORDS),
    st.builds(lambda k, v: lambda pod, kept: pod.set_annotation(k, v), KEYS, WORDS),
    st.builds(lambda k: lambda pod, kept: pod.remove_label(k), KEYS),
    st.builds(lambda k: lambda pod, kept: pod.remove_annotation(k), KEYS),
    st.builds(lambda k: lambda pod, kept: pod.set_label("seen", str(pod.has_label(k))), KEYS),
    st.builds(lambda k: lambda pod, kept: pod.set_annotation("seen", str(pod.has_annotation(k))), KEYS),
    st.builds(lambda k, v: lambda pod, kept: pod.raw.metadata.labels.update({k: v}), KEYS, WORDS),
    st.builds(lambda v: lambda pod, kept: setattr(pod.raw.metadata, "annotations", v), MARKS),
    st.builds(lambda v: lambda pod, kept: pod.merge({"metadata": {"labels": v}}), MARKS),
    st.builds(lambda v: lambda pod, kept: image(pod, v), WORDS),
    st.builds(lambda v: lambda pod, kept: whole(pod).update(added=v), JSON),
    st.builds(lambda v: lambda pod, kept: whole(pod)["spec"].update(part=v), JSON),
    st.builds(lambda v: lambda pod, kept: whole(pod)["spec"]["containers"].insert(0, {"env": v}), JSON),
    st.builds(lambda v: lambda pod, kept: keep(pod, kept, v), JSON),
    st.builds(lambda v: lambda pod, kept: change_kept(pod, kept, v), JSON),
    st.builds(lambda k: lambda pod, kept: twice(pod, k), st.sampled_from(["other", "spec", "extra"])),
    st.builds(lambda: lambda pod, kept: whole(pod).pop("extra", None)),
    st.builds(lambda v: lambda pod, kept: setattr(pod, "raw", {**whole(pod), "new": v}), JSON),
    st.builds(lambda: lambda pod, kept: 1 / 0),
)
RULES = st.lists(st.tuples(st.lists(STEPS, max_size=4), st.booleans()), min_size=1, max_size=4)


@st.composite
def pods(draw: st.DrawFn) -> dict[str, Any]:
    """Pods with and without what the steps touch."""
    metadata: dict[str, Any] = {"name": "db", "namespace": "shop", "creationTimestamp": None}
    for key in ("labels", "annotations"):
        if (marks := draw(MARKS)) is not None:
            metadata[key] = marks
    containers = draw(st.lists(st.fixed_dictionaries({"name": WORDS}, optional={"image": WORDS}), max_size=2))
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": containers}}
    return pod | ({"extra": draw(JSON)} if draw(st.booleans()) else {})


def without_empty_marks(made: dict[str, Any]) -> dict[str, Any]:
    """A label that was set and taken off again may leave an empty map behind, or not."""
    metadata = {key: value for key, value in made["metadata"].items() if value or key not in ("labels", "annotations")}
    return made | {"metadata": metadata}


def expected(pod: dict[str, Any], rules: list[tuple[list[Step], bool]]) -> dict[str, Any]:
    """The same steps on a plain dict, one rule after the other; what a rule that fails has done is taken back."""
    asked = AdmissionRequest(
        "u", "CREATE", kind=GroupVersionKind("", "v1", "Pod"), resource=GroupVersionResource("", "v1", "pods")
    )
    made = copied(pod)
    for steps, waits in rules:
        before = copied(made)
        request: MutateRequest[Any] = MutateRequest(asked, a.Pod, made)
        kept: dict[str, Any] = {}
        try:
            for step in steps:
                step(request, kept)
            made = copied(whole(request)) if waits else whole(request)  # others may have run meanwhile
        except Exception:  # noqa: BLE001 -- one step may make the next impossible
            made = before
    return made


@pytest.mark.parametrize("large", [0, 16_384], ids=["part by part", "at once"])
@given(pod=pods(), rules=RULES)
def test_whatever_rules_do_arrives_and_nothing_else(large: int, pod: Any, rules: list[tuple[list[Step], bool]]):
    made = shop()
    for number, (steps, waits) in enumerate(rules):
        bind(made, number, steps, waits=waits)

    with pytest.MonkeyPatch.context() as patching:
        patching.setattr("poblano.core.made._LARGE", large)
        answer = answered(made, review(pod))

    after = patched(pod, answer)
    assert same(without_empty_marks(after), without_empty_marks(expected(pod, rules)))
    assert {o["path"]: o for o in answer.patch} == {o["path"]: o for o in diff(pod, after)}


@given(DOCUMENTS, DOCUMENTS, st.sampled_from([0, 16_384]))
def test_what_is_unlike_is_all_that_changed(before: dict[str, Any], after: dict[str, Any], large: int):
    with pytest.MonkeyPatch.context() as patching:
        patching.setattr("poblano.core.made._LARGE", large)
        old, new = unlike(msgspec.json.encode(before), after)

    assert same(apply(copied(before), copied(diff(old, new))), after)


def bind(rules: Any, number: int, steps: list[Step], *, waits: bool) -> None:
    def act(pod: MutateRequest[Any]) -> None:
        kept: dict[str, Any] = {}
        for step in steps:
            step(pod, kept)

    async def wait(pod: MutateRequest[Any]) -> None:
        await asyncio.sleep(0)
        act(pod)

    rules.when(a.Pod).is_created().mutate(name=f"rule-{number}", on_error="ignore")(wait if waits else act)
