"""What a request is refused with: a Status object, raised as a `StatusError`.

Source: k8s.io/apimachinery/pkg/api/errors/errors.go
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from poblano.cluster.field_errors import FieldError, together
from poblano.core.jsonvalue import Document


class StatusError(Exception):
    """A refusal, with all that the client is told.

    Args:
        code: the HTTP status.
        reason: the API's own word, "NotFound"; empty for none.
        message: for people.
        details: the Status' details, plain JSON; None for none.
        retry_after: seconds for the Retry-After header; None for no header.
    """

    def __init__(
        self, code: int, reason: str, message: str, *, details: Document | None = None, retry_after: int | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.message = message
        self.details = details
        self.retry_after = retry_after
        self.warnings: list[str] = []
        """What the client was to be warned of before it came to the refusal."""

    def document(self) -> Document:
        """The Status object.

        >>> not_found("configmaps", "x").document()["reason"]
        'NotFound'
        """
        status: Document = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure"}
        if self.message:
            status["message"] = self.message
        if self.reason:
            status["reason"] = self.reason
        if self.details is not None:
            status["details"] = self.details
        status["code"] = self.code
        return status


def qualified(resource: str, group: str) -> str:
    """ "deployments.apps", and "pods" for the core group."""
    return f"{resource}.{group}" if group else resource


def details(name: str, group: str, kind: str, **more: Any) -> Document:
    """A Status' details without what is empty, in the API's order."""
    found: Document = {}
    for key, value in (("name", name), ("group", group), ("kind", kind)):
        if value:
            found[key] = value
    found.update(more)
    return found


def not_found(resource: str, name: str, *, group: str = "") -> StatusError:
    """There is no object of that name: 404. `resource` is the plural."""
    message = f'{qualified(resource, group)} "{name}" not found'
    return StatusError(404, "NotFound", message, details=details(name, group, resource))


def no_such_resource() -> StatusError:
    """The path names a resource or subresource that is not served: 404."""
    return StatusError(404, "NotFound", "the server could not find the requested resource", details={})


def already_exists(resource: str, name: str, *, group: str = "") -> StatusError:
    """There is an object of that name already: 409."""
    message = f'{qualified(resource, group)} "{name}" already exists'
    return StatusError(409, "AlreadyExists", message, details=details(name, group, resource))


def generate_name_conflict(resource: str, name: str, *, group: str = "") -> StatusError:
    """The names made from generateName were all taken: 409, to be tried again."""
    message = f'{qualified(resource, group)} "{name}" already exists, the server was not able to generate a unique name for the object'
    return StatusError(
        409, "AlreadyExists", message, details=details(name, group, resource, retryAfterSeconds=1), retry_after=1
    )


def conflict(resource: str, name: str, why: str, *, group: str = "") -> StatusError:
    """The object is not what the caller thought it was: 409."""
    message = f'Operation cannot be fulfilled on {qualified(resource, group)} "{name}": {why}'
    return StatusError(409, "Conflict", message, details=details(name, group, resource))


def modified(resource: str, name: str, *, group: str = "") -> StatusError:
    """The object has another resourceVersion by now: 409."""
    why = "the object has been modified; please apply your changes to the latest version and try again"
    return conflict(resource, name, why, group=group)


def invalid(kind: str, name: str, errors: Sequence[FieldError], *, group: str = "") -> StatusError:
    """Fields of the object are wrong: 422, with a cause for each.

    >>> from poblano.cluster import field_errors
    >>> invalid("Pod", "x", [field_errors.required("spec.containers")]).message
    'Pod "x" is invalid: spec.containers: Required value'
    """
    message = f'{qualified(kind, group)} "{name}" is invalid'
    if errors:
        message += f": {together(errors)}"
    causes = {"causes": [error.cause() for error in errors]} if errors else {}
    return StatusError(422, "Invalid", message, details=details(name, group, kind, **causes))


def bad_request(message: str) -> StatusError:
    """The request makes no sense: 400."""
    return StatusError(400, "BadRequest", message)


def unauthorized() -> StatusError:
    """It is not known who asks: 401."""
    return StatusError(401, "Unauthorized", "Unauthorized")


def forbidden(resource: str, name: str, why: str, *, group: str = "", causes: Sequence[Document] = ()) -> StatusError:
    """The caller may not do that, or nobody may: 403."""
    shown = f' "{name}"' if name else ""
    message = f"{qualified(resource, group)}{shown} is forbidden: {why}"
    more = {"causes": list(causes)} if causes else {}
    return StatusError(403, "Forbidden", message, details=details(name, group, resource, **more))


def method_not_allowed(resource: str, verb: str, *, group: str = "") -> StatusError:
    """The resource has no such verb: 405."""
    message = f'{verb} is not supported on resources of kind "{qualified(resource, group)}"'
    return StatusError(405, "MethodNotAllowed", message, details=details("", group, resource))


def wrong_method() -> StatusError:
    """The path knows other methods, not this one: 405."""
    return StatusError(
        405, "MethodNotAllowed", "the server does not allow this method on the requested resource", details={}
    )


def not_acceptable(available: Sequence[str]) -> StatusError:
    """None of the types that the client accepts is spoken here: 406."""
    message = f"406: Not Acceptable\n\nAvailable representations: {', '.join(available)}"
    return StatusError(406, "NotAcceptable", message, details={})


def unsupported_media_type(accepted: Sequence[str]) -> StatusError:
    """The body is of a type that is not read here: 415."""
    message = f"the body of the request was in an unknown format - accepted media types include: {', '.join(accepted)}"
    return StatusError(415, "UnsupportedMediaType", message)


def too_large(limit: int) -> StatusError:
    """The body is longer than is read: 413."""
    return StatusError(413, "RequestEntityTooLarge", f"Request entity too large: limit is {limit}")


def expired(message: str) -> StatusError:
    """What the client refers to is compacted away: 410; it has to list again."""
    return StatusError(410, "Expired", message)


def internal(message: str) -> StatusError:
    """The server's own fault: 500."""
    text = f"Internal error occurred: {message}"
    return StatusError(500, "InternalError", text, details={"causes": [{"message": message}]})


def timeout(message: str) -> StatusError:
    """It took too long: 504."""
    return StatusError(504, "Timeout", f"Timeout: {message}", details={})
