"""AdmissionReview, read and answered: ``admission.k8s.io`` v1 and v1beta1.

The envelope is decoded first; the objects in it stay raw bytes until somebody wants them. Integers are exact at any size.

>>> review = read(
...     b'{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u","operation":"CREATE",'
...     b'"object":{"metadata":{"name":"db"}}}}'
... )
>>> review.request.uid, review.request.object
('u', {'metadata': {'name': 'db'}})
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal, TypeAlias

import msgspec

from poblano.core.errors import MalformedReview
from poblano.core.jsonvalue import Document
from poblano.core.patch import Operation

Verb: TypeAlias = Literal["CREATE", "UPDATE", "DELETE", "CONNECT"]
"""What is being done, as the API server spells it."""

VERSIONS: Final = ("admission.k8s.io/v1", "admission.k8s.io/v1beta1")

_ABSENT: Final = (b"", b"null")


class GroupVersionKind(msgspec.Struct, frozen=True, gc=False):
    """A kind, as a review names it."""

    group: str = ""
    version: str = ""
    kind: str = ""


class GroupVersionResource(msgspec.Struct, frozen=True, gc=False):
    """A resource, as a review names it."""

    group: str = ""
    version: str = ""
    resource: str = ""


class UserInfo(msgspec.Struct, frozen=True, rename="camel"):
    """Who asks."""

    username: str = ""
    uid: str = ""
    groups: tuple[str, ...] = ()
    extra: Mapping[str, tuple[str, ...]] = {}


class AdmissionRequest(msgspec.Struct, frozen=True, rename="camel"):
    """The question: what the API server is about to do, for whom.

    `kind`, `resource` and `sub_resource` are what the webhook's rule matched; `request_kind` and the rest what the user sent.
    `object`, `old_object` and `options` are decoded anew at each access: changing them changes nothing.
    """

    uid: str
    operation: Verb
    kind: GroupVersionKind = GroupVersionKind()
    resource: GroupVersionResource = GroupVersionResource()
    sub_resource: str = ""
    request_kind: GroupVersionKind | None = None
    request_resource: GroupVersionResource | None = None
    request_sub_resource: str = ""
    name: str = ""
    namespace: str = ""
    user_info: UserInfo = UserInfo()
    dry_run: bool = False
    object_bytes: msgspec.Raw = msgspec.field(name="object", default=msgspec.Raw())
    old_object_bytes: msgspec.Raw = msgspec.field(name="oldObject", default=msgspec.Raw())
    options_bytes: msgspec.Raw = msgspec.field(name="options", default=msgspec.Raw())

    @property
    def object(self) -> Document | None:
        """The object as it would be stored; None on DELETE."""
        return decode(self.object_bytes)

    @property
    def old_object(self) -> Document | None:
        """The object as it is stored; None on CREATE and CONNECT."""
        return decode(self.old_object_bytes)

    @property
    def options(self) -> Document | None:
        """The options of the operation, such as CreateOptions."""
        return decode(self.options_bytes)

    @property
    def subject_bytes(self) -> msgspec.Raw:
        """The bytes of what the request is about: the old object on DELETE, otherwise the new one."""
        return self.old_object_bytes if self.operation == "DELETE" else self.object_bytes


class Review(msgspec.Struct, frozen=True, rename="camel"):
    """What the API server posted."""

    request: AdmissionRequest
    api_version: str = ""
    kind: str = ""


class _Uid(msgspec.Struct, frozen=True):
    uid: str = ""


class _OnlyUid(msgspec.Struct):
    request: _Uid = _Uid()


_review = msgspec.json.Decoder(Review)
_only_uid = msgspec.json.Decoder(_OnlyUid)
_anything = msgspec.json.Decoder()


def decode(raw: msgspec.Raw | bytes) -> Document | None:
    """The JSON map in `raw`; None where there is none.

    Raises:
        MalformedReview: when it is something else than a map.
    """
    try:
        found = _anything.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        if not bytes(raw):
            return None
        raise MalformedReview(f"an object in the review cannot be read: {error}") from None
    if found is None:
        return None
    if found.__class__ is not dict:
        raise MalformedReview("an object in the review is not a JSON map")
    return found


def absent(raw: msgspec.Raw) -> bool:
    """Whether there is no object in `raw`."""
    return len(memoryview(raw)) <= 4 and bytes(raw) in _ABSENT


def read(body: bytes) -> Review:
    """Decode the envelope of an AdmissionReview.

    Raises:
        MalformedReview: when it is none, of a version we do not know, or has no request; carries the uid if there is one.
    """
    try:
        review = _review.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        review = _read_with_nulls(body, error)
    if review.api_version not in VERSIONS or review.kind != "AdmissionReview":
        got = f"{review.kind[:80] or 'no kind'!r} of {review.api_version[:80] or 'no version'!r}"
        raise MalformedReview(f"not an AdmissionReview of {' or '.join(VERSIONS)} but {got}", review.request.uid)
    if not review.request.uid:
        raise MalformedReview("the request has no uid")
    return review


def _read_with_nulls(body: bytes, error: Exception) -> Review:
    """Go writes an absent string as nothing; other writers as null, which says the same."""
    try:
        found: Document = _anything.decode(body)
        request: Document = found["request"]
        bare = {k: v for k, v in request.items() if v is not None and k not in ("object", "oldObject", "options")}
        user: Document = request.get("userInfo") or {}
        extra: Document = user.get("extra") or {}
        bare["userInfo"] = {k: v for k, v in user.items() if v is not None} | {
            "extra": {k: v or [] for k, v in extra.items()}  # Go writes an empty list as null where it was never made
        }
        raws = {
            k: msgspec.Raw(msgspec.json.encode(request[k]))
            for k in ("object", "oldObject", "options")
            if request.get(k) is not None
        }
        return msgspec.convert({**found, "request": bare | raws}, Review)
    except (
        msgspec.DecodeError,
        UnicodeDecodeError,
        RecursionError,
        KeyError,
        TypeError,
        AttributeError,
        msgspec.ValidationError,
    ):
        raise MalformedReview(f"not an AdmissionReview: {_brief(error)}", uid_of(body)) from None


def _brief(error: Exception) -> str:
    return str(error)[:200] or type(error).__name__


def uid_of(body: bytes) -> str:
    """The request's uid, if it can be read at all: so that even a refusal of nonsense is well formed."""
    try:
        return _only_uid.decode(body).request.uid
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to a review, before it is encoded.

    Args:
        uid: the request's, echoed.
        allowed: whether the request may go on.
        code: the HTTP status the user gets when it may not, 400 to 599.
        message: what the user is told when it may not.
        warnings: shown to the user whether allowed or not.
        audit_annotations: for the API server's audit log.
        patch: what to change; empty when nothing does.
        patch_json: the same as it is sent, where it has been written already.
    """

    uid: str
    allowed: bool = True
    code: int = 403
    message: str = ""
    warnings: Sequence[str] = ()
    audit_annotations: Mapping[str, str] = {}
    patch: Sequence[Operation] = ()
    patch_json: bytes = b""


_REASONS = {
    400: "BadRequest",
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    409: "Conflict",
    410: "Gone",
    422: "Invalid",
    429: "TooManyRequests",
    500: "InternalError",
    503: "ServiceUnavailable",
}
"""Kubernetes' ``StatusReason`` for a code: apimachinery/pkg/apis/meta/v1/types.go."""


