"""Which updates of an object are news to a rule: ``when_changed(generation_changed() | labels_changed("tier"))``.

A predicate is asked about updates alone. What is new, what is gone, what has begun to be deleted, and what has another uid than
before always passes, as does an object that the filters of the chain did not take before.

>>> old, new = {"metadata": {"generation": 1}}, {"metadata": {"generation": 2}}
>>> generation_changed().passes(old, new), labels_changed().passes(old, new)
(True, False)
>>> (labels_changed() | generation_changed()).passes(old, new), (~generation_changed()).passes(old, new)
(True, False)
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from poblano.core.errors import InvalidDefinition
from poblano.core.jsonvalue import Document, as_list, as_map, same
from poblano.core.location import caller_location


class Predicate(ABC):
    """Says of an update whether it is news. ``|`` is for either of two, ``&`` for both, ``~`` for the opposite."""

    __slots__ = ()

    @abstractmethod
    def passes(self, old: Document, new: Document) -> bool:
        """Whether the update from `old` to `new` is news."""

    def __or__(self, other: Predicate) -> Predicate:
        return AnyOf((self, other))

    def __and__(self, other: Predicate) -> Predicate:
        return AllOf((self, other))

    def __invert__(self) -> Predicate:
        return Not(self)


@dataclass(frozen=True, slots=True)
class AnyOf(Predicate):
    """One of `parts` passes."""

    parts: tuple[Predicate, ...]

    def passes(self, old: Document, new: Document) -> bool:
        """See `Predicate`."""
        return any(part.passes(old, new) for part in self.parts)


@dataclass(frozen=True, slots=True)
class AllOf(Predicate):
    """All of `parts` pass."""

    parts: tuple[Predicate, ...]

    def passes(self, old: Document, new: Document) -> bool:
        """See `Predicate`."""
        return all(part.passes(old, new) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Not(Predicate):
    """`part` does not pass."""

    part: Predicate

    def passes(self, old: Document, new: Document) -> bool:
        """See `Predicate`."""
        return not self.part.passes(old, new)


@dataclass(frozen=True, slots=True)
class FieldChanged(Predicate):
    """What is at one of `paths` is another value, or came, or went. A part of a path is a key, or the index of a list."""

    paths: tuple[tuple[str, ...], ...]

    def passes(self, old: Document, new: Document) -> bool:
        """See `Predicate`."""
        return any(not same(_at(old, path), _at(new, path)) for path in self.paths)


@dataclass(frozen=True, slots=True)
class Told(Predicate):
    """A Python function of the two objects says so.

    Args:
        function: given what the object was, and what it is.
        view: makes an object of a document.
    """

    function: Callable[[Any, Any], object]
    view: Callable[[Document], Any]

    def passes(self, old: Document, new: Document) -> bool:
        """See `Predicate`. What the function raises is not caught here."""
        return bool(self.function(self.view(old), self.view(new)))


def generation_changed() -> Predicate:
    """Updates of what is wanted: the server counts ``metadata.generation`` up with the spec, and not with status or metadata.

    A kind that has no generation, as a ConfigMap, changes with every update.
    """
    return _Generation()


def labels_changed(*keys: str) -> Predicate:
    """Updates of labels: of these, or of any when none is named."""
    return _marks("labels_changed", "labels", keys)


def annotations_changed(*keys: str) -> Predicate:
    """Updates of annotations: of these, or of any when none is named."""
    return _marks("annotations_changed", "annotations", keys)


def field_changed(*paths: str) -> Predicate:
    """Updates of a field: ``field_changed("spec.replicas", "data")``, as the API spells it; of one of them when there are several.

    A list is gone into by number: ``spec.containers.0.image``. For a key with a dot in it there are `labels_changed` and
    `annotations_changed`, or a function of your own.

    Raises:
        InvalidDefinition: a path is none.

    >>> field_changed("spec.replicas").passes({"spec": {"replicas": 1}}, {"spec": {"replicas": True}})
    True
    """
    for path in paths or ("",):
        if not isinstance(path, str) or not all(path.split(".")):
            raise InvalidDefinition(f"{path!r} is no path", 'write field_changed("spec.replicas")', caller_location())
    return FieldChanged(tuple(tuple(path.split(".")) for path in paths))


@dataclass(frozen=True, slots=True)
class _Generation(Predicate):
    def passes(self, old: Document, new: Document) -> bool:
        was, is_ = _at(old, ("metadata", "generation")), _at(new, ("metadata", "generation"))
        return is_ is None or was != is_


def always_passes(old: Document, new: Document) -> bool:
    """Whether an update is news whatever a predicate says: another object of the name, or one that is being deleted now."""
    was, is_ = as_map(old.get("metadata")) or {}, as_map(new.get("metadata")) or {}
    return was.get("uid") != is_.get("uid") or was.get("deletionTimestamp") != is_.get("deletionTimestamp")


def _marks(method: str, where: str, keys: tuple[str, ...]) -> Predicate:
    if not all(isinstance(key, str) and key for key in keys):
        raise InvalidDefinition(
            f"{method} takes names, not {', '.join(map(repr, keys))}", f'write {method}("tier")', caller_location()
        )
    if not keys:
        return FieldChanged((("metadata", where),))
    return FieldChanged(tuple(("metadata", where, key) for key in keys))


def _at(value: Any, path: tuple[str, ...]) -> Any:
    for part in path:
        if (items := as_list(value)) is not None:
            value = items[int(part)] if part.isdecimal() and int(part) < len(items) else None
        else:
            value = (as_map(value) or {}).get(part)
    return value
