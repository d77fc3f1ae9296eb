"""Who wants to hear of a store, and what they were told last."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial

from poblano.log import Log


class Subscribers:
    """Those who are told of each change, in the order in which they came."""

    def __init__(self) -> None:
        self._told: dict[object, Callable[[Mapping[str, str]], None]] = {}

    def subscribe(self, tell: Callable[[Mapping[str, str]], None]) -> Callable[[], None]:
        """Have `tell` called with all items whenever they have changed; returns what ends that."""
        mark = object()
        self._told[mark] = tell

        def end() -> None:
            self._told.pop(mark, None)

        return end

    def __len__(self) -> int:
        return len(self._told)

    def __iter__(self) -> Iterator[Callable[[Mapping[str, str]], None]]:
        """As they are now, whoever comes or goes meanwhile."""
        return iter(tuple(self._told.values()))


class Listeners:
    """Those of one store. What one of them raises is logged and reaches nobody.

    Args:
        name: of the store.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._told = Subscribers()
        self._shown: Mapping[str, str] = {}
        self._ready: list[Callable[[], None]] = []

    def subscribe(self, tell: Callable[[Mapping[str, str]], None]) -> Callable[[], None]:
        """Have `tell` called with all items whenever they have changed; returns what ends that."""
        return self._told.subscribe(tell)

    def on_ready(self, tell: Callable[[], None], *, known: bool) -> None:
        """Have `tell` called with the next `ready`, or now, if what there is is known."""
        if known:
            self._call(tell)
        else:
            self._ready.append(tell)

    def changed(self, read: Callable[[], Mapping[str, str]]) -> None:
        """Tell what `read` shows, if it is something else than last time, and if anybody wants to know."""
        if self._told and (items := read()) != self._shown:
            self._shown = items
            for tell in self._told:
                self._call(partial(tell, items))

    def ready(self, *, known: bool) -> None:
        """Tell those who have waited for it that what there is is known, if it is."""
        if not known:
            return
        waiting, self._ready = self._ready, []
        for tell in waiting:
            self._call(tell)

    def _call(self, tell: Callable[[], None]) -> None:
        try:
            tell()
        except BaseException as error:  # noqa: BLE001 -- whatever a user's code raises; nothing is awaited here
            Log.error(error, "a subscriber of a store failed", store=self._name)
