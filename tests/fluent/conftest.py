from __future__ import annotations

import gc
import itertools
import sys
import warnings
from pathlib import Path

import pytest

from poblano.client import Resources, connect
from poblano.client.ambient import using
from poblano.cluster.serving.served import Settings
from tests.cluster.serving_cluster import running
from tests.watch.clusters import space_of

_numbers = itertools.count()
_HERE = Path(__file__).parent


def pytest_collection_modifyitems(items):
    """A watch that is left while it connects: Python 3.11 forgets the transport of a TLS handshake that is cancelled, and warns
    of it when the collector finds it, in whichever test that happens to be. Later versions close it."""
    if sys.version_info >= (3, 12):
        return
    for item in items:
        if _HERE in item.path.parents:
            item.add_marker(pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"))


@pytest.fixture(autouse=True)
def _forgotten_transports_are_collected_here():
    yield
    if sys.version_info < (3, 12):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)
            gc.collect()


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
