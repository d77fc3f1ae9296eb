"""What rules made of an object: whether it is JSON, whether it is another one, and the patch that makes it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
import orjson

from poblano.core.errors import PatchFailed
from poblano.core.held import STRICT, Held, Marks, MarksKey, written
from poblano.core.jsonvalue import Document, plain
from poblano.core.metadata import Metadata
from poblano.core.patch import Operation, apply, diff, loose_diff, loose_diff_maps
from poblano.core.review import AdmissionRequest, absent, decode

_LARGE: Final = 16_384
"""From how many bytes on an object is compared part by part, before any of it is decoded once more."""
_FEW: Final = 64
"""Into how many parts."""

_parts: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_anything: Final = msgspec.json.Decoder()


def encoded(document: Document, before: bytes) -> tuple[Document, bytes]:
    """`document` as bytes, and as plain JSON if it was not.

    orjson refuses nearly all that is not JSON, in a few microseconds. It cannot write integers beyond 64 bits, and it
    writes NaN as null: where it fails, and where a null may have been one, the slow and exact check runs.
    """
    try:
        encoded = orjson.dumps(document, option=STRICT)
        if b"null" not in encoded or not _may_hold_nan(_with_nulls(document, encoded)):
            return document, encoded
    except TypeError:
        if is_written(document, before):
            return document, before
    document = plain(document)
    return document, msgspec.json.encode(document)


def _with_nulls(document: Document, encoded: bytes) -> Any:
    """The part that every null is in: mostly the metadata, for a new object's creationTimestamp is null."""
    metadata = document.get("metadata")
    if metadata is None:
        return document
    written = orjson.dumps(metadata, option=STRICT)
    return metadata if written.count(b"null") == encoded.count(b"null") else document


_NOT_FINITE: Final = re.compile(rb"\xcb[\x7f\xff][\xf0-\xff]")
"""The begin of a MessagePack double that is NaN or infinite (IEEE 754: all ones in the exponent)."""


def _may_hold_nan(document: Any) -> bool:
    """Whether a value in `document` may be NaN: never wrongly no, and wrongly yes only by the chance of an odd string."""
    try:
        packed = msgspec.msgpack.encode(document)
    except (TypeError, ValueError, OverflowError, RecursionError):
        return True
    return (b"\xcb\x7f" in packed or b"\xcb\xff" in packed) and _NOT_FINITE.search(packed) is not None


def is_written(document: Document, untouched: bytes) -> bool:
    """Whether `document` is written as `untouched`."""
    try:
        return written(document) == untouched
    except (TypeError, ValueError, RecursionError):
        return False


def patch_of(
    request: AdmissionRequest, document: Document, good: bytes = b"", metadata: Metadata | None = None
) -> tuple[Sequence[Operation], bytes]:
    """What makes `document` of the object, and the same as it is sent, after trying it on the object itself.

    A patch that does not apply costs the user a 500 whatever the failure policy, as does any patch where there is no object.

    Args:
        request: the question.
        document: what the rules made.
        good: how that is written, where it is known.
        metadata: of the object, where it is known.

    Raises:
        MalformedObject: when what was changed is not JSON.
        PatchFailed: when the patch makes something else.
    """
    if absent(request.object_bytes):
        return (), b""
    raw = bytes(request.object_bytes)
    if len(raw) >= _LARGE:
        quick = _quick_patch(*unlike(raw, document))
    elif metadata is None or (quick := _marked(raw, metadata, document)) is None:
        quick = _quick_patch(decode(raw) or {}, document, good)
    if quick is not None:
        return quick
    # Something is another type of the same value (True for 1), or is written otherwise than it is (a tuple as a list),
    # or cannot be written: as it is written is what is meant.
    original, document = decode(raw) or {}, plain(document)
    patch = diff(original, document)
    sent = msgspec.json.encode(patch)
    if apply(original, msgspec.json.decode(sent)) != document:
        raise PatchFailed(f"the patch made for {request.kind.kind} {request.name} makes something else of it")
    return (patch, sent) if patch else ((), b"")


