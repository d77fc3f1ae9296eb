"""What a list and a watch say, read as far as the cache needs it: of an object, what its projection keeps stays the bytes it is.

>>> pods = Kind("", "v1", "Pod", "pods")
>>> line = b'{"type":"ADDED","object":{"kind":"Pod","metadata":{"name":"web","resourceVersion":"7"}}}'
>>> event = parse_line(line, pods)
>>> event.type, event.item.key, event.resource_version
('ADDED', Key(namespace='', name='web'), '7')
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import msgspec

from poblano.core.cache import Item, Key
from poblano.core.errors import PoblanoError
from poblano.core.kinds import Kind
from poblano.core.projection import FULL, Parts, Projection, decoded

INITIAL_END = "k8s.io/initial-events-end"
"""The annotation of the bookmark that ends the initial events. apimachinery: metav1.InitialEventsAnnotationKey."""

TOO_LARGE = "ResourceVersionTooLarge"
"""apimachinery: metav1.CauseTypeResourceVersionTooLarge; the server has not come as far as we have been."""


class Garbled(PoblanoError):
    """What came is no part of a watch, or no list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why a list or watch did not work.

    Attributes:
        status: the HTTP status, or that of the ``Status`` in the stream; 0 when there was no answer.
        reason: in one word, as Kubernetes names it.
        message: in words.
        retry_after: the seconds that the server asked for.
        causes: the reasons in ``details.causes``.
    """

    status: int = 0
    reason: str = ""
    message: str = ""
    retry_after: float | None = None
    causes: frozenset[str] = frozenset()

    @property
    def expired(self) -> bool:
        """Whether the resource version or continue token is of no use any more."""
        return self.status == 410 or self.reason in {"Expired", "Gone"} or TOO_LARGE in self.causes


_NO_FAILURE = Failure()


@dataclass(frozen=True, slots=True)
class Page:
    """A list, or a part of one; `resource_version` is that of the whole."""

    items: tuple[Item, ...]
    resource_version: str
    continue_token: str = ""


class Event(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One line of a watch.

    Attributes:
        type: ADDED, MODIFIED, DELETED, BOOKMARK, ERROR, or what a later server may say.
        item: the object, of the first three; None when it is of another kind than was asked for.
        resource_version: of the object or bookmark.
        ends_initial: it is the bookmark after the initial events.
        failure: of an ERROR.
    """

    type: str
    item: Item | None = None
    resource_version: str = ""
    ends_initial: bool = False
    failure: Failure = _NO_FAILURE


class _Marks(msgspec.Struct, frozen=True, rename="camel"):
    resource_version: str = ""
    annotations: dict[str, str] | None = None


class _Cause(msgspec.Struct, frozen=True):
    reason: str = ""


class _Details(msgspec.Struct, frozen=True, rename="camel"):
    causes: list[_Cause] | None = None
    retry_after_seconds: float | None = None


class _Status(msgspec.Struct, frozen=True):
    code: int = 0
    reason: str = ""
    message: str = ""
    details: _Details | None = None


class _Line(msgspec.Struct, frozen=True):
    type: str
    object: Parts = {}


class _ListMeta(msgspec.Struct, frozen=True, rename="camel"):
    resource_version: str = ""
    continue_: str = msgspec.field(name="continue", default="")


class _List(msgspec.Struct, frozen=True):
    metadata: _ListMeta = _ListMeta()
    items: list[Parts] | None = None


_NAME = msgspec.json.Decoder(str)
_MARKS = msgspec.json.Decoder(_Marks)
_NOTHING = msgspec.Raw(b"{}")
_PARTIAL = msgspec.Raw(b'"PartialObjectMetadata"')
"""What the objects of a watch on metadata are called, whatever they are."""
_LINE = msgspec.json.Decoder(_Line)
_LIST = msgspec.json.Decoder(_List)


def parse_line(line: bytes, kind: Kind, projection: Projection = FULL) -> Event:
    """One line of a watch on `kind`.

    Args:
        line: as it came.
        kind: what is watched.
        projection: what to keep of an object.

    Raises:
        Garbled: it is none.
    """
    try:
        said = _LINE.decode(line)
        match said.type:
            case "ADDED" | "MODIFIED" | "DELETED":
                item = _item(said.object, kind, projection)
                return Event(type=said.type, item=item, resource_version=item.resource_version if item else "")
            case "BOOKMARK":
                marks = _MARKS.decode(said.object.get("metadata", _NOTHING))
                ends = (marks.annotations or {}).get(INITIAL_END) == "true"
                return Event(type=said.type, resource_version=marks.resource_version, ends_initial=ends)
            case "ERROR":
                return Event(type=said.type, failure=_failure(said.object))
            case _:
                return Event(type=said.type)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Garbled(f"a line of the watch on {kind.plural} cannot be read: {error}") from None


def parse_page(body: bytes, kind: Kind, projection: Projection = FULL) -> Page:
    """The answer to a list of `kind`.

    Args:
        body: all of it.
        kind: what is listed.
        projection: what to keep of each.

    Raises:
        Garbled: it is none.
    """
    try:
        said = _LIST.decode(body)
        items = tuple(item for parts in said.items or () if (item := _item(parts, kind, projection)) is not None)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Garbled(f"the list of {kind.plural} cannot be read: {error}") from None
    return Page(items, said.metadata.resource_version, said.metadata.continue_)


def item_of(document: Mapping[str, object], kind: Kind, projection: Projection = FULL) -> Item | None:
    """An object that is decoded, as a cache keeps it; None when it is of another kind.

    >>> item_of({"kind": "Scale", "metadata": {"name": "web"}}, Kind("apps", "v1", "Deployment", "deployments"))
    """
    return _item(decoded(msgspec.json.encode(document)), kind, projection)


def _item(parts: Parts, kind: Kind, projection: Projection) -> Item | None:
    named, own = parts.get("kind"), _quoted(kind.kind)
    if named is None or named == _PARTIAL:  # the items of a list do not say what they are
        said = {"kind": own, "apiVersion": _quoted(kind.api_version)}
        parts = {**said, **parts, **said}
    elif named != own:
        return None
    metadata = decoded(parts.get("metadata", _NOTHING))
    name = _text(metadata, "name")
    if not name:
        return None
    key = Key(sys.intern(_text(metadata, "namespace")), name)
    uid, version = _text(metadata, "uid"), _text(metadata, "resourceVersion")
    return Item(key, uid, version, projection.kept(parts, metadata))


def _text(parts: Parts, key: str) -> str:
    raw = parts.get(key)
    return _NAME.decode(raw) if raw is not None else ""


@lru_cache(maxsize=1024)
def _quoted(text: str) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(text))


def _failure(parts: Parts) -> Failure:
    status = msgspec.json.decode(msgspec.json.encode(parts), type=_Status)
    details = status.details or _Details()
    return Failure(
        status=status.code,
        reason=status.reason,
        message=status.message,
        retry_after=details.retry_after_seconds,
        causes=frozenset(cause.reason for cause in details.causes or ()),
    )
