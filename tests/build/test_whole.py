"""The whole of a build: one list of objects, which all writers put down alike."""

from __future__ import annotations

import itertools
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from poblano import Capability, Module
from poblano.build.helm.values import branches as branches_of
from poblano.build.helm.values import defaults, schema, slots, values_table, with_value
from poblano.build.manifests import document, manifests
from poblano.build.output import write_files
from poblano.build.parts import parts
from poblano.build.plan import Plan
from poblano.build.tree import Part, Slot, resolved
from poblano.build.writers import files
from poblano.core.errors import InvalidDefinition
from tests.build.charts import documents, findings, loaded, read, rendered
from tests.build.examples import files_of_example, plan_of_example
from tests.build.planned import following, keeping, plan_of
from tests.build.trees import with_default

BUILDS: dict[str, tuple[str, dict[str, Any]]] = {
    "hello": ("hello", {}),
    "hello, with all": (
        "hello",
        {"monitoring": True, "network_policy": True, "certificates": "cert-manager", "pull_secrets": ("a", "b")},
    ),
    "hello, for 1.20": ("hello", {"kubernetes": (1, 20), "certificates": "provided"}),
    "operator": ("operator", {"monitoring": True, "rbac_mode": "admin"}),
    "upkeep": ("upkeep", {"work": "alone", "network_policy": True}),
}
SPACE = "poblano-system"
"""The namespace of the examples."""


@pytest.fixture(params=BUILDS)
def plan(request: pytest.FixtureRequest) -> Plan:
    name, options = BUILDS[request.param]
    return plan_of_example(name, **options)


def chart_of(plan: Plan, folder: Path) -> Path:
    """The chart of a build, in a folder."""
    write_files(folder, {name: text for name, text in files(plan, parts(plan)).items() if "-chart/" in name})
    return folder / f"{plan.settings.uuid}-chart"


def test_the_chart_says_what_the_manifests_say(plan: Plan, tmp_path: Path):
    made = parts(plan)
    said = documents(manifests(plan, made)[f"poblano-module-{plan.settings.uuid}.yaml"])
    with loaded(chart_of(plan, tmp_path)) as chart:
        found = [*rendered(chart, namespace=SPACE).values(), *(read(one["data"]) for one in chart.crds)]

    key = lambda one: (one["kind"], one["metadata"].get("namespace", ""), one["metadata"]["name"])  # noqa: E731
    # Helm makes the namespace of a release itself.
    expected = [one for one in said if one["kind"] != "Namespace"]
    assert sorted(found, key=key) == sorted(expected, key=key)


def test_the_manifests_are_the_parts_in_order(plan: Plan):
    made = [part for part in parts(plan) if part.in_manifest]

    assert documents(next(iter(manifests(plan, made).values()))) == [document(plan, part) for part in made]
    kinds = [kind for kind, _ in itertools.groupby(document(plan, part)["kind"] for part in made)]
    assert kinds[0] == "Namespace"
    assert {kind for kind in kinds if kind.endswith("WebhookConfiguration")} == {
        kind for kind in kinds[-2:] if kind.endswith("WebhookConfiguration")
    }


def test_helm_lint_has_nothing_to_say(plan: Plan, tmp_path: Path):
    assert findings(chart_of(plan, tmp_path), plan.options.kubernetes) == []


