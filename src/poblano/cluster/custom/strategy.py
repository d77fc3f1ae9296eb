"""What a version of a custom kind does with its objects.

Source: k8s.io/apiextensions-apiserver/pkg/registry/customresource/strategy.go, status_strategy.go, validator.go
"""

from __future__ import annotations

from typing import Final

from poblano.cluster import field_errors as errors
from poblano.cluster.custom.correlation import UNRELATED
from poblano.cluster.custom.defaulting import default, drop_nulls
from poblano.cluster.custom.lists import validate_lists
from poblano.cluster.custom.metadata import BadMetadata, coerce, validate_embedded
from poblano.cluster.custom.pruning import prune
from poblano.cluster.custom.rules import Rules, compile_rules, run_rules
from poblano.cluster.custom.scale import validate_scale
from poblano.cluster.custom.values import NOWHERE, validate
from poblano.cluster.field_errors import FieldError
from poblano.cluster.kinds import metadata, names
from poblano.cluster.kinds.strategy import Strategy, keep
from poblano.cluster.reading import Lookup
from poblano.cluster.schema import Node
from poblano.cluster.status import bad_request
from poblano.core.jsonvalue import Document, copied

_BLOCKING: Final = frozenset(
    {"FieldValueNotSupported", "FieldValueRequired", "FieldValueTooLong", "FieldValueTooMany", "FieldValueTypeInvalid"}
)
_UNCHECKED: Final = (
    "some validation rules were not checked because the object was invalid; "
    "correct the existing errors to complete validation"
)


class CustomStrategy(Strategy):
    """The strategy of one version of a custom kind.

    Args:
        group: of the kind.
        kind: its name.
        version: this version.
        root: its structural schema.
        namespaced: whether objects live in namespaces.
        subresources: status and scale, as the definition has them.
    """

    def __init__(
        self, group: str, kind: str, version: str, root: Node, *, namespaced: bool, subresources: Document
    ) -> None:
        super().__init__(group, kind)
        # What a class says for built-in kinds, a definition says for each object of this class.
        self.__dict__.update(
            namespaced=namespaced, has_status=subresources.get("status") is not None, counts_generation=True
        )
        self._version = version
        self._root = root
        self._scale: Document | None = subresources.get("scale")
        self._rules: Rules | None = None
        self._compiled = False

    def name_errors(self, name: str) -> list[str]:
        return names.subdomain(name)

    def prune(self, obj: Document) -> list[str]:
        """Drop what the schema does not know, and the nulls that may not be there.

        Returns:
            The paths of what was unknown.

        Raises:
            StatusError: 400 for metadata that cannot be read.
        """
        try:
            unknown = coerce(obj, self._root)
        except BadMetadata as wrong:
            kind, version = obj.get("kind", ""), str(obj.get("apiVersion", "")).rpartition("/")[2]
            text = f'{kind} in version "{version}" cannot be handled as a {self.kind}: {wrong}'
            raise bad_request(text) from None
        unknown += prune(obj, self._root)
        drop_nulls(obj, self._root)
        return unknown

    def default(self, obj: Document, version: str = "") -> None:
        default(obj, self._root)

    def shape(self, obj: Document) -> None:
        """Nothing: a custom object is stored as it is."""

    def prepare_for_create(self, obj: Document, lookup: Lookup) -> None:
        if self.has_status:
            obj.pop("status", None)
        obj.setdefault("metadata", {})["generation"] = 1

    def prepare_for_update(self, obj: Document, old: Document, lookup: Lookup) -> None:
        if self.has_status:
            keep(obj, old, "status")
        generation = int(metadata.of(old).get("generation") or 0)
        changed = _content(obj) != _content(old)
        obj.setdefault("metadata", {})["generation"] = generation + 1 if changed else generation

    def prepare_for_status_update(self, obj: Document, old: Document) -> None:
        """Only the status is taken from a write to /status, and who owns it."""
        given = metadata.of(obj)
        for key in [key for key in obj if key not in ("status", "metadata", "apiVersion", "kind")]:
            if key not in old:
                del obj[key]
        for key in old:
            if key not in ("status", "metadata", "apiVersion", "kind"):
                obj[key] = copied(old[key])
        kept = copied(metadata.of(old))
        for key in ("managedFields", "resourceVersion", "name", "namespace", "uid"):
            if key in given:
                kept[key] = given[key]
        obj["metadata"] = kept

    def validate(self, obj: Document) -> list[FieldError]:
        wrong = self._type_meta(obj)
        if wrong:
            return wrong
        found = metadata.validate(obj, namespaced=self.namespaced, name_rule=self.name_errors)
        found += validate(obj, self._root)
        found += validate_scale(obj, self._scale)
        found += validate_embedded(obj, self._root)
        found += validate_lists(obj, self._root)
        return found + self._ruled(found, obj, UNRELATED)

    def validate_update(self, obj: Document, old: Document) -> list[FieldError]:
        found = self._common(obj) + metadata.validate_update(obj, old)
        return found + self._changed(obj, old)

    def validate_status_update(self, obj: Document, old: Document) -> list[FieldError]:
        found = self._common(obj) + metadata.validate_update(obj, old)
        return found + self._changed(obj, old)

    def _changed(self, obj: Document, old: Document) -> list[FieldError]:
        wrong = self._type_meta(obj)
        if wrong:
            return wrong
        found = metadata.validate_update(obj, old)
        found += validate(obj, self._root, old=old)
        found += validate_scale(obj, self._scale)
        found += validate_embedded(obj, self._root)
        if not validate_lists(old, self._root):
            found += validate_lists(obj, self._root)
        return found + self._ruled(found, obj, old)

    def _type_meta(self, obj: Document) -> list[FieldError]:
        found: list[FieldError] = []
        version = f"{self.group}/{self._version}"
        if obj.get("kind") != self.kind:
            found.append(errors.invalid("kind", obj.get("kind") or "", f"must be {self.kind}"))
        if obj.get("apiVersion") != version:
            found.append(errors.invalid("apiVersion", obj.get("apiVersion") or "", f"must be {version}"))
        return found

    def _ruled(self, found: list[FieldError], obj: Document, old: object) -> list[FieldError]:
        rules = self._all_rules()
        if rules is None and not found:
            return []
        if any(one.reason in _BLOCKING for one in found):
            return [errors.invalid(NOWHERE, None, _UNCHECKED)]
        return run_rules(rules, obj, old)

    def _all_rules(self) -> Rules | None:
        if not self._compiled:
            self._rules, self._compiled = compile_rules(self._root, is_object=True), True
        return self._rules


def _content(obj: Document) -> Document:
    return {key: value for key, value in obj.items() if key != "metadata"}
