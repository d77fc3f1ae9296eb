"""Who writes the events of actions, beside them."""

from __future__ import annotations

from typing import Final, Protocol

from poblano.core.binding import Binding
from poblano.core.objects import Resource
from poblano.events import EventType


class Telling(Protocol):
    """Takes events: at once, and never raises."""

    def tell(self, binding: Binding, regarding: Resource, *, type: EventType, reason: str, note: str) -> None:
        """Have an event written about an object, some time soon."""
        ...


class _Silent:
    def tell(self, binding: Binding, regarding: Resource, *, type: EventType, reason: str, note: str) -> None:
        """Do nothing."""


SILENT: Final[Telling] = _Silent()
"""Writes no events."""
