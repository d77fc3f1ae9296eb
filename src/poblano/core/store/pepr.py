"""Reads what Pepr's store has: one object for all capabilities, whose names are the beginnings of its keys.

>>> data = {"shop-v2-a": "1", "shop-depot-v2-b": "2", "shop-c": "3", "__pepr_do_not_delete__": "k-thx-bye"}
>>> found = imported(data, ["shop", "shop-depot"])
>>> found.items
{'shop': {'a': '1', 'c': '3'}, 'shop-depot': {'b': '2'}}
>>> found.skipped
()
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from poblano.core.kinds import Kind

PEPR_STORE = Kind("pepr.dev", "v1", "PeprStore", "peprstores")

PLACEHOLDER = "__pepr_do_not_delete__"
"""What Pepr puts into a store so that it is not empty. It is no item."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What a Pepr store comes to.

    Attributes:
        items: by capability, and then by key.
        skipped: keys that are nobody's, or not certainly anybody's, each with the reason.
    """

    items: Mapping[str, Mapping[str, str]] = field(repr=False)
    skipped: tuple[tuple[str, str], ...]


def imported(data: Mapping[str, str], capabilities: Iterable[str]) -> Imported:
    """Whose each item is.

    A key is ``<capability>-v2-<key>``, or ``<capability>-<key>`` as Pepr wrote it first. The longest name that fits is meant:
    ``shop-depot-v2-b`` is of shop-depot, not of shop. Where both spellings of a key are there, the newer one counts.

    Args:
        data: of the PeprStore.
        capabilities: the names of those that there are.
    """
    names = sorted(capabilities, key=len, reverse=True)
    items: dict[str, dict[str, str]] = {}
    skipped: list[tuple[str, str]] = []
    for key, text in data.items():
        if key == PLACEHOLDER:
            continue
        home = _home(key, names, "-v2-") or _home(key, names, "-")
        if home is None:
            skipped.append((key, "the module has no capability of that name"))
        elif not home[1]:
            skipped.append((key, "nothing is left of it without the capability's name"))
        elif f"{home[0]}-v2-{home[1]}" in data and key != f"{home[0]}-v2-{home[1]}":
            skipped.append((key, "there is a newer one of the same name"))
        else:
            items.setdefault(home[0], {})[home[1]] = text
    return Imported(items, tuple(skipped))


def _home(key: str, names: Iterable[str], between: str) -> tuple[str, str] | None:
    """The first capability whose key it is, and what it calls it."""
    for name in names:
        if key.startswith(name + between):
            return name, key.removeprefix(name + between)
    return None