def unlike(raw: msgspec.Raw | bytes, document: Document) -> tuple[Document, Document]:
    """Those parts of the map in `raw` and of `document` that are not written alike: of a large object, all but a little is.

    >>> unlike(b'{"kind":"Pod","metadata":{"name":"a"}}', {"kind": "Pod", "metadata": {"name": "b"}, "spec": {}})
    ({'metadata': {'name': 'a'}}, {'metadata': {'name': 'b'}, 'spec': {}})
    """
    before: Document = {}
    after: Document = {}
    parts = _parts.decode(raw)
    for key, part in parts.items():
        if key not in document:
            before[key] = _anything.decode(part)
            continue
        value, data = document[key], bytes(part)
        if _is_as(value, data):
            continue
        if len(data) >= _LARGE and value.__class__ is dict and len(value) <= _FEW and data.startswith(b"{"):
            before[key], after[key] = unlike(data, value)
        else:
            before[key], after[key] = _anything.decode(data), value
    for key in document:
        if key not in parts:
            after[key] = document[key]
    return before, after


def _is_as(value: Any, data: bytes) -> bool:
    try:
        written = orjson.dumps(value, option=STRICT)
    except TypeError:
        return False
    return written == data and (b"null" not in written or not _may_hold_nan(value))


def patch_of_marks(request: AdmissionRequest, held: Held) -> tuple[Sequence[Operation], bytes]:
    """`patch_of`, where nobody has asked for more of the object than its labels and annotations.

    Raises:
        PatchFailed: when the patch makes something else.
    """
    metadata = held.metadata
    if metadata is None or not held.made or absent(request.object_bytes):
        return (), b""
    found = _patch_of_marks(metadata, held.made)
    if found is None:
        raise PatchFailed(f"the patch made for {request.kind.kind} {request.name} makes something else of it")
    return found


def _marked(raw: bytes, metadata: Metadata, document: Document) -> tuple[Sequence[Operation], bytes] | None:
    """The patch, when a quick look finds that `document` is what is in `raw` but for labels and annotations.

    Most rules that ask for the whole of an object only read it: written with the marks that it had, it is what it was.
    """
    rest: Any = document.get("metadata")
    if rest.__class__ is not dict:
        return None
    rest = rest.copy()
    made: dict[MarksKey, Any] = {}
    marks: tuple[tuple[MarksKey, Marks | None], ...] = (
        ("labels", metadata.labels),
        ("annotations", metadata.annotations),
    )
    for key, was in marks:
        new = rest.get(key)
        if new is None and was is None:
            continue
        if new.__class__ is not dict or not (new or was):
            return None
        made[key] = new
        if was is None:
            del rest[key]
        else:
            rest[key] = was
    try:
        return _patch_of_marks(metadata, made) if _is_as({**document, "metadata": rest}, raw) else None
    except (TypeError, AttributeError, PatchFailed):  # a key or a value that is no text
        return None


def _patch_of_marks(metadata: Metadata, marks: Mapping[MarksKey, Marks]) -> tuple[Sequence[Operation], bytes] | None:
    """The patch that makes these marks of those in `metadata`, which are used up; None where it makes something else."""
    patch: list[Operation] = []
    before: Document = {}
    after: Document = {}
    for key, made in marks.items():
        found = metadata.labels if key == "labels" else metadata.annotations
        if found is not None:
            before[key] = found
            loose_diff_maps(found, made, f"/metadata/{key}", patch)
        elif made:
            patch.append({"op": "add", "path": f"/metadata/{key}", "value": made})
        else:
            continue
        after[key] = made
    if not patch:
        return (), b""
    sent = orjson.dumps(patch, option=STRICT)
    apply({"metadata": before}, orjson.loads(sent))
    return (patch, sent) if before == after else None


def _quick_patch(original: Document, document: Document, good: bytes = b"") -> tuple[Sequence[Operation], bytes] | None:
    """The patch, when a quick look finds one that makes `document` of `original` to the byte; `original` is used up."""
    try:
        patch = loose_diff(original, document)
        sent = orjson.dumps(patch, option=STRICT)
        read_back = orjson.loads(sent)
        applied = apply(original, read_back)
        good = good or orjson.dumps(document, option=STRICT)
        alike = read_back == patch and orjson.dumps(applied, option=STRICT) == good
    except (TypeError, AttributeError, RecursionError, PatchFailed):
        return None
    if not alike:
        return None
    return (patch, sent) if patch else ((), b"")
