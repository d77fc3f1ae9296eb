"""Which capabilities keep something: those whose code speaks of their store."""

from __future__ import annotations

import inspect
from types import CodeType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from poblano.capability import Capability
    from poblano.module import Module


def keeps_something(module: Module) -> bool:
    """Whether any capability of the module uses its store."""
    return any(map(speaks_of_store, module.capabilities))


def speaks_of_store(capability: Capability[Any]) -> bool:
    """Whether its code uses its store: said when it was defined, or ``.store`` stands in a function of the same file as its actions."""
    if capability.keeps:
        return True
    actions = [binding.action for binding in capability.bindings] + [one.action for one in capability.schedules]
    spaces = {id(space): space for action in actions if (space := getattr(inspect.unwrap(action), "__globals__", None))}
    found = [value for space in spaces.values() for value in tuple(space.values())] + actions
    return any(_says_store(code) for value in found if (code := getattr(inspect.unwrap(value), "__code__", None)))


def _says_store(code: CodeType) -> bool:
    return "store" in code.co_names or any(_says_store(one) for one in code.co_consts if isinstance(one, CodeType))
