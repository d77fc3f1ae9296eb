"""What an object's metadata must be, the same for every kind, custom ones included.

Source: k8s.io/apimachinery pkg/api/validation/objectmeta.go and pkg/apis/meta/v1/validation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from poblano.cluster import field_errors as errors
from poblano.cluster.field_errors import FieldError
from poblano.cluster.kinds import names
from poblano.cluster.kinds.names import NameRule
from poblano.cluster.kinds.tree import many
from poblano.core.jsonvalue import Document

ANNOTATIONS_LIMIT: Final = 256 * 1024
IMMUTABLE: Final = "field is immutable"
_STANDARD_FINALIZERS: Final = frozenset({"kubernetes", "orphan", "foregroundDeletion"})
_NEVER_CHANGING: Final = (
    "name",
    "namespace",
    "uid",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
)
_TEXTS_BY_DEFAULT: Final = frozenset({"name", "namespace", "uid"})


def of(obj: Document) -> Document:
    """The object's metadata; an empty one, not put into the object, where it has none."""
    found = obj.get("metadata")
    return found if isinstance(found, dict) else {}  # pyright: ignore[reportUnknownVariableType]


def validate(obj: Document, *, namespaced: bool, name_rule: NameRule, path: str = "metadata") -> list[FieldError]:
    """What is wrong with the metadata of a new object, its name made already (ValidateObjectMeta).

    >>> [str(e) for e in validate({"metadata": {"name": "A"}}, namespaced=False, name_rule=names.path_segment)]
    []
    >>> [str(e) for e in validate({"metadata": {}}, namespaced=False, name_rule=names.path_segment)]
    ['metadata.name: Required value: name or generateName is required']
    """
    meta = of(obj)
    found = _names(meta, name_rule, path) + _namespace(meta, namespaced, path)
    if int(meta.get("generation") or 0) < 0:
        at_least = "must be greater than or equal to 0"
        found.append(errors.invalid(f"{path}.generation", meta["generation"], at_least))
    return found + _maps_and_owners(meta, path) + _finalizers(meta, path) + _managed_fields(meta, path)


def validate_kubernetes(obj: Document, *, namespaced: bool, name_rule: NameRule) -> list[FieldError]:
    """`validate` as the built-in kinds have it: a finalizer without a domain must be one of the standard ones."""
    found = validate(obj, namespaced=namespaced, name_rule=name_rule)
    for index, finalizer in enumerate(many(of(obj), "finalizers")):
        found += finalizer_errors(finalizer, f"metadata.finalizers[{index}]")
    return found


def finalizer_errors(finalizer: str, path: str) -> list[FieldError]:
    """What is wrong with the name of one finalizer of a built-in kind."""
    if "/" in finalizer or finalizer in _STANDARD_FINALIZERS:
        return []
    text = "name is neither a standard finalizer name nor is it fully qualified"
    return [errors.invalid(path, finalizer, text)]


def validate_update(obj: Document, old: Document, path: str = "metadata") -> list[FieldError]:
    """What is wrong with how the metadata changed (ValidateObjectMetaUpdate)."""
    meta, was = of(obj), of(old)
    found = _new_finalizers(meta, was, path)
    if not meta.get("resourceVersion"):
        found.append(errors.invalid(f"{path}.resourceVersion", "", "must be specified for an update"))
    if int(meta.get("generation") or 0) < int(was.get("generation") or 0):
        found.append(errors.invalid(f"{path}.generation", meta.get("generation") or 0, "must not be decremented"))
    for key in _NEVER_CHANGING:
        empty = "" if key in _TEXTS_BY_DEFAULT else None
        if meta.get(key, empty) != was.get(key, empty):
            found.append(errors.invalid(f"{path}.{key}", meta.get(key, empty), IMMUTABLE))
    return found + _maps_and_owners(meta, path) + _managed_fields(meta, path)


def label_errors(value: Mapping[str, Any] | None, path: str) -> list[FieldError]:
    """What is wrong with a map of labels, wherever it stands."""
    found: list[FieldError] = []
    for key, text in (value or {}).items():
        found += [errors.invalid(path, key, wrong) for wrong in names.qualified(key)]
        found += [errors.invalid(path, text, wrong) for wrong in names.label_value(text or "")]
    return found


def annotation_errors(value: Mapping[str, Any] | None, path: str) -> list[FieldError]:
    """What is wrong with a map of annotations: its keys, or its size as a whole."""
    found: list[FieldError] = []
    for key in value or ():
        found += [errors.invalid(path, key, wrong) for wrong in names.qualified(key.lower())]
    size = sum(len(key.encode()) + len((text or "").encode()) for key, text in (value or {}).items())
    return found if size <= ANNOTATIONS_LIMIT else [*found, errors.too_long(path, ANNOTATIONS_LIMIT)]


