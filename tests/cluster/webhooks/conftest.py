"""One listener for all tests of this folder: it starts anew for each, on the same port."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cluster.webhooks.listening import Listener, listening
from tests.cluster.webhooks.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def _running() -> Iterator[Listener]:
    with listening() as listener:
        yield listener


@pytest.fixture
def listener(_running: Listener) -> Listener:
    """Webhooks that allow everything, until a test scripts them."""
    _running.replies.clear()
    _running.received.clear()
    return _running


@pytest.fixture
def world() -> World:
    """An empty cluster with the namespace shop."""
    made = World()
    made.namespace("shop", **{"kubernetes.io/metadata.name": "shop", "case": "yes"})
    return made
