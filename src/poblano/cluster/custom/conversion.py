"""Objects of one version turned into another: by renaming the version, or by a webhook.

Source: k8s.io/apiextensions-apiserver/pkg/apiserver/conversion/webhook_converter.go and converter.go
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import orjson

from poblano.cluster.custom.parts import part
from poblano.cluster.status import StatusError
from poblano.core.jsonvalue import Document, copied

if TYPE_CHECKING:
    from poblano.cluster.webhooks.calling import Caller

_SECONDS: Final = 30
"""apiextensions-apiserver: webhook conversion timeout"""


class BadConversion(Exception):
    """The webhook did not do what it is for."""


async def convert(
    conversion: Document | None, documents: Sequence[Document], api_version: str, caller: Caller | None
) -> list[Document]:
    """The objects in another version; they are copies.

    Args:
        conversion: spec.conversion of the definition.
        documents: of any version.
        api_version: what they should be in.
        caller: asks the webhook.

    Raises:
        StatusError: 500 when the webhook fails at it.
    """
    strategy = (conversion or {}).get("strategy") or "None"
    others = [one for one in documents if one.get("apiVersion") != api_version]
    if not others:
        return [copied(one) for one in documents]
    if strategy == "None":
        return [{**copied(one), "apiVersion": api_version} for one in documents]
    try:
        made = iter(await _asked((conversion or {})["webhook"], others, api_version, caller))
    except BadConversion as wrong:
        raise StatusError(500, "", f"conversion webhook for {_gvk(others[0])} {wrong}") from None
    return [next(made) if one.get("apiVersion") != api_version else copied(one) for one in documents]


def _gvk(document: Document) -> str:
    return f"{document.get('apiVersion', '')}, Kind={document.get('kind', '')}"


async def _asked(
    webhook: Document, documents: list[Document], api_version: str, caller: Caller | None
) -> list[Document]:
    from poblano.cluster.webhooks.endpoint import Endpoint
    from poblano.cluster.webhooks.failure import NotAsked
    from poblano.cluster.webhooks.reply import unreadable

    if caller is None:
        raise BadConversion("failed: no webhooks are asked here")
    wanted = next((one for one in webhook.get("conversionReviewVersions") or () if one in ("v1", "v1beta1")), "v1")
    review_version, uid = f"apiextensions.k8s.io/{wanted}", str(uuid.uuid4())
    request = {"uid": uid, "desiredAPIVersion": api_version, "objects": documents}
    body = orjson.dumps({"kind": "ConversionReview", "apiVersion": review_version, "request": request})
    deadline = asyncio.get_running_loop().time() + _SECONDS
    try:
        reply = await caller.post(Endpoint.of(webhook["clientConfig"]), body, deadline=deadline)
    except NotAsked as wrong:
        raise BadConversion(f"failed: {wrong}") from None
    if not 200 <= reply.status < 300:
        raise BadConversion(f"failed: {unreadable(reply)}")
    return checked(_objects(reply.body, review_version, uid), documents, api_version)


def _objects(body: bytes, review_version: str, uid: str) -> list[Any]:
    """The converted objects in an answer.

    Raises:
        BadConversion: when it holds none.
    """
    try:
        review: Any = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BadConversion(f"failed: couldn't get version/kind; json parse error: {error}") from None
    if (
        review.__class__ is not dict
        or review.get("kind") != "ConversionReview"
        or review.get("apiVersion") != review_version
    ):
        found = _gvk(review) if review.__class__ is dict else "nothing"
        raise BadConversion(
            f"failed: expected webhook response of {review_version}, Kind=ConversionReview, got {found}"
        )
    response: Any = review.get("response")
    if response.__class__ is not dict:
        raise BadConversion("failed: no response provided")
    if response.get("uid") != uid:
        raise BadConversion(f'failed: expected response.uid="{uid}", got "{response.get("uid") or ""}"')
    result: Document = response.get("result") or {}
    if result.get("status") != "Success":
        why = result.get("message") or f"response.result.status was '{result.get('status') or ''}', not 'Success'"
        raise BadConversion(f"failed: {why}")
    objects: list[Any] = response.get("convertedObjects") or []
    return objects


def checked(converted: list[Any], originals: Sequence[Document], api_version: str) -> list[Document]:
    """The converted objects with the metadata of the originals, of which a webhook may change labels and annotations.

    Raises:
        BadConversion: when they are not the originals in the other version.
    """
    if len(converted) != len(originals):
        raise BadConversion(f"returned {len(converted)} objects, expected {len(originals)}")
    return [
        _checked(one, original, api_version, at)
        for at, (one, original) in enumerate(zip(converted, originals, strict=True))
    ]


def _checked(one: Any, original: Document, api_version: str, at: int) -> Document:
    invalid = f"returned invalid converted object at index {at}"
    if one.__class__ is not dict:
        raise BadConversion(f"{invalid}: it is no object")
    if one.get("apiVersion") != api_version:
        received = one.get("apiVersion") or ""
        raise BadConversion(f"{invalid}: invalid groupVersion (expected: {api_version}, received: {received})")
    if one.get("kind") != original.get("kind"):
        kinds = f"(expected: {original.get('kind')}, received: {one.get('kind') or ''})"
        raise BadConversion(f"{invalid}: invalid kind {kinds}")
    given, was = part(one, "metadata"), part(original, "metadata")
    for key, shown in (("name", "name"), ("namespace", "namespace"), ("uid", "UID")):
        if (given.get(key) or "") != (was.get(key) or ""):
            detail = f"must have the same {shown}: {was.get(key) or ''} != {given.get(key) or ''}"
            raise BadConversion(f"{invalid}: {detail}")
    kept = copied(was)
    for key in ("labels", "annotations"):
        kept.pop(key, None)
        if given.get(key):
            kept[key] = given[key]
    return {**one, "metadata": kept}
