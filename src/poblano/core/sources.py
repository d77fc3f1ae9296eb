"""What else has a reconcile action run, beside the objects it is bound to: those they own, and those that are mapped to them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from poblano.core.errors import Location
from poblano.core.kinds import Kind
from poblano.core.objects import Resource
from poblano.core.projection import FULL, Projection


@dataclass(frozen=True, slots=True)
class Owned:
    """Objects of another kind, whose controller is one that is reconciled: ``.owns(a.Deployment)``.

    Args:
        kind: of the objects that are owned.
        view: their class.
        projection: how much of each is fetched and kept.
    """

    kind: Kind
    view: type[Resource]
    projection: Projection = FULL


@dataclass(frozen=True, slots=True)
class Mapped:
    """Objects of another kind, of which a function says what is to be reconciled: ``.watches(a.ConfigMap, users_of)``.

    Args:
        kind: of the objects that are watched.
        view: their class.
        function: is called with one of them, and names what is to be reconciled.
        location: where it is written.
        asks_for_known: whether it is also given the objects of the rule that are known.
        projection: how much of each is fetched and kept, and given to the function.
    """

    kind: Kind
    view: type[Resource]
    function: Callable[..., Any]
    location: Location
    asks_for_known: bool = False
    projection: Projection = FULL

    @property
    def name(self) -> str:
        """How the function is named in logs."""
        return getattr(self.function, "__name__", repr(self.function))
