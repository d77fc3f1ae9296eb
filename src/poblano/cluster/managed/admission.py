"""What admission may do to managedFields: change them, but not break them.

Source: k8s.io/apiserver/pkg/endpoints/handlers/fieldmanager/admission.go
"""

from __future__ import annotations

from typing import Any

from poblano.cluster.managed.entries import MalformedEntries, read_entries
from poblano.core.jsonvalue import Document


def checked_after_admission(document: Document, before: Any) -> str | None:
    """Put managedFields back where admission left them unreadable.

    Args:
        document: the object that admission changed.
        before: its managedFields from before.

    Returns:
        The warning for the client; None where there is nothing to warn of.
    """
    metadata: Document = document.get("metadata") or {}
    try:
        read_entries(metadata.get("managedFields") or ())
    except (MalformedEntries, AttributeError, TypeError) as error:
        metadata["managedFields"] = before
        if not before:
            del metadata["managedFields"]
        return (
            ".metadata.managedFields was in an invalid state after admission; this could be caused by an outdated mutating "
            f"admission controller; please fix your requests: {error}"
        )
    return None
