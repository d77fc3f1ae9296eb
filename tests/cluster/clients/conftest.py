"""A served cluster for each file of tests, both kubectls, and a namespace for each test."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from poblano.cluster.serving.served import Settings
from tests.cluster.clients import kubectl as binaries
from tests.cluster.clients.kubectl import Kubectl
from tests.cluster.serving_cluster import Running, running

_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def cluster(request: pytest.FixtureRequest) -> Iterator[Running]:
    """With roles enforced; with controllers where the file says `CONTROLLERS = True`."""
    with running(Settings(rbac=True, controllers=getattr(request.module, "CONTROLLERS", False))) as served:
        yield served


@pytest.fixture(scope="session", params=["newest", "debian"])
def binary(request: pytest.FixtureRequest):
    try:
        return binaries.newest() if request.param == "newest" else binaries.debian()
    except binaries.Unavailable as reason:
        pytest.skip(f"cannot run here: {reason}")


@pytest.fixture(scope="module")
def anywhere(binary, cluster: Running, tmp_path_factory: pytest.TempPathFactory) -> Kubectl:
    """kubectl in the namespace default."""
    return Kubectl(binary, cluster.kubeconfig, tmp_path_factory.mktemp("home"), binaries.minor_version(binary))


@pytest.fixture
def kubectl(anywhere: Kubectl) -> Kubectl:
    """kubectl in a namespace of this test, which goes with the cluster."""
    name = f"test-{next(_numbers)}"
    anywhere("create", "namespace", name)
    return anywhere.within(name)
