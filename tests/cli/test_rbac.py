"""`poblano rbac`: what the accounts may do and why, and what a recorded run shows."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from poblano.build.recorded import FILE
from tests.cli.developing import POBLANO, environment

ROOT = Path(__file__).resolve().parents[2]

MODULE = """
    from poblano import Capability, K8s, Module, Uses, a

    shop = Capability("shop", namespaces=["a"])

    @shop.when(a.ConfigMap).is_created().watch(uses=[Uses(a.Node, "get")])
    async def follow(one, phase):
        await tokens(one.metadata.namespace)

    async def tokens(namespace):
        return await K8s(a.Secret).in_namespace(namespace).list()

    module = Module(shop)
"""

CALLS = """
    import asyncio, sys
    from types import SimpleNamespace

    sys.path[:0] = ["{root}", "."]
    from poblano.client import connect
    from poblano.client.ambient import using
    from poblano.cluster.serving.served import Settings
    from poblano import K8s, a
    from tests.cluster.serving_cluster import running
    import rules

    async def main(kubeconfig):
        async with connect(kubeconfig) as client:
            with using(client):
                await K8s(a.Node).list()  # the test's own
                await rules.follow(SimpleNamespace(metadata=SimpleNamespace(namespace="default")), None)

    with running(Settings()) as cluster:
        asyncio.run(main(cluster.kubeconfig))
    sys.exit({code})
"""


@pytest.fixture
def project(tmp_path):
    (tmp_path / "pyproject.toml").write_text('[tool.poblano]\nuuid = "x"\nmodule = "rules:module"\n')
    (tmp_path / "rules.py").write_text(textwrap.dedent(MODULE))
    return tmp_path


def poblano(folder, *arguments):
    command = [*POBLANO, "rbac", *arguments]
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, timeout=120, env=environment()
    )


def test_each_right_is_shown_with_who_wants_it(project):
    shown = poblano(project, "show")

    assert shown.returncode == 0
    assert (
        "  in a\n    configmaps: list, watch\n      the rule: shop/follow (watch): what it follows  rules.py:6\n"
        in shown.stdout
    )
    assert "    nodes: get\n      uses=[...]: shop/follow  rules.py:6\n" in shown.stdout
    assert "Poblano: the Lease of the replica that works" in shown.stdout
    assert "warning: the module has roles in a" in shown.stderr


def test_the_same_can_be_read_by_a_program(project):
    listed = json.loads(poblano(project, "show", "-o", "json").stdout)

    assert {
        "role": "watcher",
        "group": "",
        "resource": "nodes",
        "verb": "get",
        "namespace": "",
        "name": "",
    }.items() <= next(one for one in listed if one["source"] == "uses").items()


def test_a_recorded_run_adds_what_the_roles_do_not_allow(project):
    (project / "calls.py").write_text(textwrap.dedent(CALLS).format(root=ROOT, code=3))
    recorded = poblano(project, "record", "--", sys.executable, "calls.py")

    assert recorded.returncode == 3, recorded.stderr
    assert "  shop/follow: list secrets in (its own)\n" in recorded.stdout
    assert "ended with 3: what it has not come to is not recorded" in recorded.stderr
    (line,) = json.loads((project / FILE).read_text())
    assert (line["rule"], line["resource"], line["verb"]) == ("shop/follow", "secrets", "list")
    shown = poblano(project, "show").stdout
    assert "    secrets: list\n      recorded: shop/follow called it when it was recorded\n" in shown


def test_what_has_no_calls_leaves_what_was_recorded_unless_it_is_to_be_fresh(project):
    line = {
        "rule": "shop/follow",
        "role": "watcher",
        "group": "",
        "resource": "secrets",
        "verb": "list",
        "namespace": "",
    }
    (project / FILE).write_text(json.dumps([line]))

    assert "no action has called the API server" in poblano(project, "record", "--", "true").stdout
    assert json.loads((project / FILE).read_text()) == [line]
    poblano(project, "record", "--fresh", "--", "true")
    assert not (project / FILE).exists()


def test_a_command_that_is_not_there_is_told(project):
    refused = poblano(project, "record", "--", "no-such-command")

    assert refused.returncode == 1
    assert "no-such-command cannot be run: No such file or directory" in refused.stderr


def test_a_file_that_somebody_has_broken_is_told(project):
    (project / FILE).write_text('[{"rule": "shop/follow"}]')
    refused = poblano(project, "show")

    assert refused.returncode == 1
    assert f"{FILE}: role of entry 1 is None; delete the file, and run poblano rbac record again" in refused.stderr
    assert "Traceback" not in refused.stderr
