from __future__ import annotations

import copy
from typing import Any, Literal

import pytest

from poblano import InvalidDefinition, MalformedObject, Resource, Struct, a, document, field, kind_of, register_kind
from poblano.core.kinds import Kind
from poblano.core.objects import guess_plural
from tests.core import later_kinds, quoted_kinds


@pytest.fixture(params=[later_kinds, quoted_kinds], ids=["text", "quoted"])
def kinds(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.mark.parametrize(("given", "named"), [(int, "int"), (5, "5"), ("Pod", "'Pod'"), (dict, "dict")])
def test_what_is_no_kind_is_told_as_that(given: Any, named: str):
    with pytest.raises(InvalidDefinition, match=f"{named} is no kind; write a.Pod, or a subclass of Resource"):
        kind_of(given)


def test_a_kind_says_what_it_is(kinds: Any):
    assert kind_of(kinds.WebApp) == Kind("shop.example.com", "v1alpha1", "WebApp", "webapps")
    assert kind_of(kinds.WebApp()).path("shop", "x") == "/apis/shop.example.com/v1alpha1/namespaces/shop/webapps/x"
    assert document(kinds.WebApp(metadata={"name": "x"})) == {
        "apiVersion": "shop.example.com/v1alpha1",
        "kind": "WebApp",
        "metadata": {"name": "x"},
    }


def test_annotated_attributes_are_fields(kinds: Any):
    app = kinds.WebApp(spec=kinds.WebAppSpec(theme="dark", hosts=["a"], owners=[{"name": "o"}]))
    app.spec.replicas = 3
    app.spec.owner.name = "x"
    app.spec.by_name["x"] = kinds.Owner(name="y")
    app.spec.tree.children.append({"value": 1, "children": [{"value": 2}]})
    app.status.phase = "Ready"
    app.spec.nested.deep = True

    assert document(app)["spec"] == {
        "theme": "dark",
        "hosts": ["a"],
        "owners": [{"name": "o"}],
        "replicas": 3,
        "owner": {"name": "x"},
        "byName": {"x": {"name": "y"}},
        "tree": {"children": [{"value": 1, "children": [{"value": 2}]}]},
        "nested": {"deep": True},
    }
    assert document(app)["status"] == {"phase": "Ready"}
    assert app.spec.owners[0].name == "o"
    assert app.spec.by_name["x"].managed_by.managed_by.managed_by == {}
    assert app.spec.tree.children[0].children[0].value == 2
    assert app["spec"].theme == "dark"


def test_a_default_is_read_and_not_written(kinds: Any):
    spec = kinds.WebAppSpec()

    assert (spec.replicas, spec.cluster_ip, spec.ratio, spec.note) == (1, "None", 0.5, None)
    assert not spec.owner
    assert not spec.nested.deep
    assert document(spec) == {}


def test_the_api_s_name_can_be_given(kinds: Any):
    spec = kinds.WebAppSpec(cluster_ip="10.0.0.1")

    assert document(spec) == {"clusterIP": "10.0.0.1"}
    assert spec["clusterIP"] == "10.0.0.1"


def test_what_must_be_there_and_is_not_is_an_error_that_says_so(kinds: Any):
    with pytest.raises(MalformedObject, match=r"WebAppSpec.theme is absent; give the field a default, or annotate it"):
        _ = kinds.WebApp().spec.theme


def test_a_class_variable_is_no_field(kinds: Any):
    assert kinds.WebApp.VERSION == "v1alpha1"
    assert "VERSION" not in kinds.WebApp.__fields__


def test_a_misspelt_field_is_an_error(kinds: Any):
    with pytest.raises(TypeError, match="WebAppSpec has no field 'replica'; it has theme, replicas"):
        kinds.WebAppSpec(replica=1)
    with pytest.raises(AttributeError):
        kinds.WebAppSpec().replica = 1


def test_a_kind_is_copied_and_compared_like_any_other(kinds: Any):
    app = kinds.WebApp(spec={"hosts": ["a"]})
    other = copy.deepcopy(app)
    other.spec.hosts.append("b")

    assert list(app.spec.hosts) == ["a"]
    assert app != other


def test_a_kind_may_stand_in_a_function_with_its_neighbours():
    class Owner(Struct):
        name: str

    class App(Resource, group="x.example.com", version="v1"):
        spec: AppSpec
        owners: list[Owner]

    class AppSpec(Struct):
        size: Literal["s", "l"] = "s"

    app = App(owners=[{"name": "o"}])

    assert app.owners[0].name == "o"
    with pytest.raises(InvalidDefinition, match="'AppSpec' names what is not there"):
        _ = app.spec


def test_a_subclass_has_the_fields_of_its_base():
    class Base(Struct):
        name: str = "base"

    class More(Base):
        size: int = 1

    assert (More(name="x").name, More().size) == ("x", 1)
    assert list(More.__fields__) == ["name", "size"]


def test_an_annotation_that_never_comes_to_be_is_named_when_it_is_used():
    class App(Struct):
        spec: Nowhere  # type: ignore[name-defined]  # noqa: F821

    with pytest.raises(
        InvalidDefinition, match=r"App: the annotation 'Nowhere' names what is not there.*import or define"
    ):
        _ = App().spec


@pytest.mark.parametrize("hint", [set[str], tuple[int, int], bytes, object, int | list[str]])
def test_what_is_no_json_cannot_be_a_field(hint: Any):
    with pytest.raises(InvalidDefinition, match=r"X.value is annotated .*, which is no JSON; use str, int") as failed:
        type(Struct)("X", (Struct,), {"__annotations__": {"value": hint}, "__module__": __name__})
    assert failed.value.location is not None


@pytest.mark.parametrize("hint", [list[str], dict[str, int], a.Pod])
def test_only_a_single_value_has_a_default(hint: Any):
    with pytest.raises(InvalidDefinition, match="has a default, which is for a single value"):
        type(Struct)(
            "X", (Struct,), {"__annotations__": {"v": hint}, "v": field(default=["x"]), "__module__": __name__}
        )


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"group": "x.example.com"}, 'has a group and no version; add version="v1"'),
        ({"group": "x", "version": "v1", "scope": "cluster"}, "the scope of X is 'cluster'; write scope="),
    ],
)
def test_a_wrong_class_line_says_what_to_write(options: Any, problem: str):
    with pytest.raises(InvalidDefinition, match=problem):
        type(Resource)("X", (Resource,), {"__module__": __name__}, **options)


