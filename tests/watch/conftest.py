from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from poblano.client import connect
from poblano.cluster.serving.served import Settings
from tests.cluster.serving_cluster import running
from tests.handshakes import forgotten_transports_are_collected_here, may_be_cancelled  # noqa: F401 -- a fixture

_numbers = itertools.count()
_HERE = Path(__file__).parent


def pytest_collection_modifyitems(items):
    may_be_cancelled(item for item in items if _HERE in item.path.parents)


@pytest.fixture(scope="session")
def embedded():
    """An embedded cluster; use a namespace of your own, and clear the faults that you made."""
    with running(Settings()) as cluster:
        yield cluster


@pytest.fixture(params=["embedded", pytest.param("control_plane", marks=pytest.mark.control_plane)])
def kubeconfig(request):
    """Of the embedded cluster, then of a real control plane: the same tests hold on both."""
    return request.getfixturevalue(request.param).kubeconfig


@pytest.fixture
async def client(embedded):
    async with connect(embedded.kubeconfig) as opened:
        yield opened


@pytest.fixture
def space_name():
    return f"watched-{next(_numbers)}"
