"""A configuration merged into an object: what it says wins, what it does not say stays.

Source: sigs.k8s.io/structured-merge-diff/v6/typed/merge.go
"""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

from poblano.cluster.managed.elements import element_of
from poblano.cluster.managed.types import DEDUCED, ListType, MapType, Type
from poblano.core.jsonvalue import Document, copied

_NOTHING: Final[Any] = object()


def merge(kind: Type, live: Document, config: Document) -> Document:
    """A new document: `live` with everything that `config` says."""
    merged = _merged(kind, live, config)
    return {} if merged is _NOTHING else merged


def _merged(kind: Type, live: Any, config: Any) -> Any:
    if config is _NOTHING:
        return copied(live)
    mapped, listed = kind.map, kind.list
    if mapped is not None and not mapped.atomic and _is(dict, live, config):
        return _maps(mapped, live if live.__class__ is dict else {}, config or {})
    if listed is not None and not listed.atomic and _is(list, live, config):
        return _lists(listed, live if live.__class__ is list else [], config or [])
    return copied(config)


def _is(kind: type, live: Any, config: Any) -> bool:
    """Whether the two merge as values of that kind: neither is of another, and there is something in one of them."""
    if config is not None and config.__class__ is not kind:
        return False
    return bool(config) or (live.__class__ is kind and bool(live))


def _maps(kind: MapType, live: Document, config: Document) -> Document:
    found: Document = {}
    for key in [*live, *(key for key in config if key not in live)]:
        named = kind.fields.get(key)
        inner = named or kind.rest or DEDUCED
        value = _merged(inner, live.get(key, _NOTHING), config.get(key, _NOTHING))
        if value is None and kind.go and config.get(key, _NOTHING) is None:
            value = _nothing_of(inner) if named is None else _NOTHING
        if value is not _NOTHING:
            found[key] = value
    return found


def _nothing_of(kind: Type) -> Any:
    """What null becomes as the value of a map of Go."""
    return "" if kind.scalar == "string" else _NOTHING


def _lists(kind: ListType, live: list[Any], config: list[Any]) -> list[Any]:
    """Items of both in the order of the configuration; those it does not know stay behind what they stood behind."""
    left = [element_of(kind, item) for item in live]
    right = [element_of(kind, item) for item in config]
    counts = Counter(left)
    once = {element: item for element, item in zip(left, live, strict=True) if counts[element] == 1}
    asked = dict(zip(right, config, strict=True))
    known = set(left)
    shared = iter([element for element in right if element in known])
    wanted = next(shared, None)
    found: list[Any] = []
    done: set[str] = set()
    at = taken = 0
    while at < len(left) or taken < len(right):
        element = left[at] if at < len(left) else None
        if element is not None and element not in asked:
            found.append(copied(live[at]))
            at += 1
            continue
        if element is not None and taken < len(right) and element != right[taken] and wanted not in (None, element):
            at += 1
            continue
        if element is not None and (element in done or (taken < len(right) and element == right[taken])):
            at += 1
        if taken < len(right):
            asking = right[taken]
            found.append(_merged(kind.item, once.get(asking, _NOTHING), asked[asking]))
            done.add(asking)
            taken += 1
            wanted = next(shared, None) if asking in (wanted, element) else wanted
    return found
