from __future__ import annotations

import gc
import itertools
import sys
import warnings
from pathlib import Path

import pytest

from poblano.client import Resources, connect
from poblano.cluster.serving.served import Settings
from tests.cluster.serving_cluster import running
from tests.watch.clusters import space_of

_numbers = itertools.count()


def pytest_collection_modifyitems(items):
    """As for the tests of the watching part: Python 3.11 forgets a connection that is cancelled during its TLS handshake."""
    if sys.version_info >= (3, 12):
        return
    for item in items:
        if _is_about_watching(item):
            item.add_marker(pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"))


def _is_about_watching(item):
    return item.path.name.startswith("test_w") and item.path.parent == Path(__file__).parent


@pytest.fixture(autouse=True)
def _forgotten_transports_are_collected_here(request):
    yield
    if sys.version_info < (3, 12) and _is_about_watching(request.node):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)
            gc.collect()


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
