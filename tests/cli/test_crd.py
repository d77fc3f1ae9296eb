"""`poblano crd` and what `poblano dev` does with it, on the embedded cluster and on a real one."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.cli.developing import POBLANO, developing, environment, started, write_project
from tests.eventually import eventually

if TYPE_CHECKING:
    from tests.control_plane import ControlPlane

CODE = """
    from __future__ import annotations

    from typing import Literal

    from poblano import Capability, Module, Resource, Struct, ValidateRequest, Decision, field
    from poblano.models.core_v1 import PodTemplateSpec
    from poblano.models.meta_v1 import Condition

    class PageSpec(Struct):
        theme: Literal["dark", "light"]
        replicas: int = field(default=1, minimum=1, maximum=7)
        port: int | str = 80
        hosts: list[str] = field(list_type="set")
        template: PodTemplateSpec

    class PageStatus(Struct):
        conditions: list[Condition]

    class Page(Resource, group="GROUP", version="v1", columns={"Theme": ".spec.theme"}):
        spec: PageSpec
        status: PageStatus

    c = Capability("pages")

    @c.when(Page).is_created().validate
    def fine(page: ValidateRequest[Page]) -> Decision:
        return page.approve()

    module = Module(c)
"""


def project(folder: Path, group: str) -> Path:
    return write_project(folder, group.partition(".")[0], CODE.replace("GROUP", group))


def crd(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*POBLANO, "crd", *arguments],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def page(group: str, name: str, **spec: object) -> str:
    return json.dumps({"apiVersion": f"{group}/v1", "kind": "Page", "metadata": {"name": name}, "spec": spec})


def test_it_prints_them_and_writes_them_the_same_bytes_each_time(tmp_path: Path):
    folder = project(tmp_path / "module", "printed.example.com")
    printed = crd(folder=folder)
    assert printed.returncode == 0, printed.stderr
    made = yaml.safe_load(printed.stdout)
    assert made["metadata"] == {"name": "pages.printed.example.com", "labels": {"poblano.dev/module": "printed"}}
    written = crd("-o", str(tmp_path / "out"), folder=folder)
    assert written.stdout.strip() == str(tmp_path / "out" / "pages.printed.example.com.yaml")
    assert Path(written.stdout.strip()).read_text() == printed.stdout


def test_a_module_without_a_kind_of_its_own_has_none(tmp_path: Path):
    code = """
        from poblano import Capability, Module, a

        c = Capability("c")
        c.when(a.ConfigMap).is_created().mutate(lambda cm: None)
        module = Module(c)
    """
    done = crd(folder=write_project(tmp_path / "module", "none", code))
    assert done.returncode == 1
    assert "no rule of the module is bound to a kind of its own" in done.stderr


def test_what_a_rule_owns_and_watches_is_defined_too(tmp_path: Path):
    code = """
        from poblano import Capability, Module, Resource, a

        class Part(Resource, group="parts.example.com", version="v1"):
            size: int

        class Plan(Resource, group="parts.example.com", version="v1"):
            size: int

        class Theirs(Resource, group="theirs.example.com", version="v1", foreign=True):
            size: int

        async def build(obj, ctx):
            pass

        c = Capability("c")
        c.when(a.ConfigMap).owns(Part).watches(Plan, lambda plan: []).watches(Theirs, lambda theirs: []).reconcile(build)
        module = Module(c)
    """
    done = crd(folder=write_project(tmp_path / "module", "parts", code))
    names = [one["metadata"]["name"] for one in yaml.safe_load_all(done.stdout)]
    assert names == ["parts.parts.example.com", "plans.parts.example.com"]


def test_dev_defines_the_kinds_in_its_own_cluster_and_anew_when_they_change(tmp_path: Path):
    folder = project(tmp_path / "module", "own.example.com")
    with started("dev", folder=folder) as dev:
        dev.says("defined pages.own.example.com")
        dev.says("Ctrl-C to stop")
        assert "created" in dev.kubectl("create", "-f", "-", input=page("own.example.com", "one", theme="dark"))
        refused = dev.kubectl("create", "-f", "-", input=page("own.example.com", "two", theme="blue", replicas=9))
        assert 'Unsupported value: "blue"' in refused
        assert "should be less than or equal to 7" in refused
        unknown = dev.kubectl("create", "-f", "-", input=page("own.example.com", "two", theme="dark", colour=1))
        assert 'unknown field "spec.colour"' in unknown
        before = len(dev.lines)
        rules = folder / "rules.py"
        rules.write_text(rules.read_text().replace("maximum=7", "maximum=9"))
        dev.says("changed pages.own.example.com", after=before)
        dev.says("reloaded", after=before)
        nine = page("own.example.com", "nine", theme="dark", replicas=9)
        eventually(
            lambda: "created" in dev.kubectl("create", "-f", "-", input=nine), "nine are as many as there may be"
        )
        dev.ends(signal.SIGTERM)


@pytest.mark.parametrize("whose", ["nobody's", "somebody else's"])
def test_dev_defines_the_kinds_in_a_real_cluster_and_leaves_those_of_others(
    control_plane: ControlPlane, tmp_path: Path, whose: str
):
    group = f"{whose[:4].strip(chr(39))}.example.com"
    folder = project(tmp_path / "module", group)
    definition = yaml.safe_load(crd(folder=folder).stdout)
    if whose != "nobody's":
        del definition["metadata"]["labels"]
        spec = definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
        spec["properties"]["replicas"]["maximum"] = 5
        control_plane.kubectl("apply", "-f", "-", input=json.dumps(definition))
    try:
        with developing(control_plane, folder) as dev:
            most = "7"
            if whose == "nobody's":
                dev.says(f"defined pages.{group}")
            else:
                dev.says(f"pages.{group} is there already and not this module's, so it is left as it is")
                most = "5"
            refused = control_plane.kubectl(
                "create", "-f", "-", input=page(group, "x", theme="blue", replicas=8), check=False
            )
            assert f"should be less than or equal to {most}" in refused.stderr
            assert 'Unsupported value: "blue"' in refused.stderr
            control_plane.kubectl("create", "-f", "-", input=page(group, "x", theme="dark", hosts=["a"]))
            stored = json.loads(control_plane.kubectl("get", f"pages.{group}", "x", "-o", "json").stdout)
            assert (stored["spec"]["replicas"], stored["spec"]["port"]) == (1, 80)
        conditions = json.loads(control_plane.kubectl("get", "crd", f"pages.{group}", "-o", "json").stdout)["status"]
        found = {one["type"]: one["status"] for one in conditions["conditions"]}
        assert found["Established"] == "True"
        assert found.get("NonStructuralSchema", "False") == "False"
    finally:
        control_plane.kubectl("delete", "crd", f"pages.{group}", check=False)
