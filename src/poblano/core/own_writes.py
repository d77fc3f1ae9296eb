"""Read your own writes: a cache has what we wrote as soon as the server has answered, and no older word of it counts.

A watch is behind: it may still say what was before a write that has been answered. So the answer goes into the cache, and
what the watch says of that object is passed over until it has come as far. The Java Operator SDK does the same
(TemporaryResourceCache). Versions of one resource are ordered for that:
https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions

>>> web, own = Key("shop", "web"), OwnWrites()
>>> own.took(web, "12", seen="9", known="8"), own.took(web, "9", seen="9", known=None)
(True, False)
>>> own.overtakes(web, "10"), own.overtakes(web, "12"), own.overtakes(web, "10")
(True, True, False)
"""

from __future__ import annotations

from poblano.core.cache import Key


class OwnWrites:
    """The objects that are known to be newer than what the watch has come to."""

    def __init__(self) -> None:
        self._versions: dict[Key, int] = {}
        self._recent: set[Key] = set()

    def __len__(self) -> int:
        return len(self._versions)

    def __contains__(self, key: Key) -> bool:
        return key in self._versions

    def took(self, key: Key, version: str, *, seen: str, known: str | None) -> bool:
        """Whether the answer to a write is news.

        It is none when the watch has come as far: the object may have been deleted after that.

        Args:
            key: what was written.
            version: the resource version in the answer.
            seen: the version that the watch has come to.
            known: the version that the cache has of the object, if any.
        """
        wrote, came, had = number(version), number(seen), number(known or "")
        if wrote is None or came is None or wrote <= max(came, had or 0):
            return False
        self._versions[key] = wrote
        self._recent.add(key)
        return True

    def overtakes(self, key: Key, version: str, *, gone: bool = False) -> bool:
        """Whether what the watch says of an object is as old as our write, or older. Once it is newer, that is forgotten.

        Args:
            key: of what.
            version: that it says.
            gone: it says that the object is gone. No write of ours has the same version as that.
        """
        wrote, said = self._versions.get(key), number(version)
        if wrote is None:
            return False
        if said is None or said >= wrote:
            self._forget(key)
        return said is not None and said <= wrote and not (gone and said == wrote)

    def list_begins(self) -> None:
        """A list was begun: what was written before is in it, if it still is at all."""
        self._recent.clear()

    def listed(self, version: str) -> tuple[Key, ...]:
        """A list is complete; which objects were written since it was begun, and are newer than it. The rest is forgotten."""
        came = number(version)
        newer = {key: self._versions[key] for key in self._recent if came and self._versions[key] > came}
        self._versions, self._recent = newer, set(newer)
        return tuple(newer)

    def _forget(self, key: Key) -> None:
        self._versions.pop(key, None)
        self._recent.discard(key)


def number(version: str) -> int | None:
    """A resource version as the number that it is; None where it is none."""
    return int(version) if version.isascii() and version.isdigit() and version != "0" else None
