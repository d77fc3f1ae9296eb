"""Which module has the strategy of a kind. A module is imported when one of its kinds is first asked for."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from typing import Final

from poblano.cluster.kinds.strategy import Strategy

_MODULES: Final[Mapping[str, tuple[str, ...]]] = {}
"""Module of this package -> its kinds as ``group/Kind``; the class is called after the kind."""


@cache
def strategy(group: str, kind: str) -> Strategy:
    """The strategy of a built-in kind. A kind without rules of its own has the common ones.

    >>> strategy("", "ConfigMap") is strategy("", "ConfigMap")
    True
    """
    wanted = f"{group}/{kind}"
    for module, kinds in _MODULES.items():
        if wanted in kinds:
            loaded: type[Strategy] = getattr(import_module(f"poblano.cluster.kinds.{module}"), kind)
            return loaded()
    return Strategy()
