from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from poblano.client import Resources, connect
from poblano.client.ambient import using
from poblano.cluster.serving.served import Settings
from tests.cluster.serving_cluster import running
from tests.handshakes import forgotten_transports_are_collected_here, may_be_cancelled  # noqa: F401 -- a fixture
from tests.watch.clusters import space_of

_numbers = itertools.count()
_HERE = Path(__file__).parent


def pytest_collection_modifyitems(items):
    may_be_cancelled(item for item in items if _HERE in item.path.parents)


@pytest.fixture(scope="session")
def embedded():
    with running(Settings()) as cluster:
        yield cluster


@pytest.fixture(params=["embedded", pytest.param("control_plane", marks=pytest.mark.control_plane)])
def kubeconfig(request):
    """Of the embedded cluster, then of a real control plane: the same tests hold on both."""
    return request.getfixturevalue(request.param).kubeconfig


@pytest.fixture
async def client(kubeconfig):
    async with connect(kubeconfig) as opened:
        yield opened


@pytest.fixture
async def space(client):
    """A namespace of its own, on a client that is ambient."""
    return await space_of(Resources(client), f"fluent-{next(_numbers)}")


@pytest.fixture
def ambient(client):
    """``with ambient():`` in a test."""
    return lambda: using(client, field_manager="poblano-tests")
