"""Clusters that serve stores: an embedded one, and a real control plane."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from poblano.client import Resources, connect
from poblano.cluster.serving.served import Settings
from poblano.core import backoff
from poblano.core.kinds import Kind
from poblano.core.store.definition import STORE, store_definition
from tests.cluster.serving_cluster import running
from tests.handshakes import forgotten_transports_are_collected_here, may_be_cancelled  # noqa: F401 -- a fixture

DEFINITIONS = Kind(
    "apiextensions.k8s.io", "v1", "CustomResourceDefinition", "customresourcedefinitions", namespaced=False
)
NUMBERS = itertools.count(1)


def pytest_collection_modifyitems(items):
    may_be_cancelled(item for item in items if Path(__file__).parent in item.path.parents)


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """What fails is tried again soon: how long the pauses are is a promise of `poblano.core.backoff`."""
    monkeypatch.setattr(backoff, "FIRST", 0.05)


@pytest.fixture(scope="module")
def embedded():
    with running(Settings()) as cluster:
        yield cluster


@pytest.fixture(params=["embedded", pytest.param("control_plane", marks=pytest.mark.control_plane)])
def cluster(request):
    return request.getfixturevalue(request.param)


async def prepared(kubeconfig):
    """A client of a cluster that serves stores."""
    client = connect(kubeconfig)
    await client.__aenter__()
    api = Resources(client)
    await api.apply(DEFINITIONS, store_definition(), force=True)

    async def served():
        try:
            await api.list(STORE, "default")
        except Exception:  # noqa: BLE001 -- not yet
            return False
        return True

    while not await served():
        pass
    return client


@pytest.fixture
async def client(cluster):
    opened = await prepared(cluster.kubeconfig)
    yield opened
    await opened.close()


@pytest.fixture
def name():
    """A store of its own for each test."""
    return f"poblano-test-{next(NUMBERS)}"


@pytest.fixture
async def embedded_client(embedded):
    """Of a cluster that makes faults on demand."""
    opened = await prepared(embedded.kubeconfig)
    yield opened
    await opened.close()
