"""Python 3.11 forgets the transport of a connection that is cancelled during its TLS handshake, and warns of it when the collector
finds it: in whichever test that happens to be. Later versions close it.

A folder whose tests leave connections so has both of these in its conftest: its tests do not fail for it, and leave nothing behind.
"""

from __future__ import annotations

import gc
import sys
import warnings
from collections.abc import Iterable, Iterator

import pytest

FORGETFUL = sys.version_info < (3, 12)


def may_be_cancelled(items: Iterable[pytest.Item]) -> None:
    """These tests may leave such transports."""
    for item in items:
        if FORGETFUL:
            item.add_marker(pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"))


@pytest.fixture(autouse=True)
def forgotten_transports_are_collected_here() -> Iterator[None]:
    """Before another test meets them."""
    yield
    if FORGETFUL:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)
            gc.collect()
