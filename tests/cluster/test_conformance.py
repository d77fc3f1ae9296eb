"""Everything that was recorded from a real API server, against an embedded one, judged by the program that recorded it."""

from __future__ import annotations

import importlib.util
import json
import ssl
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from poblano.cluster.serving.served import Settings
from tests.cluster.serving_cluster import running

FIXTURES = Path(__file__).parent.parent / "fixtures"
TRANSCRIPTS = sorted((FIXTURES / "conformance" / "kubernetes-1.36").glob("*.json"))
STORED = json.loads((FIXTURES / "kubernetes-1.36" / "defaults.json").read_text())
COLUMNS = json.loads((FIXTURES / "kubernetes-1.36" / "tables.json").read_text())

WORDED_OTHERWISE = {
    ("custom-resources", 7),  # Go's maps have no order: the real server itself says it otherwise each time
    ("custom-resources", 10),  # as above
    ("patches", 13),  # the patched object, in the order of Go's struct
}


@pytest.fixture(scope="module")
def judge() -> Iterator[ModuleType]:
    """replay.py as it is shipped with the recordings; it waits two seconds for a definition, ours needs less."""
    spec = importlib.util.spec_from_file_location("replay", FIXTURES / "conformance" / "replay.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["replay"] = module
    spec.loader.exec_module(module)
    real = module.time
    module.time = SimpleNamespace(sleep=lambda seconds: real.sleep(seconds / 5))
    yield module
    del sys.modules["replay"]


@pytest.fixture(scope="module", params=["in memory", "in a directory"])
def server(request: Any, judge: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    folder = tmp_path_factory.mktemp("data") if request.param == "in a directory" else None
    with running(Settings(rbac=True, directory=folder)) as cluster:
        cluster.cluster.clock.stop()  # every recorded object is 0 seconds old
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        yield judge.Server(cluster.url, cluster.token, context)


def differing(
    judge: Any, server: Any, transcript: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> set[tuple[str, int]]:
    """The steps that came out otherwise."""
    judge.replay(server, transcript, False)
    told = [line for line in capsys.readouterr().out.splitlines() if line.startswith("DIFF")]
    return {(line[5:].split("[")[0], int(line.split("[")[1].split("]")[0])) for line in told}


@pytest.mark.parametrize("path", TRANSCRIPTS, ids=lambda path: path.stem)
def test_every_exchange_comes_out_as_recorded_word_by_word(path, judge, server, capsys):
    transcript = json.loads(path.read_text())
    judge.STRICT = True
    strictly = differing(judge, server, transcript, capsys)
    assert strictly <= WORDED_OTHERWISE


def test_the_recordings_are_whole():
    assert sum(len(json.loads(path.read_text())["steps"]) for path in TRANSCRIPTS) == 252


def without_node_ports(body: dict[str, Any]) -> dict[str, Any]:
    """Node ports are drawn by lot; that there are some, in the right range, is what counts."""
    for port in body.get("spec", {}).get("ports", ()) if body["kind"] == "Service" else ():
        if "nodePort" in port:
            assert 30000 <= port["nodePort"] <= 32767
            port["nodePort"] = 30000
    return body


def test_every_recorded_object_is_stored_as_it_was_there(judge, server):
    judge.STRICT = False
    server.call("POST", "/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "kinds"}})
    wrong = []
    for one in STORED:
        got = server.call("POST", one["path"], one["sent"])
        wanted, found = (judge.normalise(without_node_ports(body)) for body in (one["stored"], got["body"]))
        if got["status"] != one["status"] or wanted != found:
            wrong.append((one["path"], got["status"], judge.differences(wanted, found)))
    assert wrong == []


@pytest.mark.parametrize("name", COLUMNS)
def test_every_kind_prints_the_recorded_columns(name, server):
    root = "/api/" if name.count("/") == 1 and name.startswith("v1/") else "/apis/"
    accept = {"Accept": "application/json;as=Table;v=v1;g=meta.k8s.io"}
    got = server.call("GET", root + name, headers=accept)
    assert (got["status"], got["body"].get("columnDefinitions")) == (200, COLUMNS[name])
