from __future__ import annotations

import functools
import inspect
from pathlib import Path
from typing import Any

import pytest

from poblano import Capability, Decision, InvalidDefinition, MutateRequest, Resource, ValidateRequest, a
from poblano.core.filters import GroupIs, NameIs, NameMatches, NamespaceIs, UserIs
from poblano.core.marks import AnnotationIs, LabelIs
from poblano.core.requests import Request
from poblano.core.review import AdmissionRequest


def shop(**options: Any) -> Capability:
    return Capability("shop", **options)


def request(kind: type[Request[Any]], document: Any = None) -> Any:
    return kind(AdmissionRequest("u", "CREATE"), a.Pod, document or {"metadata": {}})


def label(pod: MutateRequest[a.Pod]) -> str:
    """Give it a tier."""
    pod.set_label("tier", "data")
    return "labelled"


def judge(pod: ValidateRequest[a.Pod]) -> Decision:
    return pod.approve() if pod.has_label("tier") else pod.deny("needs a tier")


# ------------------------------------------------------------------------------------------------ chains and decorators


def test_a_chain_makes_one_binding_for_each_action_with_the_same_filters():
    rules = shop()
    (rules.when(a.Pod).is_created().in_namespace("shop").with_name("db").mutate(label).validate(judge))
    mutate, validate = rules.bindings

    assert (mutate.phase, validate.phase) == ("mutate", "validate")
    assert mutate.filters == validate.filters == (NamespaceIs(frozenset({"shop"})), NameIs(frozenset({"db"})))
    assert (mutate.title, validate.title) == ("shop/label", "shop/judge")
    assert mutate.kind == a.Pod.__kind__
    assert mutate.view is a.Pod


def test_a_function_stays_callable_and_keeps_its_name_and_doc():
    rules = shop()
    decorated = rules.when(a.Pod).is_created().mutate(label)
    asked = request(MutateRequest)

    assert decorated(asked) == "labelled"
    assert asked.has_label("tier")
    assert (decorated.__name__, decorated.__doc__, decorated.__module__) == ("label", "Give it a tier.", __name__)
    assert decorated.__wrapped__ is label  # type: ignore[attr-defined]
    assert inspect.signature(decorated) == inspect.signature(label)


def test_a_decorator_takes_options():
    rules = shop()

    @rules.when(a.Pod).is_created().validate(name="tiers", on_error="audit", timeout=3, mode="warn")
    def judged(pod: ValidateRequest[a.Pod]) -> Decision:
        return pod.approve()

    (binding,) = rules.bindings
    assert (binding.rule, binding.on_error, binding.timeout, binding.mode) == ("tiers", "audit", 3, "warn")
    assert judged(request(ValidateRequest)).allowed


def test_options_may_follow_a_mutate_in_the_chain():
    rules = shop()
    rules.when(a.Pod).is_created().mutate(name="one")(label).validate(name="two", mode="warn")(judge)

    assert [(binding.rule, binding.mode) for binding in rules.bindings] == [("one", "enforce"), ("two", "warn")]


def test_options_beside_an_action_count_wherever_it_stands_in_the_chain():
    chain: Any = shop().when(a.Pod).is_created()
    chain.validate(judge, name="first", mode="warn")
    chain.mutate(label, name="second", timeout=3).validate(judge, name="third", on_error="audit")

    assert [
        (binding.rule, binding.mode, binding.timeout, binding.on_error) for binding in chain._draft.capability.bindings
    ] == [("first", "warn", None, None), ("second", "enforce", 3, None), ("third", "enforce", None, "audit")]


async def test_an_async_action_stays_one():
    rules = shop()

    @rules.when(a.Pod).is_created().validate
    async def judged(pod: ValidateRequest[a.Pod]) -> Decision:
        return pod.deny("no")

    assert rules.bindings[0].is_async
    assert not (await judged(request(ValidateRequest))).allowed


class Called:
    def __call__(self, pod: Any) -> None: ...


class AsyncCallable:
    async def __call__(self, pod: Any) -> None: ...


async def slow(pod: Any) -> None: ...


@pytest.mark.parametrize(
    ("action", "rule", "is_async"),
    [
        (label, "label", False),
        (slow, "slow", True),
        (lambda pod: None, "mutate-pod", False),
        (functools.partial(label), "mutate-pod", False),
        (functools.partial(slow), "mutate-pod", True),
        (Called(), "mutate-pod", False),
        (AsyncCallable(), "mutate-pod", True),
        (AsyncCallable().__call__, "call", True),
        (shop().when(a.Pod).is_created().mutate(slow), "slow", True),
    ],
)
def test_whatever_can_be_called_can_be_an_action(action: Any, rule: str, is_async: bool):
    rules = shop()
    rules.when(a.Pod).is_created().mutate(action)

    assert (rules.bindings[0].rule, rules.bindings[0].is_async) == (rule, is_async)


