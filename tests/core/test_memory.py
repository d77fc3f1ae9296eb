from __future__ import annotations

import ctypes
import sys

from poblano.cluster.openapi.memory import give_back_memory


def test_it_gives_back_and_may_be_asked_again_and_again() -> None:
    assert give_back_memory() is None
    assert give_back_memory() is None


def test_elsewhere_than_on_linux_it_does_nothing(monkeypatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(ctypes, "CDLL", None)
    assert give_back_memory() is None
