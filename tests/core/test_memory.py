from __future__ import annotations

import ctypes
import sys

from poblano.core.memory import give_back_memory, share_memory


def test_it_gives_back_and_may_be_asked_again_and_again() -> None:
    for _ in range(2):
        give_back_memory()
        share_memory()


def test_elsewhere_than_on_linux_it_does_nothing(monkeypatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(ctypes, "CDLL", None)
    give_back_memory()
    share_memory()
