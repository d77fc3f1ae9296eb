from __future__ import annotations

import copy
import json
import pickle
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poblano import MalformedObject, Struct, a, document
from poblano.core.fields import Field
from poblano.core.jsonvalue import copied, same
from poblano.core.views import Entries, Items
from poblano.models import core_v1, networking_v1
from tests.core.values import DOCUMENTS, JSON


def pod(**metadata: Any) -> a.Pod:
    return a.Pod.of({"apiVersion": "v1", "kind": "Pod", "metadata": metadata})


# ------------------------------------------------------------------------------------------------ reading


def test_a_view_is_of_the_dict_itself():
    raw = {"metadata": {"name": "db"}, "unheardOf": {"x": 1}}

    assert document(a.Pod.of(raw)) is raw


def test_what_is_absent_reads_as_empty():
    empty = a.Pod.of({})

    assert not empty.spec
    assert not empty.spec.security_context.se_linux_options
    assert empty.spec.security_context.se_linux_options.level is None
    assert list(empty.spec.containers) == []
    assert dict(empty.metadata.labels) == {}
    assert empty.spec.host_network is None
    assert document(empty) == {}


def test_names_that_every_object_has_read_as_text():
    metadata = a.Pod.of({}).metadata

    assert (metadata.name, metadata.namespace, metadata.uid, metadata.resource_version) == ("", "", "", "")
    assert metadata.generate_name is None


def test_null_reads_as_absent():
    view = a.Pod.of({"metadata": {"name": None, "labels": None, "creationTimestamp": None}, "spec": None})

    assert not view.spec
    assert not view.metadata.labels
    assert (view.metadata.name, view.metadata.creation_timestamp) == ("", None)
    assert "spec" not in view


def _walk(data: st.DataObject, view: Any) -> None:
    """Read whatever can be read from `view`, a few steps deep, in an order that Hypothesis draws."""
    for _ in range(data.draw(st.integers(1, 6))):
        if isinstance(view, Struct):
            assert isinstance(bool(view), bool)
            assert repr(view)
            assert view == view  # noqa: PLR0124 -- an equality may read as well
            assert "spec" in view or "spec" not in view
            view = getattr(view, data.draw(st.sampled_from(sorted(type(view).__fields__))))
        elif isinstance(view, Items | Entries):
            assert len(view) == len(list(view))
            assert repr(view)
            assert copy.copy(view) == view
            if not view:
                return
            view = view[data.draw(st.sampled_from(list(view) if isinstance(view, Entries) else range(len(view))))]
        else:
            return


RECORDED = {
    "metadata": {"name": "db", "labels": {"a": "1"}, "ownerReferences": [{"name": "x"}], "unheard": [1]},
    "spec": {"containers": [{"name": "a", "ports": [{"containerPort": 1}], "env": []}], "volumes": [{"emptyDir": {}}]},
}


@settings(max_examples=60)
@given(st.data(), DOCUMENTS)
def test_reading_never_changes_the_document(data: st.DataObject, drawn: Any):
    raw = copied(RECORDED | drawn)
    kept = copied(raw)
    try:
        _walk(data, a.Pod.of(raw))
    except MalformedObject:
        pass  # what Hypothesis put there is not what a Pod has there; saying so is reading, too

    assert same(raw, kept)
    assert list(raw) == list(kept)


def test_a_struct_is_true_exactly_when_its_key_is_present():
    policy = a.NetworkPolicy.of({"spec": {"podSelector": {}, "ingress": []}})

    assert policy.spec.pod_selector
    assert not policy.spec.ingress
    assert "ingress" in policy.spec
    assert "egress" not in policy.spec


def test_a_list_or_map_is_true_when_it_has_items():
    view = pod(labels={}, annotations={"a": ""}, finalizers=[], ownerReferences=[{}])

    assert [bool(part) for part in (view.metadata.labels, view.metadata.annotations)] == [False, True]
    assert [bool(part) for part in (view.metadata.finalizers, view.metadata.owner_references)] == [False, True]


