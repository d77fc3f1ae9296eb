"""Events: what ``kubectl describe`` shows below an object."""

from __future__ import annotations

import os
import socket
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Literal, Protocol

from poblano.core.article import article
from poblano.core.context import is_dry_run
from poblano.core.errors import MalformedObject
from poblano.core.jsonvalue import Document
from poblano.core.objects import Resource
from poblano.names import sanitize_resource_name

if TYPE_CHECKING:
    from poblano.models.events_v1 import Event

NOTE_LIMIT: Final = 1024
"""kubernetes/pkg/apis/core/validation/events.go: NoteLengthLimit, in bytes."""
REASON_LIMIT: Final = 128
"""The same: ReasonLengthLimit, for the reason and the action."""

EventType = Literal["Normal", "Warning"]


class EventClient(Protocol):
    """What can write an event: `poblano.client.Resources`."""

    async def create(
        self, kind: type[Resource], obj: Resource, namespace: str = "", *, dry_run: bool = False
    ) -> Document: ...


async def write_event(
    about: Resource,
    *,
    type: EventType,
    reason: str,
    note: str,
    action: str,
    reporting_controller: str,
    client: EventClient,
) -> Document:
    """Write an event about an object; `poblano.write_event` says the rest.

    Args:
        about, type, reason, note, action, reporting_controller: as there.
        client: an open client.
    """
    event = event_about(
        about, type=type, reason=reason, note=note, action=action, reporting_controller=reporting_controller
    )
    return await client.create(_event_class(), event, event.metadata.namespace, dry_run=is_dry_run())


def event_about(
    about: Resource, *, type: EventType, reason: str, note: str, action: str, reporting_controller: str
) -> Event:
    """The event that `write_event` writes."""
    given: list[tuple[str, object]] = [("reason", reason), ("note", note)]  # whoever has no type checker
    for name, word in given:
        if not isinstance(word, str):
            raise MalformedObject(
                f"the {name} of an event is text, not {article(word.__class__.__name__)}; write str(...) around it"
            )
    for name, word in (("reason", reason), ("action", action), ("reporting_controller", reporting_controller)):
        if not word or len(word.encode("utf-8", "replace")) > REASON_LIMIT:
            raise MalformedObject(f"the {name} of an event is {word[:40]!r}; write 1 to {REASON_LIMIT} characters")
    metadata, (api_version, kind) = about.metadata, version_and_kind(about)
    if not metadata.name:
        raise MalformedObject(f"an event is about something that has a name; this {kind} has none yet")
    prefix = sanitize_resource_name(metadata.name, limit=200) or kind.lower()
    regarding = {
        "apiVersion": api_version,
        "kind": kind,
        "namespace": metadata.namespace,
        "name": metadata.name,
        "uid": metadata.uid,
        "resourceVersion": metadata.resource_version,
    }
    return _event_class()(
        metadata={"generateName": f"{prefix}-", "namespace": metadata.namespace or "default"},
        event_time=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        type=type,
        reason=reason,
        note=_cut(note),
        action=action,
        reporting_controller=reporting_controller,
        reporting_instance=_instance(),
        regarding={key: value for key, value in regarding.items() if value},
    )


def version_and_kind(obj: Resource) -> tuple[str, str]:
    """The ``apiVersion`` and ``kind`` of an object: what it says itself, or else its class.

    Raises:
        MalformedObject: when neither does.
    """
    known = type(obj).__kind__
    api_version = obj.api_version or (known.api_version if known else "")
    kind = obj.kind or (known.kind if known else "")
    if not api_version or not kind:
        raise MalformedObject("the object says no apiVersion and kind, and its class neither; set both")
    return api_version, kind


def _event_class() -> type[Event]:
    from poblano.models.events_v1 import Event

    return Event


def _cut(note: str) -> str:
    encoded = note.encode("utf-8", "replace")
    if len(encoded) <= NOTE_LIMIT:
        return encoded.decode()
    return encoded[: NOTE_LIMIT - 3].decode("utf-8", "ignore") + "…"


def _instance() -> str:
    """The pod's name in a cluster; elsewhere the machine and process."""
    host = socket.gethostname() or "unknown"
    return (host if os.getpid() == 1 else f"{host}-{os.getpid()}")[:REASON_LIMIT]
