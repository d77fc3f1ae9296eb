"""What runs one rule that follows objects, and what all of them share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from poblano.core.binding import Binding
from poblano.core.cache import Item, Key
from poblano.core.jsonvalue import Document
from poblano.core.kinds import Kind
from poblano.log import Log
from poblano.watch.calling import Caller
from poblano.watch.eventing import SILENT, Telling
from poblano.watch.informer import Informer
from poblano.watch.informers import Informers
from poblano.watch.lanes import Lanes
from poblano.watch.leftovers import Leftovers
from poblano.watch.metrics import NOBODY, Observer
from poblano.watch.selecting import Selection
from poblano.watch.working import Work


class Controller(Protocol):
    """What runs a rule. Before `start` and after `stop` it keeps nothing of what its informers tell it."""

    binding: Binding
    work: Work

    @property
    def informers(self) -> Sequence[Informer]:
        """All that must be synced before `start`."""
        ...

    def start(self) -> None:
        """Begin, with all that is there: once all is synced, and we lead or nobody is elected."""
        ...

    def seed(self, mine: Callable[[Key], bool]) -> None:
        """Have run what is there and `mine`: keys that have become ours after `start`."""
        ...

    def stop(self) -> None:
        """Begin nothing more. What is under way ends, or is cancelled with the task that runs `work`."""
        ...


class Api(Protocol):
    """How controllers read and write; `poblano.client.Resources` does it."""

    async def get(self, kind: Kind, name: str, namespace: str = "") -> Document:
        """One object."""
        ...

    async def list(self, kind: Kind, namespace: str = "") -> Any:
        """All of them, as ``.items``."""
        ...

    async def apply(
        self, kind: Kind, obj: Document, namespace: str = "", *, subresource: str = "", force: bool = False
    ) -> Document:
        """Server-side apply."""
        ...

    async def patch(self, kind: Kind, name: str, patch: Any, namespace: str = "", *, subresource: str = "") -> Document:
        """A JSON patch, when it is a list, else a merge patch."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """What all controllers of a module share.

    Args:
        informers: that bring objects.
        caller: who calls actions.
        api: how it is written.
        uuid: of the module.
        ignored: namespaces that no rule sees unless it names them.
        observer: who counts.
        events: who writes events.
        lanes: what runs one at a time beyond each object.
        leftovers: looks for finalizers that nobody takes off.
    """

    informers: Informers
    caller: Caller
    api: Api
    uuid: str = ""
    ignored: tuple[str, ...] = ()
    observer: Observer = NOBODY
    events: Telling = SILENT
    lanes: Lanes = field(default_factory=Lanes)
    leftovers: Leftovers


def may(work: Work, key: Key) -> bool:
    """Whether the key is ours to work on, now."""
    return work.may is None or work.may(key)


def known(informers: Iterable[Informer], key: Key) -> Item | None:
    """The object of that key, as the caches have it."""
    return next((item for informer in informers if (item := informer.cache.get(key)) is not None), None)


def ours(informers: Iterable[Informer], work: Work, mine: Callable[[Key], bool]) -> Iterator[Item]:
    """What there is of the keys that are `mine`, and ours to work on."""
    for informer in informers:
        for item in informer.cache:
            if mine(item.key) and may(work, item.key):
                yield item


def takes(binding: Binding, selection: Selection, item: Item) -> bool:
    """Whether the filters take the object; not, and with a line in the log, when a predicate of the user's raises."""
    try:
        return selection.takes(item)
    except BaseException as error:  # noqa: BLE001 -- a predicate is the user's
        Log.error(error, "the predicate of a rule failed, so the rule is skipped", **about(binding, item.key))
        return False


def about(binding: Binding, key: Key) -> dict[str, str]:
    """What a line of the log is about."""
    return {"capability": binding.capability, "rule": binding.rule, "kind": binding.kind.kind, "object": str(key)}