def test_an_absent_boolean_is_not_false():
    absent, false = (
        core_v1.Container.of(raw) for raw in ({}, {"securityContext": {"allowPrivilegeEscalation": False}})
    )

    assert absent.security_context.allow_privilege_escalation is None
    assert false.security_context.allow_privilege_escalation is False


@pytest.mark.parametrize("number", [2**53 + 1, 2**64, -(2**90), 0, 1.5, 1e300])
def test_numbers_are_exact(number: float):
    view = pod()
    view.metadata.generation = number  # type: ignore[assignment]

    assert same(view.metadata.generation, number)


def test_items_are_the_api_s_own_names():
    view = a.Pod.of({"spec": {"hostNetwork": True, "dnsPolicy": "Default"}, "unheardOf": {"x": [1]}})

    assert view["spec"].host_network is True
    assert view["spec"]["hostNetwork"] is True
    assert view["unheardOf"] == {"x": [1]}
    with pytest.raises(KeyError):
        view["host_network"]


def test_iterating_gives_the_keys_that_can_be_read():
    view = a.Pod.of({"spec": {"hostNetwork": True, "nodeName": None}})

    assert {key: view.spec[key] for key in view.spec} == {"hostNetwork": True}


# ------------------------------------------------------------------------------------------------ writing


def test_assigning_makes_what_is_above():
    view = a.Pod.of({})
    view.spec.security_context.se_linux_options.level = "s0"
    view.metadata.labels["tier"] = "data"
    view.spec.containers.append({"name": "a"})

    assert document(view) == {
        "spec": {"securityContext": {"seLinuxOptions": {"level": "s0"}}, "containers": [{"name": "a"}]},
        "metadata": {"labels": {"tier": "data"}},
    }


def test_assigning_makes_a_map_where_null_was():
    view = a.Pod.of({"metadata": {"labels": None}, "spec": None})
    view.metadata.labels["a"] = "1"
    view.spec.host_network = True

    assert document(view) == {"metadata": {"labels": {"a": "1"}}, "spec": {"hostNetwork": True}}


def test_two_views_see_each_other_s_changes():
    raw: dict[str, Any] = {"spec": {"containers": [{"name": "a"}]}}
    one, other = a.Pod.of(raw), a.Pod.of(raw)
    one.spec.containers[0].image = "x:1"
    one.spec.host_network = True

    assert other.spec.containers[0].image == "x:1"
    assert other.spec.host_network is True


def test_two_views_of_what_was_absent_see_each_other_s_changes():
    view = a.Pod.of({})
    spec, again = view.spec, view.spec
    labels, more = view.metadata.labels, view.metadata.labels
    items, others = view.metadata.finalizers, view.metadata.finalizers
    spec.security_context.run_as_user = 1
    labels["a"] = "1"
    more["b"] = "2"
    items.append("x")
    others.append("y")

    assert again.security_context.run_as_user == 1
    assert dict(labels) == dict(more) == {"a": "1", "b": "2"}
    assert list(items) == list(others) == ["x", "y"]


def test_none_and_del_take_a_key_away():
    view = pod(labels={"a": "1"}, name="x", generation=3, finalizers=["f"])
    view.metadata.labels = None
    view.metadata.generation = None
    del view.metadata.finalizers
    del view.metadata.generation  # absent already
    del view["kind"]

    assert document(view) == {"apiVersion": "v1", "metadata": {"name": "x"}}
    with pytest.raises(KeyError):
        del view["kind"]


def test_taking_away_what_is_absent_makes_nothing():
    view = a.Pod.of({})
    view.spec.security_context.run_as_user = None
    del view.spec.node_name
    view.metadata.labels.pop("x", None)

    assert document(view) == {}


def test_a_struct_takes_a_view_a_mapping_or_none():
    view = pod()
    view.spec = core_v1.PodSpec(host_network=True)
    view.spec.security_context = {"runAsUser": 1}

    assert document(view)["spec"] == {"hostNetwork": True, "securityContext": {"runAsUser": 1}}


