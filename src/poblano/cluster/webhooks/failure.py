"""What goes wrong with a webhook, each in the API server's words.

Sources: k8s.io/apiserver/pkg/util/webhook/error.go, .../admission/plugin/webhook/errors/statuserror.go
"""

from __future__ import annotations

from typing import Any

from poblano.cluster import status
from poblano.cluster.status import StatusError
from poblano.cluster.webhooks.go_json import quoted
from poblano.core.jsonvalue import Document, as_list, as_map


class NotAsked(Exception):
    """The webhook could not be asked, or did not answer as it should: its failure policy decides."""


class NoReply(NotAsked):
    """Nothing came back from it; the message is that of Go's HTTP client."""


class Denial(StatusError):
    """The webhook said no. What it put in its status reaches the user.

    Args:
        hook: the name of the webhook.
        given: the status of its answer; None for none.
    """

    def __init__(self, hook: str, given: Document | None) -> None:
        told = given or {}
        reason: str = told.get("reason") or ""
        why = told.get("message") or reason
        denied = f"admission webhook {quoted(hook)} denied the request"
        code = max(told.get("code") or 0, 400)
        details: Document | None = told.get("details")
        seconds: int = (details or {}).get("retryAfterSeconds") or 0
        super().__init__(
            code,
            reason,
            f"{denied}: {why}" if why else f"{denied} without explanation",
            details=_without_zeros(details),
            retry_after=seconds if seconds > 0 else None,
        )
        said = told.get("status")
        self._status = said if said and said != "Success" else "Failure"
        self._metadata: Document = _without_zeros(told.get("metadata")) or {}

    def document(self) -> Document:
        """The Status object, with the word and the metadata that the webhook chose."""
        return super().document() | {"status": self._status, "metadata": self._metadata}


def _without_zeros(value: Any) -> Any:
    """As Go writes a struct all of whose fields are `omitempty`."""
    items, document = as_list(value), as_map(value)
    if items is not None:
        return [_without_zeros(item) for item in items]
    if document is None:
        return value
    return {key: _without_zeros(item) for key, item in document.items() if item not in ("", 0, None, [])}


def failed_closed(hook: str, reason: object) -> StatusError:
    """The webhook could not be asked, and without it nothing goes: 500."""
    return status.internal(f"failed calling webhook {quoted(hook)}: {reason}")


def no_dry_run(hook: str) -> StatusError:
    """The webhook does more than answer, so a dry run cannot be: 400, whatever the failure policy."""
    return status.bad_request(f"admission webhook {quoted(hook)} does not support dry run")


def nothing_to_modify(hook: str) -> StatusError:
    """There is no object that its patch could change: 500, whatever the failure policy."""
    return status.internal(
        f"admission webhook {quoted(hook)} attempted to modify the object, which is not supported for this operation"
    )


def too_late() -> StatusError:
    """The request's own time is over: 504."""
    return StatusError(504, "Timeout", "Timeout: request did not complete within requested timeout", details={})
