"""A definition that cannot be meant fails where it is written, and says what to write."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from poblano import InvalidDefinition, Resource, a
from tests.shop import judge, label, shop


class Called:
    def __call__(self, pod: Any) -> None: ...


class Cluster(Resource, group="x.example.com", version="v1", scope="Cluster"): ...


def generator(pod: Any) -> Any:
    yield


async def async_generator(pod: Any) -> Any:
    yield


def two(one: Any, other: Any) -> None: ...


def none() -> None: ...


WRONG: dict[str, tuple[Any, str, str]] = {
    "no event": (lambda s: s.when(a.Pod).mutate(label), "does not say when", r"is_created\(\)"),
    "no event, validate": (
        lambda s: s.when(a.Pod).with_name("x").validate(judge),
        "does not say when",
        "before .validate",
    ),
    "an instance": (lambda s: s.when(a.Pod()), "takes a kind", r"when\(a.Pod\)"),
    "a string": (lambda s: s.when("Pod"), "takes a kind", "subclass of Resource"),
    "a struct": (lambda s: s.when(type(a.Pod().spec)), "takes a kind", "Resource"),
    "names for a kind": (lambda s: s.when(a.Pod, kind="X"), "is a kind of its own", "alone"),
    "generic, unnamed": (lambda s: s.when(a.GenericKind), "does not say which kind", "kind="),
    "scope": (
        lambda s: s.when(a.GenericKind, version="v1", kind="X", scope="cluster"),
        "the scope of X is",
        "Namespaced",
    ),
    "all kinds": (
        lambda s: s.when(a.GenericKind, version="v1", kind="Pod", plural="*"),
        r"'\*' is the plural of no kind",
        "a rule for each",
    ),
    "all groups": (lambda s: s.when(a.GenericKind, group="*", version="v1", kind="X"), r"'\*' is the group", "each"),
    "all subresources": (
        lambda s: s.when(a.GenericKind, version="v1", kind="Pod", plural="pods/*"),
        r"'pods/\*' is the plural",
        "each",
    ),
    "no action": (lambda s: s.when(a.Pod).is_created().mutate(5), "takes a function, not 5", "def rule"),
    "a class": (lambda s: s.when(a.Pod).is_created().mutate(Called), "takes a function", "def rule"),
    "two arguments": (lambda s: s.when(a.Pod).is_created().mutate(two), "with the request alone", "def rule"),
    "no arguments": (lambda s: s.when(a.Pod).is_created().mutate(none), "with the request alone", "def rule"),
    "a generator": (lambda s: s.when(a.Pod).is_created().mutate(generator), "yield", "take the yield out"),
    "an async generator": (lambda s: s.when(a.Pod).is_created().mutate(async_generator), "yield", "take the yield out"),
    "duplicate": (
        lambda s: s.when(a.Pod).is_created().mutate(label).validate(judge) and s.when(a.Pod).is_created().mutate(label),
        "already, at .*test_wrong_rules.py:",
        r"\.mutate\(name=",
    ),
    "name": (lambda s: s.when(a.Pod).is_created().mutate(name="a b")(label), "cannot name a rule", "letters"),
    "alias": (lambda s: s.when(a.Pod).is_created().alias(""), "cannot name a rule", "letters"),
    "on_error": (lambda s: s.when(a.Pod).is_created().mutate(on_error="fail")(label), "on_error is 'fail'", '"reject"'),
    "timeout": (lambda s: s.when(a.Pod).is_created().mutate(timeout=31)(label), "timeout is 31", "1 to 30"),
    "timeout 0": (lambda s: s.when(a.Pod).is_created().mutate(timeout=0)(label), "timeout is 0", "1 to 30"),
    "mode": (lambda s: s.when(a.Pod).is_created().validate(mode="off")(judge), "mode is 'off'", '"warn"'),
    "no namespace": (
        lambda s: s.when(a.Pod).is_created().in_namespace(),
        "takes one or more strings",
        'in_namespace."shop"',
    ),
    "no name": (lambda s: s.when(a.Pod).is_created().with_name(5), "takes one or more strings, not 5", "with_name"),
    "a list of names": (lambda s: s.when(a.Pod).is_created().with_name(["x"]), "strings, not .'x'", "with_name"),
    "empty name": (lambda s: s.when(a.Pod).is_created().with_name(""), "takes one or more strings", "with_name"),
    "namespace": (lambda s: s.when(a.Pod).is_created().in_namespace("Shop"), "can be called 'Shop'", "lower-case"),
    "label key": (lambda s: s.when(a.Pod).is_created().with_label("a b"), "label can be called 'a b'", "letters"),
    "label prefix": (lambda s: s.when(a.Pod).is_created().with_label("Ex/a"), "label can be called 'Ex/a'", "letters"),
    "no prefix": (lambda s: s.when(a.Pod).is_created().without_label("/a"), "label can be called '/a'", "letters"),
    "label value": (lambda s: s.when(a.Pod).is_created().with_label("a", "b c"), "have the value 'b c'", "letters"),
    "long label": (lambda s: s.when(a.Pod).is_created().with_label("a", "x" * 64), "have the value", "at most 63"),
    "label": (lambda s: s.when(a.Pod).is_created().with_label("a", 1), "values that are strings", "with_label"),
    "labels": (lambda s: s.when(a.Pod).is_created().with_labels([]), "takes a mapping", "with_labels"),
    "regex": (lambda s: s.when(a.Pod).is_created().with_name_regex("("), "no regular expression", "mend"),
    "regex of bytes": (lambda s: s.when(a.Pod).is_created().in_namespace_regex(b"x"), "takes patterns", "shop-"),
    "no regex": (lambda s: s.when(a.Pod).is_created().with_name_regex(), "one or more patterns", "shop-"),
    "where of two": (
        lambda s: s.when(a.Pod).is_created().where(lambda pod, other: True),
        "predicate cannot be called with the object alone",
        "lambda pod",
    ),
    "event twice": (
        lambda s: s.when(a.Pod).is_created().is_deleted(),
        "says already when",
        r"leave .is_deleted\(\) out",
    ),
    "finalize": (
        lambda s: s.when(a.Pod).is_created().finalize(lambda pod, ctx: None),
        "a finalize rule has a name",
        r"name it: .finalize\(..., name=",
    ),
    "watch without an event": (
        lambda s: s.when(a.Pod).watch(lambda pod, phase: None),
        "does not say when",
        "is_deleted.* before .watch",
    ),
    "namespaces as a list": (
        lambda s: s.when(a.Pod).is_created().in_namespace(["a", "b"]),
        r"takes one or more strings, not \['a', 'b'\]",
        r'in_namespace\("a", "b"\)',
    ),
    "subresource twice": (
        lambda s: s.when(a.Pod).is_updated().for_subresource("status").for_subresource("resize"),
        "for the subresource status already",
        "a rule of its own",
    ),
    "class of a subresource": (
        lambda s: s.when(a.Pod).is_updated().for_subresource("new", "Pod"),
        "'Pod' is no class of what is sent to new",
        r'for_subresource\("new", a.Pod\)',
    ),
    "where": (lambda s: s.when(a.Pod).is_created().where(True), "where takes a function", "lambda"),
    "subresource": (lambda s: s.when(a.Pod).for_subresource("Sc/ale"), "is no subresource", '"scale"'),
    "exec is not updated": (
        lambda s: s.when(a.Pod).is_updated().for_subresource("exec").mutate(label),
        "connected to and never written",
        "is_connected",
    ),
    "connected to what": (lambda s: s.when(a.Pod).is_connected().mutate(label), "never connected to", "exec"),
    "webhooks": (
        lambda s: s.when(a.ValidatingWebhookConfiguration).is_created().mutate(label),
        "never asks a webhook",
        "another kind",
    ),
    "namespace of a Namespace": (
        lambda s: s.when(a.Namespace).is_created().in_namespace("x").mutate(label),
        "in no namespace",
        "with_name",
    ),
    "namespace of a cluster-scoped kind": (
        lambda s: s.when(Cluster).is_created().in_namespace("x").mutate(label),
        "is cluster-scoped",
        "leave the namespaces out",
    ),
    "deletion timestamp": (
        lambda s: s.when(a.Pod).is_deleted().with_deletion_timestamp().mutate(label),
        "deletionTimestamp only while it is updated",
        "is_updated",
    ),
    "unknown subresource": (
        lambda s: s.when(a.Deployment).is_updated().for_subresource("scal"),
        "deployments/scal does not exist",
        r"those of a Deployment: scale, status; .*for_subresource\(\"scal\", a.Deployment\)",
    ),
    "subresource that is only read": (
        lambda s: s.when(a.Pod).is_created().for_subresource("log"),
        "pods/log is only read",
        "ephemeralcontainers, eviction, exec",
    ),
    "subresource of a kind without any": (
        lambda s: s.when(a.ConfigMap).is_updated().for_subresource("status"),
        "configmaps/status does not exist",
        "those of a ConfigMap: none",
    ),
    "subresource that is never created": (
        lambda s: s.when(a.Deployment).is_created().for_subresource("scale").mutate(label),
        "deployments/scale knows no CREATE, so the rule would never apply",
        r"is_updated\(\)",
    ),
    "event of what is only created": (
        lambda s: s.when(a.TokenReview).is_updated().mutate(label),
        "a TokenReview knows no UPDATE, so the rule would never apply",
        r"write is_created\(\)",
    ),
    "what is not stored, followed": (
        lambda s: s.when(a.SubjectAccessReview).is_created().watch(lambda review, phase: None),
        "a SubjectAccessReview is answered and not stored",
        r"is_created\(\).validate",
    ),
    "body of a subresource": (
        lambda s: s.when(a.Scale),
        "a Scale is nothing that is stored; it is sent to deployments/scale, ",
        r'when\(...\).for_subresource\("scale"\)',
    ),
    "namespace in and out": (
        lambda s: s.when(a.Pod).is_created().in_namespace("x").not_in_namespace("x", "y").mutate(label),
        r'no request can meet both in_namespace\("x"\) and not_in_namespace\("x", "y"\)',
        "leave one of them out",
    ),
    "name that a pattern rules out": (
        lambda s: s.when(a.Pod).is_created().with_name("db").with_name_regex("^web").mutate(label),
        r'with_name\("db"\) and with_name_regex\("\^web"\)',
        "leave one",
    ),
    "label of two values": (
        lambda s: s.when(a.Pod).is_created().with_label("a", "1").with_label("a", "2").mutate(label),
        r'with_label\("a", "1"\) and with_label\("a", "2"\)',
        "in one with_label",
    ),
    "label there and not there": (
        lambda s: s.when(a.Pod).is_created().with_label("a", "1").without_label("a").mutate(label),
        r'with_label\("a", "1"\) and without_label\("a"\)',
        "leave one",
    ),
    "label of what is connected to": (
        lambda s: s.when(a.Pod).for_subresource("exec").with_label("a").validate(judge),
        r'with_label\("a"\) never holds: what is sent to exec carries no labels',
        "with_name",
    ),
    "filter after action": (
        lambda s: s.when(a.Pod).is_created().mutate(label).with_name("x"),
        "cannot follow",
        "another chain",
    ),
    "mutate twice": (
        lambda s: s.when(a.Pod).is_created().mutate(label).mutate(label),
        "cannot follow",
        "another chain",
    ),
    "mutate after validate": (
        lambda s: s.when(a.Pod).is_created().validate(judge).mutate(label),
        "cannot follow",
        "order",
    ),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_wrong_use_fails_where_it_is_written_and_says_what_to_write(wrong: str):
    use, problem, remedy = WRONG[wrong]
    with pytest.raises(InvalidDefinition, match=f"(?s){problem}.*; .*{remedy}") as failed:
        use(shop())
    error = failed.value

    assert error.location is not None
    assert Path(error.location.file).samefile(__file__)
    assert (
        use.__code__.co_firstlineno <= error.location.line <= max(line for *_, line in use.__code__.co_lines() if line)
    )
    assert str(error) == f"{error.location}: {error.problem}; {error.remedy}"


def test_a_decorator_fails_on_its_own_line():
    rules = shop()
    with pytest.raises(InvalidDefinition) as failed:

        @rules.when(a.Pod).is_created().mutate
        def label(one: Any, other: Any) -> None: ...

    line = Path(__file__).read_text().splitlines()[failed.value.location.line - 1]  # type: ignore[union-attr]
    assert "@rules.when(a.Pod).is_created().mutate" in line


def test_what_failed_is_not_bound():
    rules = shop()
    with pytest.raises(InvalidDefinition):
        rules.when(a.Pod).is_created().mutate(two)

    assert rules.bindings == ()
