from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.cluster.openapi.describing import describing, shop

GOOD = """{"apiVersion": "shop.example.com/v1", "kind": "Cart", "metadata": {"name": "a"},
 "spec": {"owner": "me", "port": 80, "note": null, "tags": {"a": "b"}}}"""
BAD = """{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a"}, "spec": {"nope": 1, "replicas": "x"}}"""


@cache
def _version(program: str) -> str:
    asked = [program, "version", "--client", "-o", "json"]
    return subprocess.run(asked, capture_output=True, text=True, check=False, timeout=30).stdout


def _new() -> str | None:
    return shutil.which("kubectl", path=str(Path(sys.executable).parent))


def _old() -> str | None:
    """Debian's kubectl 1.20, which speaks OpenAPI v2 in protobuf and nothing else."""
    for name in ("kubectl-1.20", "kubectl"):
        found = shutil.which(name)
        if found and '"v1.20.' in _version(found):
            return found
    return None


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with describing(shop()) as (url, _):
        yield url


@pytest.fixture(params=[_new, _old], ids=["new", "old"])
def kubectl(request: pytest.FixtureRequest, server: str, tmp_path: Path) -> _Kubectl:
    program = request.param()
    if program is None:
        pytest.skip("this kubectl is not installed")
    return _Kubectl(program, server, tmp_path)


class _Kubectl:
    def __init__(self, program: str, server: str, home: Path) -> None:
        self._start = [program, f"--server={server}", f"--cache-dir={home / 'cache'}"]
        self._home = home

    def __call__(self, *arguments: str, input: str = "") -> subprocess.CompletedProcess[str]:
        environment = {"HOME": str(self._home), "PATH": "/usr/bin:/bin"}
        return subprocess.run(
            [*self._start, *arguments],
            input=input,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )


def test_it_explains_built_in_kinds(kubectl: _Kubectl) -> None:
    shown = kubectl("explain", "deployment.spec.template", "--recursive")
    assert shown.returncode == 0, shown.stderr
    assert "terminationGracePeriodSeconds" in shown.stdout
    assert "VERSION:" in shown.stdout


def test_it_explains_custom_kinds(kubectl: _Kubectl) -> None:
    shown = kubectl("explain", "carts.spec")
    assert shown.returncode == 0, shown.stderr
    for told in ("Cart", "Whose it is.", "-required-", "How much of it."):
        assert told in shown.stdout


def test_it_lists_the_resources_and_versions(kubectl: _Kubectl) -> None:
    shown = kubectl("api-resources", "--no-headers", "-o", "name")
    assert shown.returncode == 0, shown.stderr
    assert {"pods", "deployments.apps", "carts.shop.example.com"} <= set(shown.stdout.split())
    assert "shop.example.com/v1" in kubectl("api-versions").stdout.split()


def test_it_knows_the_server_s_version(kubectl: _Kubectl) -> None:
    shown = kubectl("version")
    assert shown.returncode == 0, shown.stderr
    assert "v1.36.2" in shown.stdout


def test_the_old_one_validates_by_it(server: str, tmp_path: Path) -> None:
    program = _old()
    if program is None:
        pytest.skip("this kubectl is not installed")
    kubectl = _Kubectl(program, server, tmp_path)
    good = kubectl("create", "--dry-run=client", "-o", "name", "-f", "-", input=GOOD)
    assert (good.returncode, good.stdout) == (0, "cart.shop.example.com/a\n"), good.stderr
    bad = kubectl("create", "--dry-run=client", "-o", "name", "-f", "-", input=BAD)
    assert bad.returncode == 1
    for told in ('unknown field "nope"', 'got "string", expected "integer"', 'missing required field "selector"'):
        assert told in bad.stderr