def test_lists_and_maps_hold_views_inside():
    view = pod()
    view.spec.containers = [core_v1.Container(name="a"), {"name": "b", "env": [core_v1.EnvVar(name="E", value="1")]}]
    view.spec.volumes = (core_v1.Volume.of({"name": str(number)}) for number in range(2))

    assert document(view)["spec"] == {
        "containers": [{"name": "a"}, {"name": "b", "env": [{"name": "E", "value": "1"}]}],
        "volumes": [{"name": "0"}, {"name": "1"}],
    }


def test_what_is_assigned_is_not_changed_by_what_is_done_to_the_object_later():
    # A constant of the module must not carry one request's data into the next.
    labels, sidecar, names = {"a": "1"}, core_v1.Container(name="proxy"), ["f"]
    view = pod()
    view.metadata.labels = labels
    view.metadata.labels["b"] = "2"
    view.metadata.finalizers = names
    view.metadata.finalizers.append("g")
    view.spec.containers.append(sidecar)
    view.spec.containers[0].image = "x:1"
    view.spec.init_containers = [sidecar]
    view.spec.init_containers[0].image = "y:1"
    view["extra"] = labels
    view["extra"]["c"] = "3"

    assert (labels, document(sidecar), names) == ({"a": "1"}, {"name": "proxy"}, ["f"])


@pytest.mark.parametrize("value", [float("nan"), {1, 2}, object(), "\ud800", b"x"])
def test_what_is_no_json_is_refused_with_its_place(value: Any):
    view = pod()
    with pytest.raises(MalformedObject, match="nodeName"):
        view.spec.node_name = value
    with pytest.raises(MalformedObject, match="labels"):
        view.metadata.labels = {"a": value}
    with pytest.raises(MalformedObject, match=r"labels\.a"):
        view.metadata.labels["a"] = value
    with pytest.raises(MalformedObject, match="containers"):
        view.spec.containers.append({"name": value})
    with pytest.raises(MalformedObject, match="x"):
        view["x"] = value


def test_a_key_that_is_no_text_is_refused():
    with pytest.raises(MalformedObject, match="not a string"):
        pod().metadata.labels[1] = "x"  # type: ignore[index]


def test_a_refused_value_leaves_the_object_as_it_was():
    view = a.Pod.of({})
    with pytest.raises(MalformedObject):
        view.spec.security_context.run_as_user = object()  # type: ignore[assignment]
    with pytest.raises(MalformedObject):
        view.metadata.labels["a"] = object()  # type: ignore[assignment]
    with pytest.raises(MalformedObject):
        view.spec.containers.append(object())  # type: ignore[arg-type]

    assert document(view) == {}


def test_a_misspelt_attribute_is_an_error_when_read_and_when_set():
    view: Any = pod()
    with pytest.raises(AttributeError):
        _ = view.spec.host_netwrok
    with pytest.raises(AttributeError):
        view.spec.host_netwrok = True


def test_a_value_of_the_wrong_shape_is_named_and_not_shown():
    view = a.Pod.of({"spec": {"containers": {"hunter2": 1}}, "metadata": ["hunter2"]})
    with pytest.raises(MalformedObject, match="containers is a map, where a list belongs") as one:
        _ = view.spec.containers
    with pytest.raises(MalformedObject, match="metadata is a list, where a ObjectMeta belongs") as other:
        _ = view.metadata

    assert "hunter2" not in f"{one.value}{other.value}"


def test_an_item_of_the_wrong_shape_is_named():
    view = a.Pod.of({"spec": {"containers": [1]}})
    with pytest.raises(MalformedObject, match="an item of containers is a number"):
        _ = view.spec.containers[0]
    with pytest.raises(MalformedObject, match="an item of containers is a number"):
        list(view.spec.containers)


# ------------------------------------------------------------------------------------------------ equality, text, copies


