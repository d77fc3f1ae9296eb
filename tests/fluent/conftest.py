from __future__ import annotations

import itertools

import pytest

from poblano import K8s, a
from poblano.client import connect
from poblano.client.ambient import using
from poblano.cluster.serving.served import Settings
from tests.cluster.serving_cluster import running

_numbers = itertools.count()


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
    name = f"fluent-{next(_numbers)}"
    await K8s(a.Namespace, client=client).create({"metadata": {"name": name}})
    return name


@pytest.fixture
def _ambient_is_set_in_the_test():
    """A fixture runs in a context of its own: see `ambient`."""


@pytest.fixture
def ambient(client):
    """``with ambient():`` in a test."""
    return lambda: using(client, field_manager="poblano-tests")
