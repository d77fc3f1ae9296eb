"""What a kind does with its objects between decoding and storing; one `Strategy` a kind, its defaults here.

An object is a plain document, changed in place by `default`, `admit` and the `prepare_` methods, only read by the rest.
The order of a write: default → admit → (webhooks) → prepare → validate → store.

Source: k8s.io/apiserver pkg/registry/rest/create.go and update.go, and the strategies in kubernetes/pkg/registry.
"""

from __future__ import annotations

from copy import deepcopy
from typing import ClassVar, Literal, TypeAlias

from poblano.cluster.attributes import User
from poblano.cluster.field_errors import FieldError
from poblano.cluster.kinds import canonical, defaults, metadata, names
from poblano.cluster.reading import Lookup
from poblano.core.jsonvalue import Document

MetadataChecks: TypeAlias = tuple[Literal["create", "update"], ...]


class Strategy:
    """What all kinds have in common. A kind overrides what it does differently, mostly the data at the top.

    Attributes:
        namespaced: whether objects live in a namespace.
        has_status: whether ``status`` belongs to /status: dropped from what is created, kept by updates.
        status_fields: what belongs to /status, ``status`` by default.
        counts_generation: whether metadata.generation starts at 1 and grows with the parts in `generation_of`.
        generation_of: the fields (dotted) whose change is a new generation.
        immutable: fields (dotted) that may not change once they are there.
        update_checks: how often the kind's own update validation looks at metadata, and how. The same complaint is
            one cause each time; clients see that.
        create_checks: whether its own create validation looks at metadata. All metadata is looked at in any case.
        creates_on_update: whether PUT of an unknown name creates.
        unconditional_update: whether an update may leave out the resourceVersion.
    """

    namespaced: ClassVar[bool] = True
    has_status: ClassVar[bool] = False
    status_fields: ClassVar[tuple[str, ...]] = ("status",)
    counts_generation: ClassVar[bool] = False
    generation_of: ClassVar[tuple[str, ...]] = ("spec",)
    immutable: ClassVar[tuple[str, ...]] = ()
    update_checks: ClassVar[MetadataChecks] = ("update",)
    create_checks: ClassVar[bool] = True
    creates_on_update: ClassVar[bool] = False
    unconditional_update: ClassVar[bool] = True

    def __init__(self, group: str = "", kind: str = "") -> None:
        self.group = group
        self.kind = kind

    def name_errors(self, name: str) -> list[str]:
        """What is wrong with a name: by default it must be a DNS subdomain."""
        return names.subdomain(name)

    def default(self, obj: Document, version: str = "") -> None:
        """Fills in what was left out, as Go's defaulting of `version` does. Doing it twice changes nothing."""
        if self.kind:
            canonical.shape(obj, self.group, self.kind)
            defaults.fill(obj, self.group, self.kind)

    def shape(self, obj: Document) -> None:
        """Brings an object into the shape that storing gives it: what is empty goes, what is always written comes."""
        if self.kind:
            canonical.shape(obj, self.group, self.kind)

    def admit(self, obj: Document, old: Document | None, lookup: Lookup, subresource: str = "") -> None:
        """What the server's own mutating admission plugins do; `old` is None for a create. Before the webhooks.

        Raises:
            StatusError: the plugin refuses the object.
        """

    def sign(self, obj: Document, user: User) -> None:
        """Writes down who asks, in a kind that says so. Before `prepare_for_create`."""

    def prepare_for_create(self, obj: Document, lookup: Lookup) -> None:
        """Drops what a creator may not say, sets what the server decides (PrepareForCreate). The uid is known."""
        if self.has_status:
            for field in self.status_fields:
                obj.pop(field, None)
            self.shape(obj)
        if self.counts_generation:
            obj.setdefault("metadata", {})["generation"] = 1
        self.complete(obj, None, lookup)

    def prepare_for_update(self, obj: Document, old: Document, lookup: Lookup) -> None:
        """Puts back what an update may not change, counts the generation (PrepareForUpdate)."""
        if self.has_status:
            for field in self.status_fields:
                keep(obj, old, field)
        self.complete(obj, old, lookup)
        self.count_generation(obj, old)

    def prepare_for_status_update(self, obj: Document, old: Document) -> None:
        """Puts back all that does not belong to /status. Labels and annotations stay: the real server allows them."""
        for field in {*obj, *old} - {*self.status_fields, "metadata", "apiVersion", "kind"}:
            keep(obj, old, field)
        for field in ("generation",):
            keep(metadata.of(obj), metadata.of(old), field)

    def complete(self, obj: Document, old: Document | None, lookup: Lookup) -> None:
        """What the kind itself does at the end of preparing: allocation, derived labels; `old` is None for a create."""

    def count_generation(self, obj: Document, old: Document) -> None:
        """Carries the old generation over, one more where a counted part changed."""
        if "metadata" not in obj:
            return
        keep(obj["metadata"], metadata.of(old), "generation")
        if self.counts_generation and any(at(obj, path) != at(old, path) for path in self.generation_of):
            obj["metadata"]["generation"] = int(metadata.of(old).get("generation") or 0) + 1

    def validate(self, obj: Document) -> list[FieldError]:
        """What is wrong with a new object."""
        if self.create_checks:
            return [*self._metadata(obj), *self.validate_content(obj)]
        return self.validate_content(obj) or self._common(obj)

    def validate_update(self, obj: Document, old: Document) -> list[FieldError]:
        """What is wrong with the new state of an object, or with how it got there."""
        found = self._common(obj) + metadata.validate_update(obj, old)
        return [*found, *self._metadata_again(obj, old), *self.validate_changes(obj, old)]

    def validate_status_update(self, obj: Document, old: Document) -> list[FieldError]:
        """What is wrong with a write to /status."""
        found = self._common(obj) + 2 * metadata.validate_update(obj, old)
        return [*found, *self.validate_status(obj, old)]

    def validate_content(self, obj: Document, old: Document | None = None) -> list[FieldError]:
        """The kind's own rules, metadata aside; `old` is there on an update, for what is no longer checked."""
        return []

    def validate_changes(self, obj: Document, old: Document) -> list[FieldError]:
        """The kind's own rules for an update, metadata aside."""
        return [*self.validate_content(obj, old), *immutable_fields(obj, old, self.immutable)]

    def validate_status(self, obj: Document, old: Document) -> list[FieldError]:
        """The kind's own rules for a write to /status, metadata aside."""
        return []

    def warnings(self, obj: Document, old: Document | None = None) -> list[str]:
        """What the client is warned of, without the ``299 -`` of the header."""
        return []

    def _common(self, obj: Document) -> list[FieldError]:
        return metadata.validate(obj, namespaced=self.namespaced, name_rule=names.path_segment)

    def _metadata(self, obj: Document) -> list[FieldError]:
        return metadata.validate_kubernetes(obj, namespaced=self.namespaced, name_rule=self.name_errors)

    def _metadata_again(self, obj: Document, old: Document) -> list[FieldError]:
        found: list[FieldError] = []
        for check in self.update_checks:
            found += self._metadata(obj) if check == "create" else metadata.validate_update(obj, old)
        return found


def keep(obj: Document, old: Document, field: str) -> None:
    """Gives `obj` the field of `old`, or takes it away where `old` has none.

    >>> new = {"status": 1}
    >>> keep(new, {}, "status"); new
    {}
    """
    if field in old:
        obj[field] = deepcopy(old[field])
    else:
        obj.pop(field, None)


def at(obj: object, path: str) -> object:
    """The value at a dotted path, None where there is none.

    >>> at({"spec": {"a": 1}}, "spec.a"), at({"spec": None}, "spec.a")
    (1, None)
    """
    for part in path.split("."):
        if not isinstance(obj, dict):
            return None
        obj = obj.get(part)  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    return obj  # pyright: ignore[reportUnknownVariableType]


def immutable_fields(obj: Document, old: Document, paths: tuple[str, ...]) -> list[FieldError]:
    """An error for each of `paths` that changed (ValidateImmutableField)."""
    return [
        FieldError("FieldValueInvalid", path, at(obj, path), metadata.IMMUTABLE)
        for path in paths
        if (at(obj, path) or None) != (at(old, path) or None)
    ]