def test_equality_is_equality_of_the_json():
    assert pod(name="a") == pod(name="a")
    assert pod(name="a") != pod(name="b")
    assert pod(generation=1) != pod(generation=True)
    assert pod(name="a").metadata == {"name": "a"}
    assert pod(labels={"a": "1"}).metadata.labels == {"a": "1"}
    assert pod(finalizers=["a"]).metadata.finalizers == ["a"]
    assert a.Pod.of({}).spec == {}
    assert pod().metadata != 1
    assert pod().metadata != {"x": object()}


@given(JSON, JSON)
def test_equality_of_views_is_that_of_json(left: Any, right: Any):
    one, other = (a.Pod.of({"x": value}) for value in (left, right))

    assert (one == other) is same(left, right)


def test_a_view_has_no_hash():
    with pytest.raises(TypeError):
        hash(pod())


def test_a_repr_never_shows_data():
    secret = a.Secret(metadata={"name": "s", "namespace": "n", "labels": {"hunter2": "x"}}, data={"k": "hunter2"})
    views = [secret, secret.metadata, secret.data, secret.metadata.labels, a.Secret.of({"metadata": {}, "data": {}})]

    assert [repr(view) for view in views[:2]] == ["<Secret n/s>", "<ObjectMeta>"]
    assert "hunter2" not in repr(views)


def test_a_repr_survives_any_shape():
    assert repr(a.Pod.of({"metadata": "broken"})).startswith("<Pod")


def test_in_tells_presence():
    view = pod(labels={"a": ""}, finalizers=["x"], generation=1)

    assert "a" in view.metadata.labels
    assert "b" not in view.metadata.labels
    assert "x" in view.metadata.finalizers
    assert "metadata" in view
    assert "spec" not in view


def test_membership_is_that_of_json():
    view = a.Pod.of({"spec": {"containers": [{"name": "a"}]}, "metadata": {"x": [1]}})

    assert core_v1.Container(name="a") in view.spec.containers
    assert {"name": "a"} in view.spec.containers
    assert {"name": "b"} not in view.spec.containers
    assert object() not in view.spec.containers


@pytest.mark.parametrize("made", [copy.deepcopy, lambda view: pickle.loads(pickle.dumps(view))], ids=["copy", "pickle"])
def test_a_deep_copy_is_equal_and_its_own(made: Any):
    view = a.Pod.of(copied(RECORDED))
    other = made(view)
    other.metadata.labels["b"] = "2"
    other.spec.containers[0].name = "z"

    assert type(other) is a.Pod
    assert document(view) == RECORDED
    assert copy.deepcopy(view.metadata.labels) == {"a": "1"}
    assert copy.deepcopy(view.spec.containers) == RECORDED["spec"]["containers"]


def test_a_copy_is_shallow_as_copies_of_dicts_are():
    view = a.Pod.of(copied(RECORDED))
    other = copy.copy(view)
    other.kind = "Other"
    copy.copy(view.metadata.labels)["b"] = "2"
    copy.copy(view.spec.containers).append({"name": "z"})

    assert document(view) == RECORDED
    assert other.metadata == view.metadata


# ------------------------------------------------------------------------------------------------ construction


def test_a_kind_is_made_of_keywords():
    made = a.ConfigMap(metadata={"name": "x"}, data={"a": "1"}, immutable=None)

    assert document(made) == {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "x"},
        "data": {"a": "1"},
    }


def test_a_kind_is_made_of_a_mapping():
    assert document(a.ConfigMap.of({"data": {"a": "1"}})) == {"data": {"a": "1"}}
    assert a.ConfigMap.of(a.ConfigMap(data={"a": "1"})).data["a"] == "1"
    with pytest.raises(MalformedObject, match="takes a mapping, not list"):
        a.ConfigMap.of([])  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["hostNetwork", "host_netwrok", "document"])
def test_an_unknown_keyword_is_an_error_that_lists_the_known(name: str):
    with pytest.raises(TypeError, match=f"no field '{name}'; it has .*host_network"):
        core_v1.PodSpec(**{name: True})


