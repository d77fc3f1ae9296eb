"""What has a reconcile action run beside its own objects: those they own, by uid, and those that a function maps to them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, cast

from poblano.core.article import article
from poblano.core.binding import Binding
from poblano.core.cache import Change, Item, Key
from poblano.core.objects import Resource
from poblano.core.owning import by_controller, controller_of
from poblano.core.review import decode
from poblano.core.sources import Mapped
from poblano.log import Log
from poblano.watch.informer import Informer
from poblano.watch.informers import Informers

CONTROLLER = "poblano: controller"
"""The name of the index by the uid of the controller."""


class Sources:
    """The other objects that concern those of a rule.

    They are looked for where the rule is: in its namespaces, or everywhere.

    Args:
        binding: the rule.
        informers: who knows them.
        own: who knows the objects of the rule.
        concerns: is told the key of an object to reconcile, and the version of what concerns it.

    Attributes:
        asked: whether functions are asked. Before the start all is run anyway; they would look through all there is for each
            object that there is.
    """

    def __init__(
        self, binding: Binding, informers: Informers, own: Sequence[Informer], concerns: Callable[[Key, str], object]
    ) -> None:
        self._binding = binding
        self._own = own
        self._concerns = concerns
        self.asked = False
        found: list[Informer] = []
        for owned in binding.owns:
            for informer in informers.beside(owned, binding):
                informer.add_index(CONTROLLER, by_controller)
                informer.subscribe(self._hear_owned)
                found.append(informer)
        for mapped in binding.watches:
            for informer in informers.beside(mapped, binding):
                informer.subscribe(partial(self._hear_mapped, mapped))
                found.append(informer)
        self.informers = tuple(dict.fromkeys(found))

    def _hear_owned(self, change: Change) -> None:
        """Also when it has another owner now: the old one is short of it."""
        for item in _states(change):
            reference = controller_of(item)
            if reference is None:
                continue
            key = Key(item.key.namespace if self._binding.kind.namespaced else "", reference.name)
            for informer in self._own:
                owner = informer.cache.get(key)
                if owner is not None and owner.uid == reference.uid:
                    self._concerns(key, change.item.resource_version)

    def _hear_mapped(self, mapped: Mapped, change: Change) -> None:
        if not self.asked:
            return
        problems: list[BaseException] = []
        for item in _states(change):
            try:
                concerned = list(self._keys(self._mapped(mapped, item), item.key.namespace))
                for key in concerned:  # only now: where one of them is none, none is reconciled
                    self._concerns(key, change.item.resource_version)
            except BaseException as error:  # noqa: BLE001 -- it is the user's function
                problems.append(error)
        if problems:  # of what it was and of what it is, which are one change
            Log.error(
                problems[-1],
                "the function of .watches(...) failed: what it would have named is not reconciled",
                rule=self._binding.title,
                function=mapped.name,
                kind=mapped.kind.kind,
                object=str(change.item.key),
            )

    def _mapped(self, mapped: Mapped, item: Item) -> object:
        """What its function answers."""
        obj = mapped.view.of(decode(item.raw) or {})
        beside = (self._known(item.key.namespace),) if mapped.asks_for_known else ()
        return mapped.function(obj, *beside)

    def _known(self, namespace: str) -> Iterator[Resource]:
        """The objects of the rule, decoded as they are asked for; those of a namespace if there are such."""
        everywhere = not (namespace and self._binding.kind.namespaced)
        view = self._binding.view
        for informer in dict.fromkeys(self._own):
            for item in informer.cache:
                if everywhere or item.key.namespace == namespace:
                    yield view.of(decode(item.raw) or {})

    def _keys(self, answer: object, namespace: str) -> Iterator[Key]:
        """The keys in what a function answered: a name, a pair, an object, or any number of these."""
        if answer is None:
            return
        here = namespace if self._binding.kind.namespaced else ""
        if isinstance(answer, str):
            space, _, name = answer.rpartition("/")
            yield Key(space or here, name)
        elif isinstance(answer, Resource):
            yield Key(answer.metadata.namespace, answer.metadata.name)
        elif _is_pair(answer):
            yield Key(*cast("tuple[str, str]", answer))
        elif _is_many(answer):
            for one in cast("Iterable[Any]", answer):
                yield from self._keys(one, namespace)
        else:
            raise TypeError(
                f"it answered {article(answer.__class__.__name__)}, which names nothing; it answers names, pairs of namespace and "
                "name, objects, any number of these, or None"
            )


def _states(change: Change) -> tuple[Item, ...]:
    """What the object is, and what it was, where that is something else."""
    if change.old is None or change.type == "DELETED":
        return (change.item,)
    return (change.old, change.item)


def _is_pair(answer: object) -> bool:
    if not isinstance(answer, tuple):
        return False
    parts = cast("tuple[object, ...]", answer)
    return len(parts) == 2 and all(isinstance(part, str) for part in parts)


def _is_many(answer: object) -> bool:
    """What a map or bytes would yield are no names."""
    return isinstance(answer, Iterable) and not isinstance(answer, Mapping | bytes)
