"""Validating webhooks: all at the same time, on the object as it is to be stored.

Source: k8s.io/apiserver/pkg/admission/plugin/webhook/validating/dispatcher.go
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from poblano.cluster.attributes import Attributes
from poblano.cluster.resources import GroupVersionKind
from poblano.cluster.status import StatusError
from poblano.cluster.webhooks.asking import Desk, ask, wanted
from poblano.cluster.webhooks.configuration import Hook
from poblano.cluster.webhooks.failure import NotAsked, failed_closed, too_late
from poblano.cluster.webhooks.matching import asked_of
from poblano.cluster.webhooks.versions import Asked, Seen, seen
from poblano.core.jsonvalue import Document


class _Call(NamedTuple):
    hook: Hook
    asked: Asked
    objects: Seen


async def validate(desk: Desk, hooks: Sequence[Hook], attributes: Attributes, *, deadline: float) -> None:
    """Let the webhooks judge the request.

    Raises:
        StatusError: one says no, or fails where it must not; of several, the first to be heard.
    """
    attributes = _named(attributes)
    calls = await _calls(desk, hooks, attributes)
    if not calls:
        return
    if asyncio.get_running_loop().time() >= deadline:
        raise too_late()
    refusals: list[StatusError] = []

    async def one(index: int, call: _Call) -> None:
        try:
            await _call(desk, call, attributes, index, deadline)
        except StatusError as error:
            refusals.append(error)

    if len(calls) == 1:
        await one(0, calls[0])
    else:
        async with asyncio.TaskGroup() as group:
            for index, call in enumerate(calls):
                group.create_task(one(index, call))
    if refusals:
        raise refusals[0]


def _named(attributes: Attributes) -> Attributes:
    """With the name that was generated meanwhile."""
    metadata: Document = (attributes.object or {}).get("metadata") or {}
    name: str = metadata.get("name") or ""
    return attributes if attributes.name or not name else replace(attributes, name=name)


async def _calls(desk: Desk, hooks: Sequence[Hook], attributes: Attributes) -> list[_Call]:
    calls: list[_Call] = []
    versions: dict[GroupVersionKind, Seen] = {}
    for hook in hooks:
        asked = asked_of(hook, attributes, attributes.object, desk.lookup, desk.kinds.equivalents)
        if asked is None:
            continue
        if asked.kind not in versions:
            versions[asked.kind] = await seen(attributes, asked, desk.kinds.convert)
        if wanted(desk, hook, attributes, asked, versions[asked.kind]):
            calls.append(_Call(hook, asked, versions[asked.kind]))
    return calls


async def _call(desk: Desk, call: _Call, attributes: Attributes, index: int, deadline: float) -> None:
    hook = call.hook
    try:
        await ask(desk, hook, attributes, call.asked, call.objects, mutating=False, deadline=deadline)
    except NotAsked as error:
        if not hook.ignores_failure:
            raise failed_closed(hook.name, error) from None
        place = f"failed-open.validating.webhook.admission.k8s.io/round_0_index_{index}"
        desk.audit(attributes, place, hook.name)