def test_a_generic_kind_is_read_by_its_items():
    unicorn = a.GenericKind.of({"metadata": {"name": "u"}, "spec": {"horns": [1]}})
    unicorn["spec"]["horns"].append(2)
    unicorn["status"] = {"ready": True}

    assert unicorn.metadata.name == "u"
    assert document(unicorn) == {"metadata": {"name": "u"}, "spec": {"horns": [1, 2]}, "status": {"ready": True}}


def test_a_kind_is_registered_once():
    class Unicorn(a.GenericKind): ...

    assert kind_of(register_kind(Unicorn, group="pepr.dev", version="v1")) == Kind(
        "pepr.dev", "v1", "Unicorn", "unicorns"
    )
    with pytest.raises(InvalidDefinition, match="Unicorn is a kind already; make a subclass"):
        register_kind(Unicorn, group="pepr.dev", version="v2")
    with pytest.raises(InvalidDefinition, match="GenericKind itself has no kind"):
        register_kind(a.GenericKind, group="pepr.dev", version="v1")


@pytest.mark.parametrize(
    ("kind", "plural"),
    [
        ("Pod", "pods"),
        ("Ingress", "ingresses"),
        ("NetworkPolicy", "networkpolicies"),
        ("Endpoints", "endpointses"),  # as apimachinery guesses it
        ("WebApp", "webapps"),
    ],
)
def test_a_plural_is_guessed_as_kubernetes_does(kind: str, plural: str):
    assert guess_plural(kind) == plural


def test_a_path_is_percent_encoded():
    kind = Kind("rbac.authorization.k8s.io", "v1", "ClusterRole", "clusterroles", namespaced=False)

    assert kind.path("ignored", "a/b%c") == "/apis/rbac.authorization.k8s.io/v1/clusterroles/a%2Fb%25c"
    assert Kind("", "v1", "Pod", "pods").path("n", "x", "log") == "/api/v1/namespaces/n/pods/x/log"


def test_a_class_is_one_kind():
    with pytest.raises(InvalidDefinition, match=r"'\*' is the group of no kind"):

        class All(Resource, group="*", version="*", plural="*"): ...
