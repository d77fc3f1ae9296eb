"""`poblano dev` without a kubeconfig: a cluster of its own, which lives as long as the command, and reloads."""

from __future__ import annotations

import json
import os
import signal
import socket
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from poblano.cli.main import cli
from tests.cli.developing import EXAMPLES, children_of, started, write_project
from tests.eventually import eventually

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.cli.developing import Dev

RULES = """
    from poblano import Capability, Module, a

    own = Capability("own")
    own.when(a.ConfigMap).is_created().in_namespace("default").alias("stamp").mutate(
        lambda cm: cm.set_label("stamp", "{stamp}")
    )
    module = Module(own)
"""


def stamps(dev: Dev) -> Mapping[str, str]:
    """What each ConfigMap of the namespace default is stamped with."""
    items = json.loads(dev.kubectl("get", "configmaps", "-l", "stamp", "-o", "json"))["items"]
    return {item["metadata"]["name"]: item["metadata"]["labels"]["stamp"] for item in items}


def is_alive(process: int) -> bool:
    return Path(f"/proc/{process}").exists()


def test_the_module_is_reloaded_while_the_cluster_and_its_objects_live_on(tmp_path: Path) -> None:
    folder = write_project(tmp_path / "module", "own", RULES.format(stamp="one"))
    with started("dev", folder=folder) as dev:
        assert "registered 1 webhook at https://127.0.0.1:" in dev.says("registered")
        assert dev.says("export KUBECONFIG=").startswith("export KUBECONFIG=/")
        (cluster,) = children_of(dev.process.pid)
        dev.kubectl("create", "configmap", "a")
        assert "own/stamp changed" in dev.says("CREATE ConfigMap default/a by admin: changed")

        write_project(folder, "own", RULES.format(stamp="two"))
        dev.says("reloaded 1 rule")
        dev.kubectl("create", "configmap", "b")
        assert stamps(dev) == {"a": "one", "b": "two"}

        write_project(folder, "own", RULES.format(stamp="three") + "    nonsense\n")
        dev.says("what was there before goes on serving")
        dev.kubectl("create", "configmap", "c")
        assert stamps(dev) == {"a": "one", "b": "two", "c": "two"}
        assert children_of(dev.process.pid) == [cluster]
        dev.ends(signal.SIGTERM)


def test_what_a_deployment_makes_meets_the_rules(tmp_path: Path) -> None:
    code = """
        from poblano import Capability, Module, a

        own = Capability("own")
        own.when(a.Pod).is_created().alias("tag").mutate(lambda pod: pod.set_label("tag", "yes"))
        module = Module(own)
    """
    with started("dev", folder=write_project(tmp_path / "module", "own", code)) as dev:
        dev.kubectl("create", "deployment", "web", "--image=web:1", "--replicas=2")
        assert "successfully rolled out" in dev.kubectl("rollout", "status", "deployment/web", "--timeout=90s")
        assert len(dev.kubectl("get", "pods", "-l", "tag=yes,app=web", "-o", "name").split()) == 2
        dev.ends(signal.SIGTERM)


def test_it_names_the_samples_as_the_next_thing_to_apply() -> None:
    with started("dev", folder=EXAMPLES / "hello") as dev:
        assert dev.says("kubectl apply").strip() == f"kubectl apply -f {EXAMPLES}/hello/hello.samples.yaml"
        dev.ends(signal.SIGTERM)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_both_end_on_a_signal_and_leave_nothing(tmp_path: Path, number: signal.Signals) -> None:
    folder = write_project(tmp_path / "module", "own", RULES.format(stamp="one"))
    (tmp_path / "tmp").mkdir()
    with started("dev", folder=folder, environ={"TMPDIR": str(tmp_path / "tmp")}) as dev:
        assert dev.kubeconfig.parent.parent == tmp_path / "tmp"
        (cluster,) = children_of(dev.process.pid)
        dev.ends(number)
    assert not is_alive(cluster)
    assert list((tmp_path / "tmp").iterdir()) == []
    assert not any("Traceback" in line for line in dev.lines)


def test_when_it_is_killed_no_child_stays(tmp_path: Path) -> None:
    folder = write_project(tmp_path / "module", "own", RULES.format(stamp="one"))
    with started("dev", folder=folder) as dev:
        kubeconfig = dev.kubeconfig
        children = children_of(dev.process.pid)
        assert len(children) == 1
        dev.process.kill()
        eventually(lambda: not any(map(is_alive, children)), "the cluster has ended")
        assert not kubeconfig.exists()


def test_the_end_of_the_cluster_is_told_and_is_1(tmp_path: Path) -> None:
    folder = write_project(tmp_path / "module", "own", RULES.format(stamp="one"))
    with started("dev", folder=folder) as dev:
        dev.says("export KUBECONFIG=")
        (cluster,) = children_of(dev.process.pid)
        os.kill(cluster, signal.SIGKILL)
        assert "start again" in dev.says("Error: the embedded cluster ended by itself (killed by signal 9)")
        assert dev.process.wait(90) == 1


def test_a_data_directory_keeps_the_objects_also_when_it_is_killed(tmp_path: Path) -> None:
    folder = write_project(tmp_path / "module", "own", RULES.format(stamp="one"))
    with started("dev", "--data-dir", "../data", folder=folder) as dev:
        assert dev.kubeconfig == tmp_path / "data" / "kubeconfig"
        dev.kubectl("create", "configmap", "a")
        (cluster,) = children_of(dev.process.pid)
        dev.process.kill()
        eventually(lambda: not is_alive(cluster), "the cluster has ended")
    with started("dev", "--data-dir", "../data", folder=folder) as dev:
        dev.says("took away poblano-own-dev, which another poblano dev had left")
        dev.kubectl("create", "configmap", "b")
        assert stamps(dev) == {"a": "one", "b": "one"}
        with started("dev", "--data-dir", "../data", folder=folder) as second:
            second.says("end that one, or give another --data-dir")
            assert second.process.wait(90) == 1
        dev.ends(signal.SIGINT)


def test_a_kubeconfig_of_the_environment_is_left_alone_and_that_is_told(tmp_path: Path) -> None:
    folder = write_project(tmp_path / "module", "own", RULES.format(stamp="one"))
    with started("dev", folder=folder, environ={"KUBECONFIG": "/nowhere/config"}) as dev:
        assert dev.says("KUBECONFIG is not looked at").strip().endswith('poblano dev --kubeconfig "$KUBECONFIG"')
        assert dev.kubeconfig.exists()
        dev.ends(signal.SIGTERM)


def test_a_port_that_is_taken_is_told_and_the_cluster_ends(tmp_path: Path) -> None:
    folder = write_project(tmp_path / "module", "own", RULES.format(stamp="one"))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        with started("dev", "--port", port, folder=folder) as dev:
            dev.says(f"port {port} cannot be had: ")
            assert dev.process.wait(90) == 1
    assert len(dev.lines) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--context", "prod"], "--context is of a kubeconfig: poblano dev --kubeconfig ~/.kube/config --context prod"),
        (["--host", "10.0.0.1"], "is on this machine and does not call 10.0.0.1: leave out --host"),
        (["--kubeconfig", "x", "--data-dir", "y"], "leave out one of the two"),
    ],
)
def test_options_of_the_other_sort_of_cluster_are_told(arguments: list[str], message: str) -> None:
    done = CliRunner().invoke(cli, ["dev", *arguments])
    assert done.exit_code == 2
    assert message in done.output
