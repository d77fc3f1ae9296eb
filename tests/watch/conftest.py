from __future__ import annotations

import gc
import itertools
import sys
import warnings
from pathlib import Path

import pytest

from poblano.client import connect
from poblano.cluster.serving.served import Settings
from tests.cluster.serving_cluster import running

_numbers = itertools.count()
_HERE = Path(__file__).parent


def pytest_collection_modifyitems(items):
    """Python 3.11 forgets the transport of a connection that is cancelled during its TLS handshake, and warns of it when
    the collector finds it: in whichever test that happens to be. Later versions close it."""
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
