"""The runner's own test: what both checkers spell differently and checkers.py makes one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class Box:
    size: int = 1
    name: str | None = None

    def each(self, action: Callable[[Box], T]) -> list[T]:
        return [action(self)]


async def fetch() -> Box:
    return Box()


def maybe(box: Box) -> str | None:
    return box.name


box = Box()

reveal_type(box)  # revealed: Box
reveal_type(box.name)  # revealed: str | None
reveal_type(maybe)  # revealed: (box: Box) -> str | None
reveal_type(fetch())  # revealed: Coroutine[Any, Any, Box]
reveal_type(box.each(lambda it: it.size))  # revealed: list[int]
reveal_type({"a": [box]})  # revealed: dict[str, list[Box]]

box.colour  # error: attr-defined | reportAttributeAccessIssue
box.size = "large"  # error: assignment | reportAttributeAccessIssue
maybe(1)  # error: arg-type | reportArgumentType
