"""The errors of Poblano, all in one tree.

::

    PoblanoError
    ├── InvalidDefinition      a capability, binding or kind is wrong: raised where it is written
    ├── InvalidSettings        [tool.poblano], an option or an environment variable is wrong
    ├── InvalidKubeconfig      a kubeconfig cannot be used (poblano.client.errors)
    ├── MalformedObject        an object is not what its kind says (a list where a map belongs)
    ├── MalformedReview        what was posted is not an AdmissionReview
    ├── PatchFailed            a JSON patch does not apply
    ├── Terminal               a reconcile action says that trying again will not help
    ├── LeadershipLost         another replica may lead now: nothing is written any more
    └── ApiError               the API server said no
        ├── BadRequest         400
        ├── Unauthorized       401
        ├── Forbidden          403
        ├── NotFound           404
        ├── Conflict           409
        │   └── AlreadyExists  409, reason AlreadyExists
        ├── Expired            410
        ├── Invalid            422
        ├── TooManyRequests    429
        ├── ServerError        5xx
        ├── ConnectionFailed   no answer at all
        └── CredentialsFailed  who we are could not be found out (poblano.client.errors)

Each message says what happened, to what, and what to do about it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast


class PoblanoError(Exception):
    """The root: ``except PoblanoError`` catches whatever Poblano raises on purpose."""


@dataclass(frozen=True, slots=True)
class Location:
    """A place in a user's source.

    >>> str(Location("shop.py", 12))
    'shop.py:12'
    """

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


class InvalidDefinition(PoblanoError):
    """A definition is wrong. Raised where it is written, with the file and line, what is wrong and what to write.

    >>> raise InvalidDefinition("an event is missing", "write when(a.Pod).is_created()", Location("shop.py", 12))
    Traceback (most recent call last):
    poblano.core.errors.InvalidDefinition: shop.py:12: an event is missing; write when(a.Pod).is_created()
    """

    def __init__(self, problem: str, remedy: str, location: Location | None = None) -> None:
        self.problem = problem
        self.remedy = remedy
        self.location = location
        where = f"{location}: " if location else ""
        super().__init__(f"{where}{problem}; {remedy}")


class InvalidSettings(PoblanoError):
    """A setting is unknown or its value is wrong. The message names the key, the place and what is allowed."""


class MalformedObject(PoblanoError):
    """An object does not have the shape its kind promises, or was given a value that is not JSON."""


class MalformedReview(PoblanoError):
    """What was posted is not an AdmissionReview that can be answered; `uid` is the request's when it could be read."""

    def __init__(self, message: str, uid: str = "") -> None:
        self.uid = uid
        super().__init__(message)


class PatchFailed(PoblanoError):
    """A JSON patch (RFC 6902) does not apply to the document it was made for."""


class Terminal(PoblanoError):
    """For a reconcile action to raise: trying again will not help. It runs again when the object is changed."""


class LeadershipLost(PoblanoError):
    """This process no longer leads, or no longer works on this object: another one may by now.

    Raised by what would write for an action that is still under way, and by the watcher, whose process is to end.
    """


@dataclass(frozen=True, slots=True)
class Cause:
    """One of the things that a ``Status`` says are wrong: what sort of thing, where in the object, and in words."""

    reason: str
    field: str
    message: str


class ApiError(PoblanoError):
    """The API server refused, or could not be asked.

    Attributes:
        status: the HTTP status, 0 when there was no answer.
        reason: the machine-readable reason of the ``Status``, such as ``NotFound``.
        message: the server's own words.
        method, path: what was asked.
        details: the ``details`` of the ``Status``: name, group, kind, causes.
        remedy: what to do about it, when that is known.
        retry_after: the seconds that the server asked to be left alone, if it did.
    """

    retry_after: float | None = None

    def __init__(
        self,
        message: str,
        *,
        status: int = 0,
        reason: str = "",
        method: str = "",
        path: str = "",
        details: Mapping[str, object] | None = None,
        remedy: str = "",
    ) -> None:
        self.status = status
        self.reason = reason
        self.message = message
        self.method = method
        self.path = path
        self.details: Mapping[str, object] = details or {}
        self.remedy = remedy
        asked = f"{method} {path}: ".lstrip() if path else ""
        cure = f"; {remedy}" if remedy else ""
        super().__init__(f"{asked}{message}{cure}")

    @property
    def causes(self) -> tuple[Cause, ...]:
        """Each single thing that is wrong, where the server says so: the fields of what is invalid or contested.

        >>> details = {"causes": [{"reason": "FieldValueInvalid", "message": "Invalid value: -1", "field": "spec.replicas"}]}
        >>> Invalid("it is invalid", details=details).causes
        (Cause(reason='FieldValueInvalid', field='spec.replicas', message='Invalid value: -1'),)
        """
        listed = self.details.get("causes")
        said = cast("list[object]", listed) if isinstance(listed, list) else []
        maps = [cast("Mapping[str, object]", one) for one in said if isinstance(one, Mapping)]
        return tuple(Cause(*(str(one.get(key) or "") for key in ("reason", "field", "message"))) for one in maps)


class BadRequest(ApiError):
    """400: the request itself is malformed."""


class Unauthorized(ApiError):
    """401: the API server does not know who asks."""


class Forbidden(ApiError):
    """403: the API server knows who asks and does not allow it."""


class NotFound(ApiError):
    """404: there is no such object, or no such resource."""


class Conflict(ApiError):
    """409: somebody else changed or owns what was to be written."""

    @property
    def owners(self) -> tuple[tuple[str, str], ...]:
        """The fields that an apply was refused for, each with the field manager that owns it.

        >>> contested = {"reason": "FieldManagerConflict", "message": 'conflict with "kubectl" using v1', "field": ".data.a"}
        >>> Conflict("Apply failed", details={"causes": [contested]}).owners
        (('.data.a', 'kubectl'),)
        """
        contested = [cause for cause in self.causes if cause.reason == "FieldManagerConflict"]
        return tuple((cause.field, _quoted(cause.message)) for cause in contested)


class AlreadyExists(Conflict):
    """409 with reason AlreadyExists: an object of that name is there."""


class Expired(ApiError):
    """410: the resource version or continue token asked for is gone."""


class Invalid(ApiError):
    """422: the object is well-formed and wrong."""


class TooManyRequests(ApiError):
    """429: the API server asks to come back later."""


class ServerError(ApiError):
    """5xx: the API server failed."""


class ConnectionFailed(ApiError):
    """There was no answer: refused, reset, timed out, or the certificate was not trusted. Or one that had no end: TooLong."""


def _quoted(text: str) -> str:
    """What stands between the first pair of quotes; structured-merge-diff names a manager so."""
    _, _, rest = text.partition('"')
    return rest.partition('"')[0]
