"""A webhook's answer: what is read from it, and everything for which it is none.

Sources: k8s.io/apiserver/pkg/admission/plugin/webhook/request/admissionreview.go (what is checked),
k8s.io/client-go/rest/request.go and k8s.io/apimachinery/pkg/runtime/serializer (how it is read)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, cast

from poblano.cluster.webhooks.failure import NotAsked
from poblano.cluster.webhooks.go_json import BYTES, GoError, ListOf, MapOf, Scalar, Struct, check, decode_base64, quoted
from poblano.cluster.webhooks.reply import Reply, read_document, unreadable
from poblano.core.jsonvalue import Document

_SCHEME: Final = "k8s.io/apiserver/pkg/util/webhook/client.go:71"
_TEXT: Final = Scalar("string", "string")
_UID: Final = Scalar("string", "types.UID")
_CAUSE: Final = Struct("v1.StatusCause", {"reason": Scalar("string", "v1.CauseType"), "message": _TEXT, "field": _TEXT})
_DETAILS: Final = Struct(
    "v1.StatusDetails",
    {"name": _TEXT, "group": _TEXT, "kind": _TEXT, "uid": _UID, "causes": ListOf(_CAUSE, "[]v1.StatusCause")}
    | {"retryAfterSeconds": Scalar("int", "int32")},
)
_LIST_META: Final = Struct(
    "v1.ListMeta",
    {"selfLink": _TEXT, "resourceVersion": _TEXT, "continue": _TEXT, "remainingItemCount": Scalar("int", "int64")},
)
_STATUS: Final = Struct(
    "v1.Status",
    {"kind": _TEXT, "apiVersion": _TEXT, "metadata": _LIST_META, "status": _TEXT, "message": _TEXT}
    | {"reason": Scalar("string", "v1.StatusReason"), "details": _DETAILS, "code": Scalar("int", "int32")},
)
_FIELDS: Final = {"uid": _UID, "allowed": Scalar("bool", "bool"), "status": _STATUS, "patch": BYTES} | {
    "auditAnnotations": MapOf(_TEXT, "map[string]string"),
    "warnings": ListOf(_TEXT, "[]string"),
}
_REVIEWS: Final = {
    version: Struct(
        f"{version}.AdmissionReview",
        {
            "response": Struct(
                f"{version}.AdmissionResponse", _FIELDS | {"patchType": Scalar("string", f"{version}.PatchType")}
            )
        },
    )
    for version in ("v1", "v1beta1")
}
_OTHER_KINDS: Final = {
    "v1": {"Status", "APIVersions", "APIGroupList", "APIGroup", "APIResourceList"},
    **{
        f"admission.k8s.io/{version}": {
            *("WatchEvent", "ListOptions", "GetOptions", "DeleteOptions"),
            *("CreateOptions", "UpdateOptions", "PatchOptions"),
        }
        for version in ("v1", "v1beta1")
    },
}
"""What the API server's decoder knows besides reviews (metav1.AddToGroupVersion)."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a webhook said.

    Args:
        allowed: whether the request may go on.
        status: why not.
        patch: the JSON patch, undecoded; empty for none.
        patch_type: of the patch.
        warnings: for the user.
        audit_annotations: for the audit log.
    """

    allowed: bool
    status: Document | None
    patch: bytes
    patch_type: str
    warnings: tuple[str, ...]
    audit_annotations: dict[str, str]


def answer(reply: Reply, *, uid: str, version: str, mutating: bool) -> Answer:
    """What a webhook answered to the review `uid`, sent in `version` ("v1" or "v1beta1").

    Raises:
        NotAsked: that is no answer; the message says why.
    """
    try:
        review = _review(reply, version)
    except GoError as error:
        raise NotAsked(f"failed to call webhook: {error}") from None
    try:
        return _verified(review, uid, version, mutating=mutating)
    except GoError as error:
        raise NotAsked(f"received invalid webhook response: {error}") from None


def _review(reply: Reply, version: str) -> Document:
    if not 200 <= reply.status <= 206:
        raise unreadable(reply)
    if not reply.body:
        kind = reply.content_type or "application/json"
        raise GoError(f"0-length response with status code: {reply.status} and content type: {kind}")
    review = read_document(reply.body)
    api_version = review.get("apiVersion") or f"admission.k8s.io/{version}"
    kind = review.get("kind") or "AdmissionReview"
    if kind in _OTHER_KINDS.get(api_version, ()):
        raise GoError(f"converting (v1.{kind}) to ({version}.AdmissionReview): unknown conversion")
    other = api_version.removeprefix("admission.k8s.io/")
    if kind != "AdmissionReview" or other == api_version or other not in _REVIEWS:
        raise GoError(f'no kind "{kind}" is registered for version "{api_version}" in scheme "{_SCHEME}"')
    check(review, _REVIEWS[other])
    if other != version:
        raise GoError(f"converting ({other}.AdmissionReview) to ({version}.AdmissionReview): unknown conversion")
    return review


def _verified(review: Document, uid: str, version: str, *, mutating: bool) -> Answer:
    response = review.get("response")
    if response is None:
        raise GoError("webhook response was absent")
    strict = version == "v1"  # what v1beta1 never asked for is not asked for now
    if strict:
        _same_review(review, response, uid)
    notes: dict[str, str | None] = response.get("auditAnnotations") or {}
    patch, kind = _bytes(response.get("patch")), response.get("patchType")
    if strict:
        _patch_as_told(patch, kind, mutating=mutating)
    elif patch:
        kind = "JSONPatch"
    return Answer(
        allowed=response.get("allowed") or False,
        status=response.get("status"),
        patch=patch if mutating else b"",
        patch_type=kind or "",
        warnings=tuple(text or "" for text in response.get("warnings") or ()),
        audit_annotations={key: text or "" for key, text in notes.items()},
    )


def _same_review(review: Document, response: Document, uid: str) -> None:
    given = response.get("uid") or ""
    if given != uid:
        raise GoError(f"expected response.uid={quoted(uid)}, got {quoted(given)}")
    group, _, version = (review.get("apiVersion") or "").rpartition("/")
    found = f"{group}/{version}, Kind={review.get('kind') or ''}"
    if found != "admission.k8s.io/v1, Kind=AdmissionReview":
        raise GoError(f"expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview, got {found}")


def _patch_as_told(patch: bytes, kind: str | None, *, mutating: bool) -> None:
    if not mutating:
        for present, name in ((bool(patch), "patch"), (kind is not None, "patchType")):
            if present:
                raise GoError(f"validating webhook may not return response.{name}")
    elif patch and kind is None:
        raise GoError("webhook returned response.patch but not response.patchType")
    elif kind is not None and not patch:
        raise GoError("webhook returned response.patchType but not response.patch")
    elif kind == "":
        raise GoError('webhook returned invalid response.patchType of ""')


def _bytes(given: Any) -> bytes:
    if isinstance(given, list):
        return bytes(number or 0 for number in cast("list[int | None]", given))
    return decode_base64(given) if given else b""
