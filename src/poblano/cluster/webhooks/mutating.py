"""Mutating webhooks: one after another, each on what the one before made of the object; some a second time.

Sources: k8s.io/apiserver/pkg/admission/plugin/webhook/mutating/dispatcher.go, reinvocationcontext.go
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from poblano.cluster.attributes import Attributes
from poblano.cluster.webhooks.asking import Desk, ask, wanted
from poblano.cluster.webhooks.configuration import Hook
from poblano.cluster.webhooks.failure import NotAsked, failed_closed, too_late
from poblano.cluster.webhooks.matching import asked_of
from poblano.cluster.webhooks.patched import patched
from poblano.cluster.webhooks.versions import Asked, Seen, converted, seen
from poblano.core.jsonvalue import identical


@dataclass(slots=True)
class _Rounds:
    """Which webhooks are to be called again.

    Args:
        called: those that may be, and have been called since the object last changed.
        again: those that must be, for the object changed after their call.
    """

    called: set[str] = field(default_factory=set[str])
    again: set[str] = field(default_factory=set[str])
    changed: bool = False

    def note_change(self) -> None:
        self.changed = True
        self.again |= self.called
        self.called.clear()


class _State:
    """The object on its way, in the version of the webhook that saw it last."""

    def __init__(self, desk: Desk, attributes: Attributes) -> None:
        self.desk = desk
        self.attributes = attributes
        self.asked = Asked(attributes.resource, attributes.kind)
        self.objects = Seen(attributes.object, attributes.old_object)
        self.dirty = False

    async def turn(self, asked: Asked) -> None:
        """Have the objects in the version that a webhook wants."""
        if asked.kind != self.asked.kind:
            new, convert = self.objects.object, self.desk.kinds.convert
            if self.dirty and new is not None:
                new = await converted(new, self.asked.resource, asked.resource, convert)
                old = (await seen(self.attributes, asked, convert)).old_object if self.objects.old_object else None
                self.objects = Seen(new, old)
            else:
                self.objects = await seen(self.attributes, asked, convert)
        self.asked = asked


async def mutate(desk: Desk, hooks: Sequence[Hook], attributes: Attributes, *, deadline: float) -> None:
    """Let the webhooks change the request's object.

    Raises:
        StatusError: one says no, or fails where it must not.
    """
    rounds = _Rounds()
    await _round(desk, hooks, attributes, rounds, number=0, deadline=deadline)
    if rounds.changed:
        again = [hook for hook in hooks if hook.uid in rounds.again]
        await _round(desk, again, attributes, rounds, number=1, deadline=deadline)


async def _round(
    desk: Desk, hooks: Sequence[Hook], attributes: Attributes, rounds: _Rounds, *, number: int, deadline: float
) -> None:
    state = _State(desk, attributes)
    for index, hook in enumerate(hooks):
        asked = asked_of(hook, attributes, state.objects.object, desk.lookup, desk.kinds.equivalents)
        if asked is None:
            continue
        await state.turn(asked)
        if not wanted(desk, hook, attributes, asked, state.objects):
            continue
        try:
            changed = await _call(hook, state, deadline)
        except NotAsked as error:
            _pass_by(desk, hook, attributes, error, f"mutation/round_{number}_index_{index}", deadline)
            changed = False
        if changed:
            rounds.note_change()
        if hook.reinvoked:
            rounds.called.add(hook.uid)
    if state.dirty and state.objects.object is not None:
        await state.turn(Asked(attributes.resource, attributes.kind))
        attributes.object = state.objects.object


async def _call(hook: Hook, state: _State, deadline: float) -> bool:
    """Whether the webhook changed the object."""
    desk, before = state.desk, state.objects
    said = await ask(desk, hook, state.attributes, state.asked, before, mutating=True, deadline=deadline)
    after = patched(hook, said, before.object, state.asked, desk.kinds.restore)
    if after is None:
        return False
    state.objects = Seen(after, before.old_object)
    state.dirty = True
    return not identical(before.object, after)


def _pass_by(desk: Desk, hook: Hook, attributes: Attributes, error: NotAsked, place: str, deadline: float) -> None:
    """Go on without a webhook, if it may be done without."""
    if not hook.ignores_failure:
        raise failed_closed(hook.name, error) from None
    desk.audit(attributes, f"failed-open.{place.replace('/', '.webhook.admission.k8s.io/')}", hook.name)
    if asyncio.get_running_loop().time() >= deadline:
        raise too_late() from None
