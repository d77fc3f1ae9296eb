"""Makes the controllers of a module: one for each rule that follows objects."""

from __future__ import annotations

from collections.abc import Iterable

from poblano.core.binding import FOLLOWERS, Binding
from poblano.core.finalizers import finalizer
from poblano.watch.calling import Caller
from poblano.watch.controller import Api, Controller, Shared
from poblano.watch.eventing import SILENT, Telling
from poblano.watch.finalizing import Finalizing
from poblano.watch.informers import Informers
from poblano.watch.leftovers import Leftovers
from poblano.watch.metrics import NOBODY, Observer
from poblano.watch.reconciling import Reconciling
from poblano.watch.watching import Watching


def controllers_of(
    bindings: Iterable[Binding],
    informers: Informers,
    *,
    caller: Caller,
    api: Api,
    uuid: str,
    ignored: Iterable[str] = (),
    observer: Observer = NOBODY,
    events: Telling = SILENT,
) -> list[Controller]:
    """The controllers of the rules that follow objects, in order; none of them is started.

    Args:
        bindings: of a module; those of webhooks are passed over.
        informers: are asked for all that the rules need; to be run by whoever made them.
        caller: who calls actions.
        api: how controllers and contexts write.
        uuid: of the module, for the names of finalizers.
        ignored: namespaces that no rule sees unless it names them.
        observer: who counts.
        events: who writes events.
    """
    followers = [binding for binding in bindings if binding.phase in FOLLOWERS]
    names = [finalizer(uuid, binding.capability, binding.rule) for binding in followers if binding.phase == "finalize"]
    informers.expect(followers)
    shared = Shared(
        informers=informers,
        caller=caller,
        api=api,
        uuid=uuid,
        ignored=tuple(ignored),
        observer=observer,
        events=events,
        leftovers=Leftovers(uuid, names),
    )
    for binding in followers:  # these are wide: who wants less of the same kind is served by them
        for source in binding.sources:
            informers.beside(source, binding)
    finalizers = {id(one): Finalizing(one, shared) for one in followers if one.phase == "finalize"}
    made: list[Controller] = []
    for binding in followers:
        if binding.phase == "finalize":
            made.append(finalizers[id(binding)])
        elif binding.phase == "watch":
            made.append(Watching(binding, shared))
        else:
            beside = [one for one in finalizers.values() if _together(one.binding, binding)]
            made.append(Reconciling(binding, shared, beside))
    return made


def _together(one: Binding, other: Binding) -> bool:
    """Whether two rules are about objects of one kind, in whatever version, and of one capability."""
    return (one.capability, one.kind.group, one.kind.plural) == (
        other.capability,
        other.kind.group,
        other.kind.plural,
    )