_CHANGED: Final = (
    b'{"apiVersion":%b,"kind":"AdmissionReview",'
    b'"response":{"uid":%b,"allowed":true,"patchType":"JSONPatch","patch":"%b"}}'
)
"""The commonest answer, byte by byte what the encoder makes of it."""


def write(answer: Answer, api_version: str = VERSIONS[0]) -> bytes:
    """Encode `answer` as an AdmissionReview of `api_version`, the version that was asked in.

    >>> write(Answer(uid="u"))
    b'{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":{"uid":"u","allowed":true}}'
    """
    if answer.allowed and answer.patch_json and not answer.warnings and not answer.audit_annotations:
        return _CHANGED % (
            msgspec.json.encode(api_version),
            msgspec.json.encode(answer.uid),
            binascii.b2a_base64(answer.patch_json, newline=False),
        )
    response: dict[str, Any] = {"uid": answer.uid, "allowed": answer.allowed}
    if not answer.allowed:
        status: dict[str, Any] = {"code": answer.code, "message": answer.message}
        if answer.code in _REASONS:
            status["reason"] = _REASONS[answer.code]
        response["status"] = status
    elif answer.patch:
        response["patchType"] = "JSONPatch"
        response["patch"] = base64.b64encode(answer.patch_json or msgspec.json.encode(answer.patch)).decode("ascii")
    if answer.warnings:
        response["warnings"] = answer.warnings
    if answer.audit_annotations:
        response["auditAnnotations"] = answer.audit_annotations
    return msgspec.json.encode({"apiVersion": api_version, "kind": "AdmissionReview", "response": response})
