from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cluster.clients.kubectl import Kubectl


def config_map(name: str, **data: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def deployment(**container: object) -> dict[str, Any]:
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "main", **container}]}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "labels": {"app": "web"}},
        "spec": {"selector": {"matchLabels": {"app": "web"}}, "template": template},
    }


def many(*objects: dict[str, Any]) -> str:
    return yaml.safe_dump_all(objects)


def test_applying_creates_changes_and_removes(kubectl: Kubectl):
    first = deployment(image="a:1", env=[{"name": "A", "value": "1"}, {"name": "B", "value": "2"}])
    assert kubectl("apply", "-f", "-", stdin=first) == "deployment.apps/web created\n"
    assert kubectl("apply", "-f", "-", stdin=first) == "deployment.apps/web unchanged\n"
    kubectl("scale", "deploy/web", "--replicas=3")
    second = deployment(image="a:2", env=[{"name": "B", "value": "3"}])
    assert kubectl("apply", "-f", "-", stdin=second) == "deployment.apps/web configured\n"
    live = kubectl.get("deploy/web")
    container = live["spec"]["template"]["spec"]["containers"][0]
    assert (container["image"], container["env"]) == ("a:2", [{"name": "B", "value": "3"}])
    assert live["spec"]["replicas"] == 3


def test_what_applying_remembers_can_be_seen_and_set(kubectl: Kubectl):
    kubectl("apply", "-f", "-", stdin=config_map("a", x="1"))
    assert yaml.safe_load(kubectl("apply", "view-last-applied", "cm/a"))["data"] == {"x": "1"}
    kubectl("apply", "set-last-applied", "-f", "-", stdin=config_map("a", y="1"))
    assert json.loads(kubectl("apply", "view-last-applied", "cm/a", "-o", "json"))["data"] == {"y": "1"}


def test_the_server_merges_and_knows_who_owns_what(kubectl: Kubectl):
    mine = ("apply", "--server-side", "-f", "-")
    assert kubectl(*mine, stdin=config_map("a", x="1", y="1")) == "configmap/a serverside-applied\n"
    theirs = (*mine, "--field-manager=other")
    complaint = kubectl.refused(*theirs, stdin=config_map("a", x="2"))
    assert 'conflict with "kubectl": .data.x' in complaint
    kubectl(*theirs, "--force-conflicts", stdin=config_map("a", x="2"))
    kubectl(*mine, stdin=config_map("a", z="1"))
    assert kubectl.get("cm/a")["data"] == {"x": "2", "z": "1"}


def test_pruning_deletes_what_is_no_longer_written(kubectl: Kubectl):
    def labelled(name: str) -> dict[str, Any]:
        made = config_map(name)
        made["metadata"]["labels"] = {"set": "one"}
        return made

    prune = ("apply", "--prune", "-l", "set=one", "-f", "-")
    allowed = "--prune-allowlist=core/v1/ConfigMap" if kubectl.minor > 25 else "--prune-whitelist=core/v1/ConfigMap"
    kubectl(*prune, allowed, stdin=many(labelled("a"), labelled("b")))
    kubectl("create", "cm", "c")
    assert "configmap/a pruned" in kubectl(*prune, allowed, stdin=labelled("b"))
    assert {"b", "c"} <= set(kubectl("get", "cm", "-o", "jsonpath={.items[*].metadata.name}").split())
    if kubectl.minor > 25:
        assert "configmap/b pruned" in kubectl(*prune, stdin=labelled("a"))
    else:  # its own list has versions that 1.36 no longer serves
        assert 'no matches for kind "CronJob" in version "batch/v1beta1"' in kubectl.refused(
            *prune, stdin=labelled("a")
        )


def test_an_apply_set_prunes_its_members(kubectl: Kubectl):
    if kubectl.minor < 27:
        assert "unknown flag: --applyset" in kubectl.refused(
            "apply", "--applyset=set", "-f", "-", stdin=config_map("a")
        )
        return
    apply = ("apply", "--prune", "--applyset=set", "-f", "-")
    kubectl(*apply, stdin=many(config_map("a"), config_map("b")), KUBECTL_APPLYSET="true")
    assert "configmap/a pruned" in kubectl(*apply, stdin=config_map("b"), KUBECTL_APPLYSET="true")


def test_a_kustomize_folder_is_built_and_applied(kubectl: Kubectl, tmp_path: Path):
    (tmp_path / "web.yaml").write_text(yaml.safe_dump(deployment(image="a")))
    build = {
        "resources": ["web.yaml"],
        "namePrefix": "my-",
        "images": [{"name": "a", "newTag": "7"}],
        "configMapGenerator": [{"name": "settings", "literals": ["x=1"]}],
    }
    (tmp_path / "kustomization.yaml").write_text(yaml.safe_dump(build))
    said = kubectl("apply", "-k", tmp_path)
    assert "deployment.apps/my-web created" in said
    assert "configmap/my-settings-" in said
    assert kubectl.field("deploy/my-web", ".spec.template.spec.containers[0].image") == "a:7"
    assert 'deployment.apps "my-web" deleted' in kubectl("delete", "-k", tmp_path)


