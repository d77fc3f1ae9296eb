"""What several tests of commands share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from poblano.cluster.serving.served import Settings
from tests.cluster.serving_cluster import running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def embedded() -> Iterator[Path]:
    """The kubeconfig of an embedded cluster."""
    with running(Settings()) as cluster:
        yield cluster.kubeconfig
