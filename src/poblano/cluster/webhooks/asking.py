"""One webhook, asked once about one request; mutating and validating ones alike."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from poblano.cluster import status
from poblano.cluster.attributes import Attributes
from poblano.cluster.reading import Lookup
from poblano.cluster.webhooks.answer import Answer, answer
from poblano.cluster.webhooks.calling import Caller
from poblano.cluster.webhooks.conditions import ConditionFailed
from poblano.cluster.webhooks.configuration import Hook
from poblano.cluster.webhooks.failure import Denial, NoReply, NotAsked, no_dry_run
from poblano.cluster.webhooks.review import request_of, review_of, version_for
from poblano.cluster.webhooks.versions import Asked, Kinds, Seen

Audit: TypeAlias = Callable[[Attributes, str, str], None]
"""Told of an audit annotation: the request, the key and the value."""

AuthorizerOf: TypeAlias = Callable[[Attributes], Any]
"""The variable `authorizer` of a request."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What asking takes.

    Args:
        lookup: knows the labels of namespaces.
        kinds: knows the versions of kinds.
        caller: knows the way to the webhooks.
        audit: is told of audit annotations.
        authorizer: what conditions may ask about the user of a request.
    """

    lookup: Lookup
    kinds: Kinds
    caller: Caller
    audit: Audit
    authorizer: AuthorizerOf


def wanted(desk: Desk, hook: Hook, attributes: Attributes, asked: Asked, objects: Seen) -> bool:
    """Whether a webhook's conditions hold.

    Raises:
        StatusError: they cannot be evaluated, and the webhook must not be passed by: 403.
    """
    if not hook.conditions:
        return True
    variables = {
        "object": objects.object,
        "oldObject": objects.old_object,
        "request": request_of(attributes, asked),
        "authorizer": desk.authorizer(attributes),
    }
    try:
        return hook.conditions.hold(variables)
    except ConditionFailed as error:
        resource = attributes.resource
        raise status.forbidden(resource.plural, attributes.name, str(error), group=resource.group) from None


async def ask(
    desk: Desk, hook: Hook, attributes: Attributes, asked: Asked, objects: Seen, *, mutating: bool, deadline: float
) -> Answer:
    """What a webhook says to a request that it allows. Its warnings are added to the request's.

    Raises:
        NotAsked: it said nothing of use.
        StatusError: it said no, or cannot be asked in a dry run.
    """
    if attributes.dry_run:
        _safe_in_dry_run(hook)
    version = version_for(hook.review_versions)
    uid, body = review_of(request_of(attributes, asked), objects, version)
    until = min(deadline, asyncio.get_running_loop().time() + hook.timeout)
    try:
        reply = await desk.caller.post(hook.endpoint, body, deadline=until)
    except NoReply as error:
        raise NotAsked(f"failed to call webhook: {error}") from None
    said = answer(reply, uid=uid, version=version, mutating=mutating)
    for key, value in said.audit_annotations.items():
        desk.audit(attributes, f"{hook.name}/{key}", value)
    attributes.warnings.extend(said.warnings)
    if not said.allowed:
        raise Denial(hook.name, said.status)
    return said


def _safe_in_dry_run(hook: Hook) -> None:
    if not hook.side_effects:
        raise NotAsked("Webhook SideEffects is nil")
    if hook.side_effects not in ("None", "NoneOnDryRun"):
        raise no_dry_run(hook.name)