def test_a_folder_is_applied_as_a_whole(kubectl: Kubectl, tmp_path: Path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "a.yaml").write_text(many(config_map("a", x="1"), config_map("b", x="1")))
    (tmp_path / "b.json").write_text(json.dumps(config_map("c", x="1")))
    (tmp_path / "deep" / "d.yml").write_text(many(config_map("d", x="1")))
    (tmp_path / "notes.txt").write_text("not for the cluster")
    assert kubectl("apply", "-f", tmp_path).count("created") == 3
    assert kubectl("apply", "-R", "-f", tmp_path).count("unchanged") == 3
    assert kubectl("get", "-R", "-f", tmp_path, "-o", "name").count("configmap/") == 4


DEFINITION = """\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: lamps.NAME.example.com}
spec:
  group: NAME.example.com
  scope: Namespaced
  names: {plural: lamps, singular: lamp, kind: Lamp, shortNames: [lp]}
  versions:
    - name: v1
      served: true
      storage: true
      additionalPrinterColumns: [{name: Watts, type: integer, jsonPath: .spec.watts}]
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec: {type: object, required: [watts], properties: {watts: {type: integer, maximum: 100}}}
---
apiVersion: NAME.example.com/v1
kind: Lamp
metadata: {name: desk}
spec: {watts: 7}
"""


def test_a_definition_and_its_objects_come_from_one_file(kubectl: Kubectl, tmp_path: Path):
    group = f"{kubectl.namespace}.example.com"
    file = tmp_path / "lamps.yaml"
    file.write_text(DEFINITION.replace("NAME", kubectl.namespace))
    definition, resource = f"crd/lamps.{group}", f"lamps.{group}"
    if kubectl.run("apply", "-f", file).returncode != 0:  # kubectl looks all kinds up before it creates the first
        kubectl("wait", "--for=condition=Established", definition)
        kubectl("apply", "-f", file)
    assert kubectl("get", resource).splitlines()[1].split()[:2] == ["desk", "7"]
    explained = f"{resource}.spec" if kubectl.minor > 20 else "lamps.spec"  # 1.20 takes a group for a field
    assert "watts\t<integer>" in kubectl("explain", explained)
    invalid = yaml.safe_load_all(file.read_text().replace("7}", "700}"))
    assert "should be less than or equal to 100" in kubectl.refused("apply", "-f", "-", stdin=[*invalid][1])
    kubectl("delete", "-f", file, "--ignore-not-found")  # the definition takes the object with it
    assert "the server doesn't have a resource type" in kubectl.refused("get", resource)


def test_a_difference_is_shown_and_nothing_done(kubectl: Kubectl):
    kubectl("apply", "-f", "-", stdin=config_map("a", x="1"))
    assert kubectl("diff", "-f", "-", stdin=config_map("a", x="1")) == ""
    differs = kubectl.run("diff", "-f", "-", stdin=config_map("a", x="2"))
    assert differs.returncode == 1
    assert {'-  x: "1"', '+  x: "2"'} <= set(differs.stdout.splitlines())
    assert "+kind: ConfigMap" in kubectl.run("diff", "-f", "-", stdin=config_map("b")).stdout
    assert (
        '+  x: "3"'
        in kubectl.run("diff", "--server-side", "--force-conflicts", "-f", "-", stdin=config_map("a", x="3")).stdout
    )
    assert kubectl.get("cm")["items"][0]["data"] == {"x": "1"}


def test_dry_runs_leave_no_trace(kubectl: Kubectl):
    said = kubectl("apply", "--dry-run=server", "-f", "-", stdin=config_map("a"))
    assert said == "configmap/a created (server dry run)\n"
    kubectl("create", "--dry-run=server", "-f", "-", stdin=config_map("a"))
    assert kubectl("get", "cm", "-o", "name") == ""


def test_replacing_by_force_makes_another_object(kubectl: Kubectl):
    assert "NotFound" in kubectl.refused("replace", "-f", "-", stdin=config_map("a"))
    kubectl("create", "-f", "-", stdin=config_map("a", x="1"))
    before = kubectl.field("cm/a", ".metadata.uid")
    assert kubectl("replace", "-f", "-", stdin=config_map("a", y="1")) == "configmap/a replaced\n"
    assert (kubectl.field("cm/a", ".metadata.uid"), kubectl.get("cm/a")["data"]) == (before, {"y": "1"})
    kubectl("replace", "--force", "-f", "-", stdin=config_map("a"))
    assert kubectl.field("cm/a", ".metadata.uid") != before


@pytest.mark.parametrize("flags", [[], ["--server-side"]], ids=["client", "server"])
def test_what_the_schema_does_not_know_is_refused(kubectl: Kubectl, flags: list[str]):
    wrong = deployment(image="a", imagePolicy="Always")
    complaint = kubectl.refused("apply", *flags, "-f", "-", stdin=wrong)
    assert "unknown field" in complaint or "field not declared in schema" in complaint
    assert "imagePolicy" in complaint
