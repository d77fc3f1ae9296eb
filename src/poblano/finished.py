"""What an action method returns: still the function that it was given."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, NoReturn, TypeVar, cast

from poblano.core.errors import InvalidDefinition
from poblano.core.location import caller_location

R = TypeVar("R")

_ACTIONS = ("mutate", "validate", "owns", "watches", "watch", "reconcile", "finalize")


class Finished(Generic[R]):
    """A finished rule: still the function it was made of."""

    _action: Callable[..., Any]

    def _become(self, action: Callable[..., Any]) -> None:
        self._action = action
        functools.update_wrapper(cast("Callable[..., Any]", self), action)

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> NoReturn:
            if name in _ACTIONS or name.startswith(("is_", "in_namespace", "with_", "by_", "when_")):
                raise InvalidDefinition(
                    f".{name} cannot follow this action",
                    "begin another chain with when(...); the order is filters, mutate, validate, watch or reconcile, finalize",
                    caller_location(),
                )
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}", name=name, obj=self)
