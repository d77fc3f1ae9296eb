"""When to look whether a watch that says nothing has nothing to say.

>>> doubt = Doubt()
>>> doubt.silent(), doubt.silent()
(False, True)
>>> doubt.in_vain()
>>> [doubt.silent() for _ in range(4)]
[False, False, False, True]
"""

from __future__ import annotations

from typing import Final

SILENT_WATCHES: Final = 2
"""So many watches that end without an event or bookmark are doubted: one begun at a resource version that the server has
yet to reach, as after etcd was restored, is silent and no error."""

MOST_SILENT: Final = 16
"""How many it becomes where looking found nothing: some servers send no bookmarks, and those look just like that when
others than ours are busy."""


class Doubt:
    """Counts the watches in a row that ended without a sign."""

    def __init__(self) -> None:
        self._silent = 0
        self._most = SILENT_WATCHES

    def heard(self) -> None:
        """The server gave a sign."""
        self._silent = 0

    def silent(self) -> bool:
        """One more watch has ended without any; whether it is time to look."""
        self._silent += 1
        return self._silent >= self._most

    def in_vain(self) -> None:
        """Somebody looks, and may find nothing: look half as often from now on, unless something is found."""
        self._silent = 0
        self._most = min(MOST_SILENT, self._most * 2)

    def missed(self) -> None:
        """Something was missed."""
        self._most = SILENT_WATCHES
