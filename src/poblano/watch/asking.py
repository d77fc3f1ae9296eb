"""What a list and a watch are asked with, and what a refusal of them means."""

from __future__ import annotations

from typing import cast

from poblano.core.cache import Item, Key
from poblano.core.errors import ApiError
from poblano.core.filters import Subject
from poblano.core.jsonvalue import Document, as_list, as_map
from poblano.core.kinds import Kind
from poblano.core.listwatch import List, Watch
from poblano.core.metadata import Metadata
from poblano.core.refusals import explained
from poblano.core.watch_events import Failure


def list_query(asked: List) -> dict[str, str]:
    """The parameters of a list, or of a page of it."""
    wanted = {"continue": asked.continue_token, "limit": str(asked.limit or "")}
    if not asked.continue_token:
        wanted["resourceVersion"] = asked.resource_version
    if asked.only is not None:
        wanted["fieldSelector"] = _named(asked.only)
    return {name: value for name, value in wanted.items() if value}


def _named(key: Key) -> str:
    return ",".join(f"metadata.{part}={value}" for part, value in key._asdict().items() if value)


def watch_query(asked: Watch) -> dict[str, str]:
    """The parameters of a watch."""
    query = {"watch": "true", "allowWatchBookmarks": "true", "timeoutSeconds": str(asked.timeout)}
    if asked.initial:
        return {**query, "sendInitialEvents": "true", "resourceVersionMatch": "NotOlderThan"}
    return {**query, "resourceVersion": asked.resource_version}


def failure(error: ApiError, kind: Kind, namespace: str) -> Failure:
    """What a refusal, or the lack of an answer, is for a reflector."""
    found = error.details.get("causes")
    causes = cast("list[dict[str, object]]", found) if isinstance(found, list) else []
    return Failure(
        status=error.status,
        reason=error.reason,
        message=explained(error.status, kind, namespace, error.message if error.status in {403, 404} else str(error)),
        retry_after=error.retry_after,
        causes=frozenset(str(cause.get("reason", "")) for cause in causes),
    )


def is_going(document: Document) -> bool:
    """Whether a write was the last of its object: nothing keeps it any more, and it may be gone already.

    >>> is_going({"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z", "finalizers": []}})
    True
    """
    metadata = as_map(document.get("metadata")) or {}
    kept = as_list(metadata.get("finalizers")) or metadata.get("deletionGracePeriodSeconds")
    return bool(metadata.get("deletionTimestamp")) and not kept


def subject_of(item: Item) -> Subject:
    """What a selector looks at."""
    labels = Metadata.tolerantly(item.raw).labels
    return Subject(namespace=item.key.namespace, name=item.key.name, labels=labels or {})
