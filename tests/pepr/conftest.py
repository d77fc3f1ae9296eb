from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from poblano.client import Resources, connect
from poblano.cluster.serving.served import Settings
from tests.cluster.serving_cluster import running
from tests.handshakes import forgotten_transports_are_collected_here, may_be_cancelled  # noqa: F401 -- a fixture
from tests.watch.clusters import space_of

_numbers = itertools.count()


def pytest_collection_modifyitems(items):
    """Those about watching."""
    here = Path(__file__).parent
    may_be_cancelled(item for item in items if item.path.parent == here and item.path.name.startswith("test_w"))


@pytest.fixture(scope="session")
def embedded():
    """An embedded cluster; each test has a namespace of its own, and clears the faults that it made."""
    with running(Settings()) as cluster:
        yield cluster


@pytest.fixture
async def client(embedded):
    async with connect(embedded.kubeconfig) as opened:
        yield opened


@pytest.fixture
def api(client):
    return Resources(client)


@pytest.fixture
async def space(api):
    return await space_of(api, f"row-{next(_numbers)}")
