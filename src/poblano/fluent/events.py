"""`write_event`, in the cluster that the module runs in."""

from __future__ import annotations

from poblano import events
from poblano.core.jsonvalue import Document
from poblano.core.objects import Resource
from poblano.events import EventClient, EventType


async def write_event(
    about: Resource,
    *,
    type: EventType,
    reason: str,
    note: str,
    action: str,
    reporting_controller: str,
    client: EventClient | None = None,
) -> Document:
    """Write an event about an object. In an action for a dry run it is sent as one, so that nothing is stored.

    Args:
        about: the object, as it is in the cluster.
        type: ``Normal`` or ``Warning``.
        reason: why, in a word: ``Rejected``.
        note: what happened, for people; cut at 1024 bytes.
        action: what was done, in a word: ``Validating``.
        reporting_controller: who says so, such as ``shop.example.com/prices``.
        client: an open client; None means the cluster that the module runs in.

    Returns:
        The event as it was stored.

    Raises:
        MalformedObject: when the object has no kind or name, or a word is missing or too long.
        ApiError: when the API server refuses.
    """
    from poblano.client.ambient import current_resources

    return await events.write_event(
        about,
        type=type,
        reason=reason,
        note=note,
        action=action,
        reporting_controller=reporting_controller,
        client=client or await current_resources(),
    )
