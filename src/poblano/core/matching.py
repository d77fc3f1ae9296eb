"""From a request to the bindings it concerns: by resource and verb first, then by what each filter needs decoded.

Groups and versions are matched exactly: a Service of Knative is no Service.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import msgspec

from poblano.core.binding import Binding
from poblano.core.filters import Filter, NameIs, Needs, Reason, Subject
from poblano.core.jsonvalue import Document, as_map
from poblano.core.review import AdmissionRequest, absent, decode

Skipped: TypeAlias = list[tuple[Binding, Reason]]
"""Which bindings of the resource and verb did not apply, and why."""

_Key: TypeAlias = tuple[str, str, str, str, str]


@dataclass(frozen=True, slots=True, eq=False)
class WhereFailed:
    """A predicate raised: the binding neither applies nor does not."""

    binding: Binding
    error: BaseException


@dataclass(frozen=True, slots=True, eq=False)
class _Sorted:
    """A binding with its filters in the order of what they cost."""

    binding: Binding
    envelope: tuple[Filter, ...]
    metadata: tuple[Filter, ...]
    object: tuple[Filter, ...]


class _Metadata(msgspec.Struct, rename="camel"):
    name: str | None = None
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None
    deletion_timestamp: str | None = None


class _Partial(msgspec.Struct):
    metadata: _Metadata | None = None


_partial = msgspec.json.Decoder(_Partial)


class _ByName:
    """The bindings of one resource and verb, and which of them an object of a given name can concern.

    Most bindings that name an object want another one; these are not even looked at.
    """

    __slots__ = ("_by_name", "_unnamed", "all")

    def __init__(self, entries: list[_Sorted]) -> None:
        self.all = tuple(entries)
        wanted = [_names(entry.binding) for entry in entries]
        names = frozenset[str]().union(*(found for found in wanted if found is not None))
        self._unnamed = tuple(entry for entry, found in zip(entries, wanted, strict=True) if found is None)
        self._by_name = {
            name: tuple(entry for entry, found in zip(entries, wanted, strict=True) if found is None or name in found)
            for name in names
        }

    def named(self, name: str) -> tuple[_Sorted, ...]:
        """Those that an object called `name` can concern; all when it is not known by the request."""
        return self._by_name.get(name, self._unnamed) if name else self.all


def _names(binding: Binding) -> frozenset[str] | None:
    """The names that `binding` is limited to, if it is."""
    limits = [part.values for part in binding.filters if isinstance(part, NameIs) and not part.negated]
    return limits[0].intersection(*limits[1:]) if limits else None


class Matcher:
    """The bindings behind one path, indexed."""

    def __init__(self, bindings: Iterable[Binding]) -> None:
        index: dict[_Key, list[_Sorted]] = {}
        for binding in bindings:
            kind = binding.kind
            entry = _Sorted(binding, *(binding.filters_needing(needs) for needs in Needs))
            for operation in binding.operations:
                key = (kind.group, kind.version, kind.plural, binding.subresource, operation)
                index.setdefault(key, []).append(entry)
        self._index = {key: _ByName(entries) for key, entries in index.items()}

    def match(self, request: AdmissionRequest, skipped: Skipped | None = None) -> Sequence[Binding | WhereFailed]:
        """The bindings that apply to `request`, in the order in which they were defined.

        Args:
            request: the question.
            skipped: filled with those that do not apply, where somebody wants to know.
        """
        resource = request.resource
        found = self._index.get(
            (resource.group, resource.version, resource.resource, request.sub_resource, request.operation)
        )
        if found is None:
            return ()
        candidates = found.all if skipped is not None else found.named(request.name)
        asked = request.kind.kind
        user = request.user_info
        subject = Subject(namespace=_namespace(request), name=request.name, username=user.username, groups=user.groups)
        known = bool(request.name)
        if not known:
            _read_metadata(subject, request)
        matched: list[Binding | WhereFailed] = []
        for entry in candidates:
            binding = entry.binding
            if not binding.subresource and binding.kind.kind != asked:
                continue
            failing = _failing(entry.envelope, subject)
            if failing is None and entry.metadata:
                if known:
                    _read_metadata(subject, request)
                    known = False
                failing = _failing(entry.metadata, subject)
            if failing is None and entry.object:
                subject.view = binding.view.__attached__(decode(request.subject_bytes) or {})
                try:
                    failing = _failing(entry.object, subject)
                except BaseException as error:  # noqa: BLE001 -- a predicate is the user's, and may raise anything
                    matched.append(WhereFailed(binding, error))
                    continue
            if failing is None:
                matched.append(binding)
            elif skipped is not None:
                skipped.append((binding, failing.reason(subject)))
        return matched


def _failing(filters: tuple[Filter, ...], subject: Subject) -> Filter | None:
    for part in filters:
        if not part.holds(subject):
            return part
    return None


def _namespace(request: AdmissionRequest) -> str:
    """A Namespace counts as being in itself, whatever the review says."""
    if request.kind.kind == "Namespace" and not request.kind.group:
        return request.name or request.namespace
    return request.namespace


def _read_metadata(subject: Subject, request: AdmissionRequest) -> None:
    raw = request.subject_bytes
    if absent(raw):
        return
    try:
        metadata = _partial.decode(raw).metadata or _Metadata()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        metadata = _tolerant(decode(raw) or {})
    subject.name = subject.name or metadata.name or ""
    subject.labels = metadata.labels or {}
    subject.annotations = metadata.annotations or {}
    subject.deleting = metadata.deletion_timestamp is not None


def _tolerant(document: Document) -> _Metadata:
    """Metadata of an object that no API server would have let through: what is readable counts, the rest is absent."""
    metadata = as_map(document.get("metadata")) or {}
    name, deleted = metadata.get("name"), metadata.get("deletionTimestamp")
    return _Metadata(
        name=name if isinstance(name, str) else None,
        labels=_strings(as_map(metadata.get("labels"))),
        annotations=_strings(as_map(metadata.get("annotations"))),
        deletion_timestamp=deleted if isinstance(deleted, str) else None,
    )


def _strings(found: Document | None) -> dict[str, str]:
    return {key: value for key, value in (found or {}).items() if isinstance(value, str)}
