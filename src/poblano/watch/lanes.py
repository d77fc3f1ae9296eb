"""What runs one at a time beyond each object: all of a namespace, all of a rule, all rules that say ``global``.

A run that finds its lane taken is put aside, takes up no worker, and is called again in its turn.

>>> called = []
>>> lanes = Lanes()
>>> lanes.enter("lane", "a", lambda: called.append("a")), lanes.enter("lane", "b", lambda: called.append("b"))
(True, False)
>>> lanes.leave("lane")
>>> called, lanes.enter("lane", "c", lambda: called.append("c")), lanes.enter("lane", "b", lambda: None)
(['b'], False, True)
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Hashable
from contextlib import contextmanager
from dataclasses import dataclass, field

from poblano.core.binding import Binding
from poblano.core.cache import Key
from poblano.watch.working import Work


@dataclass(slots=True)
class _Lane:
    """Who is in it, or is to be; and who waits, in order, with how to call it."""

    holder: Hashable
    entered: bool = True
    waiting: dict[Hashable, Callable[[], object]] = field(default_factory=dict[Hashable, Callable[[], object]])


class Lanes:
    """Any number of lanes, each of them for one at a time. To be used on one event loop."""

    def __init__(self) -> None:
        self._lanes: dict[Hashable, _Lane] = {}

    def enter(self, lane: Hashable, who: Hashable, call: Callable[[], object]) -> bool:
        """Whether `who` is in the lane now, and has to `leave` it; else `call` is called when it is its turn to enter."""
        found = self._lanes.get(lane)
        if found is None:
            self._lanes[lane] = _Lane(who)
            return True
        if found.holder == who and not found.entered:
            found.entered = True
            return True
        found.waiting[who] = call
        return False

    def leave(self, lane: Hashable) -> None:
        """Whoever is in the lane is done: the next one is called, and nobody else may enter before it does."""
        found = self._lanes[lane]
        if not found.waiting:
            del self._lanes[lane]
            return
        following = next(iter(found.waiting))
        call = found.waiting.pop(following)
        found.holder, found.entered = following, False
        call()

    @contextmanager
    def turn(self, binding: Binding, key: Key, who: object, work: Work) -> Generator[bool]:
        """Whether a rule's run for an object may go on in this block; else the key is added again when it is its turn.

        Args:
            binding: the rule.
            key: of the object.
            who: runs it.
            work: its queue.
        """
        lane = lane_of(binding, key)
        if lane is None:
            yield True
        elif not self.enter(lane, (who, key), lambda: work.add(key)):
            yield False
        else:
            try:
                yield True
            finally:
                self.leave(lane)

    def __len__(self) -> int:
        return len(self._lanes)


def lane_of(binding: Binding, key: Key) -> Hashable | None:
    """The lane of an object's run; None when it has none but its own key.

    Rules have lanes of their own, but for ``global``, which is one for all that say so.
    """
    match binding.queue:
        case "kind_ns_name":
            return None
        case "kind_ns":
            return binding.phase, binding.title, key.namespace
        case "kind":
            return binding.phase, binding.title
        case "global":
            return ("global",)