# ------------------------------------------------------------------------------------------------ lists and maps behave


ITEM = st.sampled_from(["a", "b", "c"])
LIST_EDITS = st.one_of(
    st.tuples(st.just("append"), ITEM),
    st.tuples(st.just("insert"), st.integers(-4, 4), ITEM),
    st.tuples(st.just("extend"), st.lists(ITEM, max_size=2)),
    st.tuples(st.just("pop")),
    st.tuples(st.just("remove"), ITEM),
    st.tuples(st.just("__setitem__"), st.integers(-3, 3), ITEM),
    st.tuples(st.just("__delitem__"), st.integers(-3, 3)),
    st.tuples(st.just("__setitem__"), st.slices(3), st.lists(ITEM, max_size=2)),
    st.tuples(st.just("__delitem__"), st.slices(3)),
    st.tuples(st.just("__iadd__"), st.lists(ITEM, max_size=2)),
    st.tuples(st.just("reverse")),
    st.tuples(st.just("clear")),
    st.tuples(st.just("count"), ITEM),
    st.tuples(st.just("index"), ITEM),
)
MAP_EDITS = st.one_of(
    st.tuples(st.just("__setitem__"), ITEM, ITEM),
    st.tuples(st.just("__delitem__"), ITEM),
    st.tuples(st.just("pop"), ITEM),
    st.tuples(st.just("pop"), ITEM, st.none()),
    st.tuples(st.just("setdefault"), ITEM, ITEM),
    st.tuples(st.just("update"), st.dictionaries(ITEM, ITEM, max_size=2)),
    st.tuples(st.just("get"), ITEM),
    st.tuples(st.just("clear")),
)


def _outcome(target: Any, edit: tuple[Any, ...]) -> Any:
    try:
        result = getattr(target, edit[0])(*edit[1:])
    except (KeyError, IndexError, ValueError) as error:
        return type(error)
    return None if edit[0] == "__iadd__" else result


@given(st.lists(LIST_EDITS, max_size=8))
def test_a_list_behaves_as_a_list(edits: list[tuple[Any, ...]]):
    view, model = a.Pod.of({}).metadata.finalizers, list[str]()
    for edit in edits:
        assert _outcome(view, edit) == _outcome(model, edit)
        assert list(view) == model
        assert view[1:] == model[1:]


@given(st.lists(MAP_EDITS, max_size=8))
def test_a_map_behaves_as_a_dict(edits: list[tuple[Any, ...]]):
    view, model = a.Pod.of({}).metadata.labels, dict[str, str]()
    for edit in edits:
        assert _outcome(view, edit) == _outcome(model, edit)
        assert dict(view) == model
        assert list(view) == list(model)


def test_a_field_read_from_the_class_is_the_field():
    assert isinstance(core_v1.PodSpec.host_network, Field)
    assert core_v1.PodSpec.host_network.key == "hostNetwork"


@pytest.mark.parametrize(
    ("view", "attribute", "key"),
    [
        (core_v1.ServiceSpec, "cluster_ip", "clusterIP"),
        (core_v1.PodStatus, "pod_ips", "podIPs"),
        (networking_v1.NetworkPolicyIngressRule, "from_", "from"),
        (core_v1.PodSpec, "host_network", "hostNetwork"),
    ],
)
def test_attributes_are_the_api_s_names_in_snake_case(view: type[Struct], attribute: str, key: str):
    assert getattr(view, attribute).key == key


def test_a_view_has_no_public_attribute_but_its_fields():
    public = {name for name in dir(core_v1.PodSpec) if not name.startswith("_")}

    assert public - {"of"} == set(core_v1.PodSpec.__fields__)


def test_a_view_survives_json():
    view = a.Pod.of(json.loads(json.dumps(document(a.Pod(metadata={"name": "é🌶"})))))

    assert view.metadata.name == "é🌶"