def test_one_function_may_be_bound_twice():
    rules = shop()

    @rules.when(a.Pod).is_created().mutate(name="pods")
    @rules.when(a.ConfigMap).is_created().mutate(name="maps")
    def both(obj: Any) -> str:
        return "both"

    assert [binding.rule for binding in rules.bindings] == ["maps", "pods"]
    assert both(request(MutateRequest)) == "both"


# ------------------------------------------------------------------------------------------------ names


def test_a_rule_is_named_by_its_name_then_its_alias_then_its_function():
    rules = shop()
    chain = rules.when(a.Pod).is_created()

    def pinned_images(pod: Any) -> None: ...

    chain.alias("aliased").mutate(name="named")(pinned_images)
    chain.alias("aliased").mutate(pinned_images)
    chain.mutate(pinned_images)

    assert [binding.rule for binding in rules.bindings] == ["named", "aliased", "pinned-images"]


def test_lambdas_are_numbered():
    rules = shop()
    for kind in (a.Pod, a.Pod, a.Secret, a.Pod):
        rules.when(kind).is_created().mutate(lambda obj: None)

    assert [b.rule for b in rules.bindings] == ["mutate-pod", "mutate-pod-2", "mutate-secret", "mutate-pod-3"]


def test_a_mutate_and_a_validate_rule_may_share_a_name():
    rules = shop()
    rules.when(a.Pod).is_created().alias("tiers").mutate(lambda pod: None).validate(lambda pod: pod.approve())

    assert [binding.rule for binding in rules.bindings] == ["tiers", "tiers"]


# ------------------------------------------------------------------------------------------------ events and filters


@pytest.mark.parametrize(
    ("event", "operations"),
    [
        ("is_created", {"CREATE"}),
        ("is_updated", {"UPDATE"}),
        ("is_created_or_updated", {"CREATE", "UPDATE"}),
        ("is_deleted", {"DELETE"}),
    ],
)
def test_an_event_is_its_verbs(event: str, operations: set[str]):
    rules = shop()
    getattr(rules.when(a.Pod), event)().mutate(lambda pod: None)

    assert rules.bindings[0].operations == operations


def test_a_filter_said_again_adds_to_what_was_said():
    rules = shop()
    chain = rules.when(a.Pod).is_created().in_namespace("a").with_name("x").in_namespace("b", "c").with_name("y")
    chain = chain.by_user("u").by_user("v").by_group("g").by_group("h").not_by_user("w").not_by_user("z")
    chain.with_name_regex("^x").with_name_regex("b$").mutate(lambda pod: None)
    (binding,) = rules.bindings
    found = {type(part): part for part in binding.filters if not getattr(part, "negated", False)}

    assert found[NamespaceIs].values == {"a", "b", "c"}
    assert found[NameIs].values == {"x", "y"}
    assert found[UserIs].values == {"u", "v"}
    assert found[GroupIs].values == {"g", "h"}
    assert [pattern.pattern for pattern in found[NameMatches].patterns] == ["^x", "b$"]
    assert UserIs(frozenset({"w", "z"}), negated=True) in binding.filters


def test_labels_said_again_must_all_hold():
    rules = shop()
    chain = rules.when(a.Pod).is_created().with_label("a").with_label("a", "").with_labels({"b": "1", "c": "2"})
    chain.with_annotations({"d": "3"}).without_annotation("e").mutate(lambda pod: None)

    assert rules.bindings[0].filters == (
        LabelIs("a"),
        LabelIs("a", frozenset({""})),
        LabelIs("b", frozenset({"1"})),
        LabelIs("c", frozenset({"2"})),
        AnnotationIs("d", frozenset({"3"})),
        AnnotationIs("e", negated=True),
    )


def test_a_chain_can_be_taken_up_again_from_any_point():
    rules = shop()
    chain = rules.when(a.Pod).is_created()
    chain.with_name("a").mutate(lambda pod: None)
    chain.mutate(lambda pod: None)

    assert [len(binding.filters) for binding in rules.bindings] == [1, 0]


def test_filters_may_stand_before_the_event():
    rules = shop()
    rules.when(a.Pod).in_namespace("a").with_label("x").is_created().mutate(lambda pod: None)

    assert len(rules.bindings[0].filters) == 2