def test_kustomize_builds_the_same(plan: Plan, tmp_path: Path, kubectl: str):
    made = files(plan, parts(plan))
    write_files(tmp_path, {name: text for name, text in made.items() if name.startswith("kustomize/")})
    done = subprocess.run([kubectl, "kustomize", tmp_path / "kustomize"], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")
    found = {
        (one["kind"], one["metadata"].get("namespace"), one["metadata"]["name"]): one for one in documents(done.stdout)
    }
    said = documents(made[f"poblano-module-{plan.settings.uuid}.yaml"])
    assert found == {(one["kind"], one["metadata"].get("namespace"), one["metadata"]["name"]): one for one in said}


# ------------------------------------------------------------------------------------------------ values


def another(slot: Slot) -> Any:
    """Another value than the default, of the sort that the schema asks for."""
    return _another(slot.schema, slot.default)


def _another(schema: Mapping[str, Any], default: Any) -> Any:
    kind = schema["type"] if isinstance(schema["type"], str) else schema["type"][0]
    match kind:
        case "boolean":
            return not default
        case "integer":
            return next(number for number in range(schema.get("minimum", 0), 70_000) if number not in {default, 0})
        case "string":
            return next(word for word in (*schema.get("enum", ()), "another") if word not in {default, ""})
        case "array":
            return [_item(schema.get("items", {"type": "string"}))]
        case _:
            return {**default, **_more(schema, default)}


def _item(schema: Mapping[str, Any]) -> Any:
    if schema["type"] != "object":
        return _another(schema, "")
    return {key: ["x"] if key == "verbs" else "another" for key in schema.get("required", ("another",))}


def _more(schema: Mapping[str, Any], default: Mapping[str, Any]) -> dict[str, Any]:
    if schema.get("additionalProperties") is not False:
        return {"another": "value"}
    name, inner = next((name, inner) for name, inner in schema["properties"].items() if name not in default)
    return {name: _another(inner, {})}


@pytest.mark.parametrize("plan", ["hello, with all", "upkeep"], indirect=True)
def test_each_value_comes_to_its_places_and_nowhere_else(plan: Plan, tmp_path: Path):
    own = [part for part in parts(plan) if not part.shared]
    with loaded(chart_of(plan, tmp_path)) as chart:
        for slot in slots(own):
            value = another(slot)
            expected = {part.name: tree for part in own if (tree := _with(part, slot, value)) is not None}
            assert rendered(chart, with_value({}, slot.path, value), namespace=SPACE) == expected, slot.path


def _with(part: Part, slot: Slot, value: Any) -> Any:
    """A part as a chart has it with one value set; None when it has not."""
    wanted = all(value if one.path == slot.path else one.default for one in part.when)
    return resolved(with_default(part.tree, slot.path, value), namespace=SPACE) if wanted else None


def test_values_and_schema_and_readme_have_the_same_names(plan: Plan):
    made = files(plan, parts(plan))
    top = branches_of(slots([part for part in parts(plan) if not part.shared]))
    folder = f"{plan.settings.uuid}-chart"

    assert read(made[f"{folder}/values.yaml"]) == defaults(top)
    assert values_table(top) in made[f"{folder}/README.md"]
    assert schema(top)["properties"].keys() == {*defaults(top), "global"}


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"admission": {"replica": 3}}, "additional properties 'replica' not allowed"),
        ({"admission": {"port": "8443"}}, "'/admission/port': got string, want integer"),
        ({"admission": {"port": None}}, "missing property 'port'"),
        ({"admission": None}, "missing property 'admission'"),
        ({"admission": {"imagePullPolicy": "Sometimes"}}, "value must be one of"),
    ],
)
def test_a_value_that_is_wrong_is_refused_with_its_name(tmp_path: Path, values: dict[str, Any], says: str):
    import helm_python

    with (
        loaded(chart_of(plan_of_example("hello"), tmp_path)) as chart,
        pytest.raises(helm_python.HelmValuesError, match=says),
    ):
        chart.render(values, name="hello", namespace=SPACE)


def test_a_chart_may_be_a_part_of_another(tmp_path: Path):
    with loaded(chart_of(plan_of_example("hello"), tmp_path)) as chart:
        assert rendered(chart, {"global": {"team": "x"}}) == rendered(chart)


# ------------------------------------------------------------------------------------------------ what there is


def test_a_module_has_what_it_needs_and_nothing_else():
    quiet, loud = (files_of_example(name) for name in ("upkeep", "hello"))

    assert not [name for name in quiet if "admission" in name or "webhooks" in name or "certificates" in name]
    assert [name for name in loud if "watcher-deployment" in name]


def test_a_module_with_nothing_is_told_so():
    plan = plan_of(Capability("empty"))

    with pytest.raises(InvalidDefinition, match=r"no action and no schedule.*; write a rule"):
        parts(plan)
    assert isinstance(plan.module, Module)


def test_nothing_in_a_build_is_secret_or_says_where_it_was_built():
    for text in files_of_example("hello").values():
        assert "PRIVATE KEY" not in text
        assert str(Path.cwd()) not in text


def test_modules_share_a_cluster_and_a_namespace():
    """What two of them have in common is the namespace and the definition of stores, which a chart leaves to all of them."""
    one, other = (plan_of(keeping(), following(), settings={"uuid": uuid}) for uuid in ("one", "other"))

    def ids(plan: Plan) -> set[tuple[str, str]]:
        return {(tree["kind"], tree["metadata"]["name"]) for part in parts(plan) if (tree := document(plan, part))}

    assert ids(one) & ids(other) == {
        ("Namespace", "poblano-system"),
        ("CustomResourceDefinition", "poblanostores.poblano.dev"),
    }
    assert [part.name for part in parts(one) if part.shared] == ["definition-poblanostores.poblano.dev"]


def test_the_zarf_package_has_the_image_and_what_it_is_told_to_deploy():
    plan = plan_of_example("hello")
    both = {
        how: read(files(plan, parts(plan), deploying=how, component="rules")["zarf.yaml"])["components"]
        for how in ("manifest", "chart")
    }

    common = {"name": "rules", "required": True, "images": [plan.image]}
    assert both == {
        "manifest": [
            common | {"manifests": [{"name": "rules", "namespace": SPACE, "files": ["poblano-module-hello.yaml"]}]}
        ],
        "chart": [
            common | {"charts": [{"name": "hello", "namespace": SPACE, "version": "0.1.0", "localPath": "hello-chart"}]}
        ],
    }
