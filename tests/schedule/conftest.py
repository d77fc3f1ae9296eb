"""An embedded cluster that serves stores, and what is needed to run schedules in it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from poblano.client import Resources, connect
from poblano.cluster.serving.served import Settings
from poblano.core.kinds import Kind
from poblano.core.store.definition import store_definition
from tests.cluster.serving_cluster import Running, running

DEFINITIONS = Kind(
    "apiextensions.k8s.io", "v1", "CustomResourceDefinition", "customresourcedefinitions", namespaced=False
)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Running]:
    with running(Settings()) as cluster:
        yield cluster


@pytest.fixture
async def client(cluster):
    async with connect(cluster.kubeconfig) as client:
        await Resources(client).apply(DEFINITIONS, store_definition(), force=True)
        yield client


NUMBERS = itertools.count(1)


@pytest.fixture
def uuid() -> str:
    """A module of its own for each test."""
    return f"m{next(NUMBERS)}"
