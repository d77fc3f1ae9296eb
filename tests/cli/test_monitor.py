"""`poblano monitor` and `poblano uuid`: what the modules of a cluster are, and what they say."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from poblano.cli.main import cli
from poblano.cluster.serving.served import Settings
from tests.cli.kubelet import Kubelet
from tests.cluster.serving_cluster import running
from tests.eventually import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def review(**fields: Any) -> dict[str, Any]:
    known = {
        "time": "2026-01-01T10:00:00Z",
        "level": "info",
        "message": "review",
        "phase": "mutate",
        "operation": "CREATE",
        "kind": "Pod",
        "namespace": "shop",
        "name": "db",
        "user": "anna",
        "verdict": "changed",
        "ms": 1.2,
    }
    return {**known, **fields}


@pytest.fixture(scope="module")
def kubelet() -> Iterator[Kubelet]:
    with running(Settings()) as cluster:
        one = Kubelet(cluster)
        for uuid in ("hello", "shop"):
            one.ask("POST", "/api/v1/namespaces", {"metadata": {"name": f"of-{uuid}"}})
        one.has_deployment("hello", "of-hello", "poblano-hello-admission")
        one.has_deployment("hello", "of-hello", "poblano-hello-watcher")
        one.has_deployment("shop", "of-shop", "poblano-shop-admission")
        yield one
        one.close()


@contextmanager
def following(kubelet: Kubelet, folder: Path, *arguments: str) -> Iterator[Path]:
    """What it prints, in a file, while it runs."""
    said = folder / "said"
    command = [sys.executable, "-m", "poblano.cli", "monitor", *arguments]
    command += ["--kubeconfig", str(kubelet.kubeconfig(folder))]
    with (
        said.open("w") as out,
        subprocess.Popen(
            command, cwd=folder, stdout=out, stderr=subprocess.STDOUT, env={**os.environ, "TZ": "UTC"}
        ) as one,
    ):
        try:
            yield said
        finally:
            one.send_signal(signal.SIGINT)
            assert one.wait(90) == 130, said.read_text()
    assert "Traceback" not in said.read_text()


def test_uuid_lists_what_the_cluster_has(kubelet: Kubelet, tmp_path: Path) -> None:
    where = ("--kubeconfig", str(kubelet.kubeconfig(tmp_path)))
    said = CliRunner().invoke(cli, ["uuid", *where])
    assert said.exit_code == 0, said.output
    assert [line.split(maxsplit=3) for line in said.output.splitlines()] == [
        ["UUID", "NAMESPACE", "READY", "DESCRIPTION"],
        ["hello", "of-hello", "0/4", "what hello is for"],
        ["shop", "of-shop", "0/2", "what shop is for"],
    ]
    one = CliRunner().invoke(cli, ["uuid", "shop", *where])
    assert [line.split()[0] for line in one.output.splitlines()] == ["UUID", "shop"]
    none = CliRunner().invoke(cli, ["uuid", "nope", *where])
    assert none.exit_code == 1
    assert "no module 'nope'" in none.output


def test_it_shows_changes_and_denials_of_all_pods_and_of_those_that_come_later(
    kubelet: Kubelet, tmp_path: Path
) -> None:
    kubelet.runs("hello", "of-hello", "first")
    kubelet.runs("shop", "of-shop", "another")
    kubelet.writes("another", review(name="not-ours"))
    kubelet.writes("first", review(changes=['+ /metadata/labels/tier: "data"']), {"level": "info", "message": "quiet"})
    with following(kubelet, tmp_path, "hello") as said:
        eventually(lambda: "tier" in said.read_text(), "the log of the first is followed")
        kubelet.runs("hello", "of-hello", "second")
        kubelet.writes(
            "second",
            review(
                phase="validate",
                verdict="denied",
                rules=["shop/pinned: denied"],
                denials=["shop/pinned: pin the image\x1b[2J"],
            ),
            {"time": "2026-01-01T10:00:01Z", "level": "warning", "message": "a rule is slow", "rule": "shop/slow"},
            "no JSON at all",
        )
        eventually(lambda: "a rule is slow" in said.read_text(), "the log of the second is followed")
    text = said.read_text()
    assert "10:00:00 mutate   CREATE Pod shop/db by anna: changed  1.2 ms  first" in text
    assert '         + /metadata/labels/tier: "data"' in text
    assert "10:00:00 validate CREATE Pod shop/db by anna: denied, shop/pinned denied  1.2 ms  second" in text
    assert "         shop/pinned: pin the image\\x1b[2J" in text
    assert "warning  a rule is slow rule=shop/slow" in text
    assert "quiet" not in text
    assert "no JSON" not in text
    assert "not-ours" not in text


def test_a_connection_that_breaks_loses_no_line_and_tells_none_twice(kubelet: Kubelet, tmp_path: Path) -> None:
    kubelet.runs("hello", "of-hello", "broken")
    kubelet.writes("broken", *(review(name=f"n{number}") for number in range(3)))
    with following(kubelet, tmp_path, "hello", "-o", "json") as said:
        eventually(lambda: '"n2"' in said.read_text(), "it is followed")
        kubelet.breaks_off()
        kubelet.writes("broken", *(review(name=f"n{number}") for number in range(3, 6)))
        eventually(lambda: '"n5"' in said.read_text(), "it is followed anew")
    lines = [json.loads(line) for line in said.read_text().splitlines() if line.startswith("{")]
    mine = [line for line in lines if line["pod"] == "broken"]
    assert [line["name"] for line in mine] == [f"n{number}" for number in range(6)]
    assert {line["container"] for line in mine} == {"server"}


def test_a_container_that_begins_again_loses_no_line(kubelet: Kubelet, tmp_path: Path) -> None:
    kubelet.runs("hello", "of-hello", "restarted")
    kubelet.writes("restarted", review(name="n0"))
    with following(kubelet, tmp_path, "hello", "-o", "json") as said:
        eventually(lambda: '"n0"' in said.read_text(), "it is followed")
        kubelet.remarks("restarted", "unable to retrieve container logs")
        kubelet.begins_again("restarted", review(name="last"), review(name="new"))
        eventually(lambda: '"new"' in said.read_text(), "it is followed anew")
    lines = [json.loads(line) for line in said.read_text().splitlines() if line.startswith("{")]
    assert [line["name"] for line in lines if line["pod"] == "restarted"] == ["n0", "last", "new"]


def test_a_pod_that_comes_later_is_read_from_its_beginning(kubelet: Kubelet, tmp_path: Path) -> None:
    kubelet.runs("hello", "of-hello", "there-before")
    kubelet.writes("there-before", review(name="long-ago"))
    kubelet.is_old("there-before")
    kubelet.writes("there-before", review(name="just-now"))
    with following(kubelet, tmp_path, "hello", "-o", "json") as said:
        eventually(lambda: "just-now" in said.read_text(), "it is followed")
        kubelet.writes("late", review(name="when-it-began"))
        kubelet.is_old("late")
        kubelet.runs("hello", "of-hello", "late")
        eventually(lambda: "when-it-began" in said.read_text(), "all of it is read")
    assert "long-ago" not in said.read_text(), "of those that are there it is what they say now"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("nope",), "the cluster has no module 'nope'; there are hello, shop"),
        (("hello,tier=data",), "is no uuid for a module"),
        (("hello", "--namespace", "a/b"), "'a/b' is no name of a namespace"),
        (("hello", "--since", "5 minutes"), "write 30s, 10m, 2h or 1d"),
        ((), "pyproject.toml"),
    ],
)
def test_what_cannot_be_followed_is_told(
    kubelet: Kubelet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], says: str
) -> None:
    monkeypatch.chdir(tmp_path)
    config = str(kubelet.kubeconfig(tmp_path))
    done = CliRunner().invoke(cli, ["monitor", *arguments, "--kubeconfig", config])
    assert done.exit_code != 0
    assert says in f"{done.output} {done.exception}"
