"""What a list and a watch say, read as far as the cache needs it: objects stay the bytes they are.

>>> pods = Kind("", "v1", "Pod", "pods")
>>> line = b'{"type":"ADDED","object":{"kind":"Pod","metadata":{"name":"web","resourceVersion":"7"}}}'
>>> event = parse_line(line, pods)
>>> event.type, event.item.key, event.resource_version
('ADDED', Key(namespace='', name='web'), '7')
"""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec

from poblano.core.cache import Item, Key
from poblano.core.errors import PoblanoError
from poblano.core.kinds import Kind

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


@dataclass(frozen=True, slots=True)
class Page:
    """A list, or a part of one; `resource_version` is that of the whole."""

    items: tuple[Item, ...]
    resource_version: str
    continue_token: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
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
    failure: Failure = field(default_factory=Failure)


class _Metadata(msgspec.Struct, frozen=True, rename="camel", gc=False):
    name: str = ""
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""


class _Head(msgspec.Struct, frozen=True, rename="camel", gc=False):
    kind: str = ""
    metadata: _Metadata = _Metadata()


class _Marks(msgspec.Struct, frozen=True, rename="camel"):
    resource_version: str = ""
    annotations: dict[str, str] | None = None


class _Bookmark(msgspec.Struct, frozen=True):
    metadata: _Marks = _Marks()


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
    object: msgspec.Raw = msgspec.Raw(b"{}")


class _ListMeta(msgspec.Struct, frozen=True, rename="camel"):
    resource_version: str = ""
    continue_: str = msgspec.field(name="continue", default="")


class _List(msgspec.Struct, frozen=True):
    metadata: _ListMeta = _ListMeta()
    items: list[msgspec.Raw] | None = None


_HEAD = msgspec.json.Decoder(_Head)
_LINE = msgspec.json.Decoder(_Line)
_LIST = msgspec.json.Decoder(_List)


def parse_line(line: bytes, kind: Kind) -> Event:
    """One line of a watch on `kind`.

    Raises:
        Garbled: it is none.
    """
    try:
        said = _LINE.decode(line)
        match said.type:
            case "ADDED" | "MODIFIED" | "DELETED":
                item = _item(said.object, kind)
                return Event(type=said.type, item=item, resource_version=item.resource_version if item else "")
            case "BOOKMARK":
                marks = msgspec.json.decode(said.object, type=_Bookmark).metadata
                ends = (marks.annotations or {}).get(INITIAL_END) == "true"
                return Event(type=said.type, resource_version=marks.resource_version, ends_initial=ends)
            case "ERROR":
                return Event(type=said.type, failure=_failure(said.object))
            case _:
                return Event(type=said.type)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Garbled(f"a line of the watch on {kind.plural} cannot be read: {error}") from None


def parse_page(body: bytes, kind: Kind) -> Page:
    """The answer to a list of `kind`.

    Raises:
        Garbled: it is none.
    """
    try:
        said = _LIST.decode(body)
        items = tuple(item for raw in said.items or () if (item := _item(raw, kind)) is not None)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Garbled(f"the list of {kind.plural} cannot be read: {error}") from None
    return Page(items, said.metadata.resource_version, said.metadata.continue_)


def _item(raw: msgspec.Raw, kind: Kind) -> Item | None:
    head, body = _HEAD.decode(raw), bytes(raw)
    if not head.metadata.name or head.kind not in {"", kind.kind}:
        return None
    if not head.kind:  # the items of a list do not say what they are
        rest = body.lstrip()[1:]
        body = b'{"apiVersion":"%s","kind":"%s",' % (kind.api_version.encode(), kind.kind.encode()) + rest
    meta = head.metadata
    return Item(Key(meta.namespace, meta.name), meta.uid, meta.resource_version, body)


def _failure(raw: msgspec.Raw) -> Failure:
    status = msgspec.json.decode(raw, type=_Status)
    details = status.details or _Details()
    return Failure(
        status=status.code,
        reason=status.reason,
        message=status.message,
        retry_after=details.retry_after_seconds,
        causes=frozenset(cause.reason for cause in details.causes or ()),
    )
