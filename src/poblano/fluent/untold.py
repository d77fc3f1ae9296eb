"""What happened, and was not told yet: of each object no more than two things, however slow the listener is."""

from __future__ import annotations

from poblano.core.cache import Change, Key


class Untold:
    """Changes that wait.

    >>> from poblano.core.cache import Item
    >>> web = Item(Key("shop", "web"), "1", "7", b"{}")
    >>> untold = Untold()
    >>> for type in ("ADDED", "MODIFIED", "MODIFIED"):
    ...     untold.add(Change(type, web))
    >>> [change.type for change in iter(untold.next, None)]
    ['ADDED']
    """

    def __init__(self) -> None:
        self._waiting: dict[Key, list[Change]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._waiting.values()))

    def add(self, change: Change) -> None:
        """It happened now. Together with what waits of the same object it is told as one, where that can be."""
        waiting = self._waiting.setdefault(change.item.key, [])
        last = waiting[-1].type if waiting else None
        match last, change.type:
            case "ADDED", "DELETED":
                waiting.pop()  # nobody heard that it was there
            case "MODIFIED", "DELETED":
                waiting[-1] = change
            case "ADDED" | "MODIFIED", "MODIFIED":
                before = waiting[-1]
                waiting[-1] = Change(before.type, change.item, before.old)
            case _:
                waiting.append(change)
        if not waiting:
            del self._waiting[change.item.key]

    def next(self) -> Change | None:
        """The one that has waited longest, which waits no more; None when there is none."""
        for key, waiting in self._waiting.items():
            change = waiting.pop(0)
            if not waiting:
                del self._waiting[key]
            return change
        return None
