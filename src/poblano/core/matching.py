"""From a request to the bindings it concerns: by resource and verb first, then by what each filter needs decoded.

Groups and versions are matched exactly: a Service of Knative is no Service.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from poblano.core.binding import Binding
from poblano.core.filters import Filter, NameIs, NamespaceIs, NamespaceMatches, Needs, Reason, Subject, Where
from poblano.core.metadata import Metadata
from poblano.core.review import AdmissionRequest, absent

Skipped: TypeAlias = list[tuple[Binding, Reason]]
"""Which bindings of the resource and verb did not apply, and why."""

_Key: TypeAlias = tuple[str, str, str, str, str]
"""Group, version, resource, subresource, operation."""

_REMEMBERED: Final = 1024
"""For how many namespaces it is remembered which bindings can apply."""


@dataclass(frozen=True, slots=True, eq=False)
class Asking:
    """A binding that applies if its predicates say so, which are the user's to be called."""

    binding: Binding
    predicates: tuple[Where, ...]


Matched: TypeAlias = Sequence[Binding | Asking]
"""The bindings that apply, in the order in which they were defined."""


class _Candidate:
    """A binding, and what is left to ask, in the order of what it costs."""

    __slots__ = ("binding", "envelope", "found", "metadata", "unconditional")

    def __init__(self, binding: Binding, *, planned: bool) -> None:
        asked = binding.filters_needing(Needs.ENVELOPE)
        self.binding = binding
        self.envelope = tuple(part for part in asked if not (planned and _is_of_the_plan(part)))
        self.metadata = binding.filters_needing(Needs.METADATA)
        predicates = tuple(part for part in binding.filters if isinstance(part, Where))
        self.found = Asking(binding, predicates) if predicates else binding
        self.unconditional = not (self.envelope or self.metadata)


class _Plan:
    """The bindings that a request of one resource, verb, kind and namespace can concern, by the object's name.

    Most bindings that name an object want another one; these are not even looked at.
    """

    __slots__ = ("_named", "_unnamed", "empty")

    def __init__(self, bindings: list[Binding]) -> None:
        candidates = [(_Candidate(binding, planned=True), _names(binding)) for binding in bindings]
        names = frozenset[str]().union(*(wanted for _, wanted in candidates if wanted is not None))
        self._unnamed = tuple(candidate for candidate, wanted in candidates if wanted is None)
        self._named: Mapping[str, tuple[_Candidate, ...]] = {
            name: tuple(candidate for candidate, wanted in candidates if wanted is None or name in wanted)
            for name in names
        }
        self.empty = not bindings

    def named(self, name: str) -> tuple[_Candidate, ...]:
        """Those that an object called `name` can concern."""
        return self._named.get(name, self._unnamed)


def _is_of_the_plan(part: Filter) -> bool:
    return isinstance(part, NamespaceIs | NamespaceMatches) or (isinstance(part, NameIs) and not part.negated)


def _names(binding: Binding) -> frozenset[str] | None:
    """The names that `binding` is limited to, if it is."""
    limits = [part.values for part in binding.filters if isinstance(part, NameIs) and not part.negated]
    return limits[0].intersection(*limits[1:]) if limits else None


class _Look:
    """One request, looked at by one filter after the other."""

    __slots__ = ("_request", "_unread", "metadata", "subject")

    def __init__(self, request: AdmissionRequest, namespace: str) -> None:
        user = request.user_info
        self.subject = Subject(namespace=namespace, name=request.name, username=user.username, groups=user.groups)
        self.metadata: Metadata | None = None
        """What was read, if it could be read exactly."""
        self._request = request
        self._unread = True

    def read(self) -> str:
        """Read the object's metadata; returns its name."""
        self._unread = False
        subject, raw = self.subject, self._request.subject_bytes
        found = self.metadata = Metadata.exactly(raw)
        if found is None:
            if absent(raw):
                return subject.name
            found = Metadata.tolerantly(raw)
        subject.name = subject.name or found.name or ""
        subject.labels = found.labels or {}
        subject.annotations = found.annotations or {}
        subject.deleting = found.deletion_timestamp is not None
        return subject.name

    def failing(self, candidate: _Candidate) -> Filter | None:
        """The first filter that does not hold; predicates are not asked."""
        subject = self.subject
        for part in candidate.envelope:
            if not part.holds(subject):
                return part
        if candidate.metadata:
            if self._unread:
                self.read()
            for part in candidate.metadata:
                if not part.holds(subject):
                    return part
        return None


class Matcher:
    """The bindings behind one path, indexed."""

    def __init__(self, bindings: Iterable[Binding]) -> None:
        self._index: dict[_Key, list[Binding]] = {}
        for binding in bindings:
            kind = binding.kind
            for operation in binding.operations:
                key = (kind.group, kind.version, kind.plural, binding.subresource, operation)
                self._index.setdefault(key, []).append(binding)
        self._plans: dict[tuple[_Key, str, str], _Plan] = {}

    def match(self, request: AdmissionRequest, skipped: Skipped | None = None) -> Matched:
        """The bindings that apply to `request`.

        Args:
            request: the question.
            skipped: filled with those of its resource and verb that do not, where somebody wants to know.
        """
        return self.find(request)[0] if skipped is None else self._explained(request, skipped)

    def find(self, request: AdmissionRequest) -> tuple[Matched, Metadata | None]:
        """`match`, and the object's metadata if they had to be read for that."""
        key, kind, namespace = _key(request), request.kind.kind, _namespace(request)
        plan = self._plans.get((key, kind, namespace)) or self._planned(key, kind, namespace)
        if plan.empty:
            return (), None
        name = request.name
        if not name:
            look = _Look(request, namespace)
            candidates = plan.named(look.read())
        else:
            candidates = plan.named(name)
            if len(candidates) == 1 and candidates[0].unconditional:
                return [candidates[0].found], None
            look = _Look(request, namespace)
        matched = [
            candidate.found for candidate in candidates if candidate.unconditional or look.failing(candidate) is None
        ]
        return matched, look.metadata

    def _planned(self, key: _Key, kind: str, namespace: str) -> _Plan:
        if len(self._plans) >= _REMEMBERED:
            self._plans.clear()
        subject = Subject(namespace=namespace)
        plan = self._plans[key, kind, namespace] = _Plan(
            [one for one in self._of_kind(key, kind) if all(part.holds(subject) for part in _of_namespaces(one))]
        )
        return plan

    def _of_kind(self, key: _Key, kind: str) -> list[Binding]:
        return [one for one in self._index.get(key, ()) if one.subresource or one.kind.kind == kind]

    def _explained(self, request: AdmissionRequest, skipped: Skipped) -> Matched:
        """`match` without any short cut."""
        look = _Look(request, _namespace(request))
        if not request.name:
            look.read()
        matched: list[Binding | Asking] = []
        for binding in self._of_kind(_key(request), request.kind.kind):
            candidate = _Candidate(binding, planned=False)
            failing = look.failing(candidate)
            if failing is None:
                matched.append(candidate.found)
            else:
                skipped.append((binding, failing.reason(look.subject)))
        return matched


def _key(request: AdmissionRequest) -> _Key:
    resource = request.resource
    return (resource.group, resource.version, resource.resource, request.sub_resource, request.operation)


def _of_namespaces(binding: Binding) -> list[Filter]:
    return [part for part in binding.filters if isinstance(part, NamespaceIs | NamespaceMatches)]


def _namespace(request: AdmissionRequest) -> str:
    """A Namespace counts as being in itself, whatever the review says."""
    if request.kind.kind == "Namespace" and not request.kind.group:
        return request.name or request.namespace
    return request.namespace