def _names(meta: Document, name_rule: NameRule, path: str) -> list[FieldError]:
    generate, name = meta.get("generateName"), meta.get("name")
    found: list[FieldError] = []
    if generate:
        found += [
            errors.invalid(f"{path}.generateName", generate, wrong) for wrong in name_rule(names.prefix(generate))
        ]
    if not name:
        return [*found, errors.required(f"{path}.name", "name or generateName is required")]
    return [*found, *(errors.invalid(f"{path}.name", name, wrong) for wrong in name_rule(name))]


def _namespace(meta: Document, namespaced: bool, path: str) -> list[FieldError]:  # noqa: FBT001
    namespace = meta.get("namespace")
    if not namespaced:
        return [errors.forbidden(f"{path}.namespace", "not allowed on this type")] if namespace else []
    if not namespace:
        return [errors.required(f"{path}.namespace")]
    return [errors.invalid(f"{path}.namespace", namespace, wrong) for wrong in names.label(namespace)]


def _maps_and_owners(meta: Document, path: str) -> list[FieldError]:
    return [
        *label_errors(meta.get("labels"), f"{path}.labels"),
        *annotation_errors(meta.get("annotations"), f"{path}.annotations"),
        *owner_references(many(meta, "ownerReferences"), f"{path}.ownerReferences"),
    ]


def owner_references(owners: Sequence[Document], path: str) -> list[FieldError]:
    """What is wrong with owner references: incomplete ones, a second controller, an Event as an owner."""
    found: list[FieldError] = []
    controller = ""
    for owner in owners:
        found += _owner(owner, path)
        if owner.get("controller") is not True:
            continue
        this = f"{owner.get('kind', '')}/{owner.get('name', '')}"
        if controller:
            text = 'Only one reference can have Controller set to true. Found "true" in references for '
            found.append(errors.invalid(path, list(owners), f"{text}{controller} and {this}"))
        controller = controller or this
    return found


def _owner(owner: Document, path: str) -> list[FieldError]:
    group_version = owner.get("apiVersion") or ""
    group, slash, version = group_version.rpartition("/")
    found: list[FieldError] = []
    if not version or "/" in group or (slash and not group and not version):
        found.append(errors.invalid(f"{path}.apiVersion", group_version, "version must not be empty"))
    for key in ("kind", "name", "uid"):
        if not owner.get(key):
            found.append(errors.invalid(f"{path}.{key}", owner.get(key) or "", "must not be empty"))
    if (group_version, owner.get("kind")) == ("v1", "Event"):
        found.append(errors.invalid(path, owner, "/v1, Kind=Event is disallowed from being an owner"))
    return found


def _finalizers(meta: Document, path: str) -> list[FieldError]:
    finalizers: list[str] = many(meta, "finalizers")
    where = f"{path}.finalizers"
    found = [errors.invalid(where, one, wrong) for one in finalizers for wrong in names.qualified(one)]
    if {"orphan", "foregroundDeletion"} <= set(finalizers):
        text = "finalizer orphan and foregroundDeletion cannot be both set"
        found.append(errors.invalid(where, finalizers, text))
    return found


def _new_finalizers(meta: Document, was: Document, path: str) -> list[FieldError]:
    if not was.get("deletionTimestamp"):
        return []
    extra = sorted(set(many(meta, "finalizers")) - set(many(was, "finalizers")))
    if not extra:
        return []
    shown = ", ".join(errors.go_value(one) for one in extra)
    text = "no new finalizers can be added if the object is being deleted, found new finalizers "
    return [errors.forbidden(f"{path}.finalizers", f"{text}[]string{{{shown}}}")]


def _managed_fields(meta: Document, path: str) -> list[FieldError]:
    found: list[FieldError] = []
    for index, entry in enumerate(many(meta, "managedFields")):
        where = f"{path}.managedFields[{index}]"
        if entry.get("operation") not in {"Apply", "Update"}:
            operation = entry.get("operation") or ""
            found.append(errors.invalid(f"{where}.operation", operation, "must be `Apply` or `Update`"))
        if entry.get("fieldsType", "FieldsV1") != "FieldsV1":
            found.append(errors.invalid(f"{where}.fieldsType", entry["fieldsType"], "must be `FieldsV1`"))
        found += _manager(entry.get("manager") or "", f"{where}.manager")
        if len(entry.get("subresource") or "") > 256:
            found.append(errors.too_long(f"{where}.subresource", 256))
    return found


def _manager(manager: str, path: str) -> list[FieldError]:
    if len(manager.encode()) > 128:
        return [errors.too_long(path, 128)]
    for index, char in enumerate(manager):
        if not char.isprintable():
            text = f"invalid character U+{ord(char):04X} (at position {index})"
            return [errors.invalid(path, manager, text)]
    return []
