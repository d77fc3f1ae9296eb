"""get and list: one object, or many, as they are now or as they were.

Source: k8s.io/apiserver/pkg/endpoints/handlers/get.go, pkg/storage/continue.go
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from poblano.cluster.fields import check_fields, field_value
from poblano.cluster.resources import Resource
from poblano.cluster.rest.encoding import encoded, item_bytes, list_bytes
from poblano.cluster.rest.options import Query
from poblano.cluster.rest.stored import Stored, bucket_of
from poblano.cluster.selectors import EVERYTHING, BadSelector, FieldTerm, LabelSelector, fields_match, parse_fields
from poblano.cluster.status import StatusError, bad_request, expired
from poblano.cluster.storage.engine import Compacted, Storage
from poblano.cluster.storage.records import Record
from poblano.core.jsonvalue import Document

_CONTINUE_VERSION: Final = "meta.k8s.io/v1"
TOO_OLD: Final = (
    "The provided continue parameter is too old to display a consistent list result. "
    "You can start a new list without the continue parameter."
)


@dataclass(frozen=True, slots=True)
class Selection:
    """Which objects of a resource are meant; equal selections select the same.

    Args:
        namespace: empty for all.
        labels: what their labels have to be.
        fields: what their fields have to be.
    """

    namespace: str = ""
    labels: LabelSelector = EVERYTHING
    fields: tuple[FieldTerm, ...] = ()

    @property
    def prefix(self) -> str:
        """What the keys of all these objects begin with."""
        return f"{self.namespace}/" if self.namespace else ""

    @property
    def is_plain(self) -> bool:
        """Whether it is by namespace alone."""
        return not (self.labels.requirements or self.fields)

    def selects(self, record: Record) -> bool:
        """Whether a record, whose namespace is right, is meant."""
        if self.labels.requirements and not self.labels.matches(record.labels):
            return False
        return not self.fields or self._by_fields(record)

    def _by_fields(self, record: Record) -> bool:
        namespace, _, name = record.key.rpartition("/")
        plain = {"metadata.name": name, "metadata.namespace": namespace}
        if all(term.field in plain for term in self.fields):
            return fields_match(self.fields, plain.__getitem__)
        document = record.document()
        return fields_match(self.fields, lambda field: field_value(document, field))


def selection(resource: Resource, query: Query, *, namespace: str) -> Selection:
    """What the selectors of a query mean for a resource.

    Raises:
        StatusError: 400, a selector is malformed or names a field that there is not.
    """
    try:
        labels = LabelSelector.parse(query.text("labelSelector"))
        fields = parse_fields(query.text("fieldSelector"))
    except BadSelector as error:
        raise bad_request(str(error)) from None
    check_fields(resource, fields)
    return Selection(namespace if resource.namespaced else "", labels, fields)


@dataclass(frozen=True, slots=True)
class Page:
    """Part of a list, or all of it.

    Args:
        records: in order.
        metadata: of the list: resourceVersion, continue, remainingItemCount.
    """

    records: list[Record]
    metadata: Document


def page(stored: Stored, resource: Resource, chosen: Selection, query: Query) -> Page:
    """The records that a list asks for.

    Raises:
        StatusError: 400 for options that make no sense, 410 for a revision that is compacted away.
    """
    storage, bucket = stored.storage, bucket_of(resource)
    asked, after = _where(storage, query)
    try:
        records = storage.records(bucket, chosen.prefix, revision=asked)
    except Compacted as error:
        raise expired(TOO_OLD if after is not None else str(error)) from None
    if after is not None:
        records = [record for record in records if record.key > chosen.prefix + after]
    if not chosen.is_plain:
        records = [record for record in records if chosen.selects(record)]
    revision = asked if asked is not None else storage.revision
    return _cut(records, chosen, revision, query)


def _where(storage: Storage, query: Query) -> tuple[int | None, str | None]:
    """The revision of the list, None for now; and the key after which it goes on, None for the beginning."""
    token = query.text("continue")
    version, match = query.text("resourceVersion"), query.text("resourceVersionMatch")
    if token:
        if version not in ("", "0"):
            raise bad_request("specifying resource version is not allowed when using continue")
        revision, key = _read_token(token)
        return (revision if revision > 0 else None), key
    number = revision_number(version)
    if number > storage.revision:
        raise from_the_future(number, storage.revision)
    exact = match == "Exact" or (not match and number and query.number("limit"))
    return (number if exact else None), None


def from_the_future(asked: int, current: int) -> StatusError:
    """etcd has not come that far: clients ask again."""
    message = f"Timeout: Too large resource version: {asked}, current: {current}"
    cause: Document = {"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}
    return StatusError(504, "Timeout", message, details={"causes": [cause], "retryAfterSeconds": 1}, retry_after=1)


def revision_number(text: str) -> int:
    """A resourceVersion as a number; 0 when empty.

    Raises:
        StatusError: it is none, in the words of Go's parser.
    """
    if not text:
        return 0
    if not (text.isascii() and text.isdigit()):
        problem = f'resourceVersion: Invalid value: "{text}": strconv.ParseUint: parsing "{text}": invalid syntax'
        raise StatusError(500, "", problem)
    if len(text) > len(str(2**64)) or int(text) >= 2**64:
        problem = f'resourceVersion: Invalid value: "{text}": strconv.ParseUint: parsing "{text}": value out of range'
        raise StatusError(500, "", problem)
    return int(text)


def _cut(records: list[Record], chosen: Selection, revision: int, query: Query) -> Page:
    metadata: Document = {"resourceVersion": str(revision)}
    limit = query.number("limit") or 0
    if limit <= 0 or len(records) <= limit:
        return Page(records, metadata)
    shown, rest = records[:limit], len(records) - limit
    metadata["continue"] = _token(revision, shown[-1].key.removeprefix(chosen.prefix))
    if chosen.is_plain:
        metadata["remainingItemCount"] = rest
    return Page(shown, metadata)


def _token(revision: int, key: str) -> str:
    content = encoded({"v": _CONTINUE_VERSION, "rv": revision, "start": f"/{key}\0"})
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _read_token(token: str) -> tuple[int, str]:
    try:
        content = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        if len(token) % 4 == 1 or base64.urlsafe_b64encode(content).rstrip(b"=").decode() != token:
            raise binascii.Error
    except (binascii.Error, ValueError):
        problem = f"illegal base64 data at input byte {_bad_byte(token)}"
        raise bad_request(f"invalid continue token: continue key is not valid: {problem}") from None
    try:
        document = msgspec.json.decode(content, type=dict[str, Any])
        version, revision, start = document["v"], int(document["rv"]), str(document["start"])
    except (msgspec.DecodeError, KeyError, ValueError, TypeError):
        raise bad_request("invalid continue token: continue key is not valid: invalid character") from None
    if version != _CONTINUE_VERSION or not start.startswith("/"):
        raise bad_request(
            "invalid continue token: continue key is not valid: server does not recognize this encoded version"
        )
    return revision, start.lstrip("/").removesuffix("\0")


def _bad_byte(token: str) -> int:
    allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    wrong = next((index for index, letter in enumerate(token) if letter not in allowed), None)
    return wrong if wrong is not None else len(token) - len(token) % 4


async def list_items(stored: Stored, resource: Resource, found: Page) -> bytes:
    """The list as JSON; nothing is decoded where the stored version is the one that is asked for."""
    if all(stored.serves_as_stored(resource, record) for record in found.records):
        return list_bytes(resource, found.metadata, (item_bytes(resource, record) for record in found.records))
    documents = await stored.load_all(resource, found.records)
    if resource.custom is None:
        for document in documents:
            del document["kind"], document["apiVersion"]
    return list_bytes(resource, found.metadata, map(encoded, documents))