def test_a_capabilitys_namespaces_are_filters_of_its_rules():
    rules = shop(namespaces=["a", "b"])
    rules.when(a.Pod).is_created().mutate(lambda pod: None)
    rules.when(a.Pod).is_created().in_namespace("a").mutate(lambda pod: None)

    assert [binding.filters for binding in rules.bindings] == [
        (NamespaceIs(frozenset({"a", "b"})),),
        (NamespaceIs(frozenset({"a"})),),
    ]


@pytest.mark.parametrize(
    ("kind", "name", "view", "operations"),
    [
        (a.Deployment, "scale", "Scale", {"CREATE", "UPDATE"}),
        (a.Pod, "eviction", "Eviction", {"CREATE", "UPDATE"}),
        (a.Pod, "status", "Pod", {"CREATE", "UPDATE"}),
        (a.Pod, "ephemeralcontainers", "Pod", {"CREATE", "UPDATE"}),
    ],
)
def test_a_subresource_has_its_own_object(kind: Any, name: str, view: str, operations: set[str]):
    rules = shop()
    rules.when(kind).for_subresource(name).is_created_or_updated().mutate(lambda r: None)
    rules.when(kind).is_created_or_updated().for_subresource(name).mutate(lambda r: None)

    for binding in rules.bindings:
        assert (binding.subresource, binding.view.__name__, binding.operations) == (name, view, operations)


@pytest.mark.parametrize("name", ["exec", "attach", "portforward"])
def test_what_is_connected_to_needs_no_event(name: str):
    rules = shop()
    rules.when(a.Pod).for_subresource(name).validate(lambda r: r.approve())
    rules.when(a.Pod).is_connected().for_subresource(name).validate(lambda r: r.approve())

    assert {binding.operations for binding in rules.bindings} == {frozenset({"CONNECT"})}
    assert {binding.view.__name__.lower() for binding in rules.bindings} == {f"pod{name}options"}


# ------------------------------------------------------------------------------------------------ wrong use


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
        "already, at .*test_when.py:",
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


@pytest.mark.parametrize("kind", [Cluster, a.Node])
def test_a_cluster_scoped_kind_has_no_place_in_a_capability_with_namespaces(kind: Any):
    with pytest.raises(InvalidDefinition, match="would never apply; put it into a capability without namespaces"):
        shop(namespaces=["x"]).when(kind).is_created().mutate(label)


def test_a_namespace_outside_the_capabilitys_is_an_error():
    rules = shop(namespaces=["shop"])
    with pytest.raises(InvalidDefinition, match=r"other is not among the namespaces .*shop"):
        rules.when(a.Pod).is_created().in_namespace("other").mutate(label)
    with pytest.raises(InvalidDefinition, match=r"no namespace of the capability .* matches"):
        rules.when(a.Pod).is_created().in_namespace_regex("^prod").mutate(label)
    with pytest.raises(InvalidDefinition, match="not among"):
        rules.when(a.Pod).is_created().in_namespace("shop", "other").mutate(label)


def test_filters_that_clash_with_the_capabilitys_namespaces_are_an_error():
    rules = shop(namespaces=["shop"])
    with pytest.raises(InvalidDefinition, match=r"the capability's namespaces \(shop\) and not_in_namespace"):
        rules.when(a.Pod).is_created().not_in_namespace("shop").mutate(label)
    with pytest.raises(InvalidDefinition, match=r"the capability's namespaces \(shop\) and with_name\(\"other\"\)"):
        rules.when(a.Namespace).is_created().with_name("other").mutate(label)


def test_a_subresource_of_a_newer_kubernetes_is_named_with_its_class():
    rules = shop()

    def also(thing: ValidateRequest[Any]) -> Decision:
        return thing.approve()

    rules.when(a.Deployment).is_updated().for_subresource("brandnew", a.Deployment).validate(judge)
    rules.when(a.GenericKind, version="v1", kind="Thing").is_created().for_subresource("made").validate(also)

    assert [binding.subresource for binding in rules.bindings] == ["brandnew", "made"]


def test_what_failed_is_not_bound():
    rules = shop()
    with pytest.raises(InvalidDefinition):
        rules.when(a.Pod).is_created().mutate(two)

    assert rules.bindings == ()


@pytest.mark.parametrize("stage", ["when", "bound", "done"])
def test_any_other_attribute_is_simply_not_there(stage: str):
    when = shop().when(a.Pod)
    made: Any = {"when": when, "bound": when.is_created(), "done": when.is_created().mutate(label)}[stage]

    with pytest.raises(AttributeError):
        _ = made.mutat
    assert not hasattr(made, "__deepcopy__")
