"""Loads uvicorn without what it has for developers: its reloader brings watchfiles, anyio and multiprocessing, 3 MB in all."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from types import ModuleType
from typing import Any

_RELOADER = "uvicorn.supervisors"


def load() -> None:
    """Import uvicorn, unless that was done. Who wants its reloader later gets it then."""
    if "uvicorn" in sys.modules:
        return
    stand_in = ModuleType(_RELOADER)
    stand_in.__getattr__ = _later  # type: ignore[method-assign]
    sys.modules[_RELOADER] = stand_in
    try:
        import_module("uvicorn")
    finally:
        sys.modules.pop(_RELOADER, None)


def _later(name: str) -> Callable[..., Any]:
    if name.startswith("__"):
        raise AttributeError(name)

    def make(*arguments: Any, **options: Any) -> Any:
        return getattr(import_module(_RELOADER), name)(*arguments, **options)

    return make
