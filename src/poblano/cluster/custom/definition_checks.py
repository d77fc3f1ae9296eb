"""What makes a CustomResourceDefinition valid.

Complaints name what all versions share where Go's internal type has it: above the versions.

Source: k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation/validation.go
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from poblano.cluster import field_errors as errors
from poblano.cluster.custom.conditions import is_true
from poblano.cluster.custom.conversion_checks import validate_conversion
from poblano.cluster.custom.definition import shared
from poblano.cluster.custom.parts import part
from poblano.cluster.custom.schema_checks import validate_schema
from poblano.cluster.custom.version_checks import (
    validate_columns,
    validate_deprecation,
    validate_selectable,
    validate_subresources,
)
from poblano.cluster.field_errors import FieldError
from poblano.cluster.kinds import names
from poblano.core.jsonvalue import Document

_IMMUTABLE: Final = "field is immutable"


def name_errors(crd: Document) -> list[str]:
    """What is wrong with the name: it is made of the plural and the group."""
    spec, name = crd["spec"], crd["metadata"].get("name") or ""
    wanted = f"{part(spec, 'names').get('plural') or ''}.{spec.get('group') or ''}"
    return [*names.subdomain(name), *([] if name == wanted else ['must be spec.names.plural+"."+spec.group'])]


def validate_definition(crd: Document, old: Document | None = None) -> list[FieldError]:
    """What is wrong with a definition, metadata aside.

    Args:
        crd: with its defaults.
        old: what it was before; None for a new one.
    """
    found = _spec(crd["spec"])
    if old is not None:
        found += _changes(crd["spec"], old)
        found += _stored_versions(part(crd, "status").get("storedVersions") or [], crd["spec"])
    return found


def _spec(spec: Document) -> list[FieldError]:
    versions: list[Document] = spec.get("versions") or []
    found = _group(spec) + _scope(spec)
    for at, version in enumerate(versions):
        if not part(version, "schema").get("openAPIV3Schema"):
            where = f"spec.versions[{at}].schema.openAPIV3Schema"
            found.append(errors.required(where, "schemas are required"))
    found += _versions(versions)
    found += _names(spec.get("names") or {}, "spec.names", complete=True)
    found += _shared_parts(versions)
    if spec.get("preserveUnknownFields") is True:
        detail = (
            "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead"
        )
        found.append(errors.invalid("spec.preserveUnknownFields", True, detail))
    return found + validate_conversion(spec.get("conversion"), "spec.conversion")


def _group(spec: Document) -> list[FieldError]:
    group = spec.get("group") or ""
    if not group:
        return [errors.required("spec.group")]
    wrong = names.subdomain(group)
    if wrong:
        return [errors.invalid("spec.group", group, ",".join(wrong))]
    if "." not in group:
        return [errors.invalid("spec.group", group, "should be a domain with at least one dot")]
    return []


def _scope(spec: Document) -> list[FieldError]:
    scope = spec.get("scope") or ""
    if not scope:
        return [errors.required("spec.scope")]
    allowed = ("Cluster", "Namespaced")
    return [] if scope in allowed else [errors.not_supported("spec.scope", scope, allowed)]


def _versions(versions: list[Document]) -> list[FieldError]:
    found: list[FieldError] = []
    apart = {key: not shared(versions, key)[0] for key in _PARTS}
    for at, version in enumerate(versions):
        where = f"spec.versions[{at}]"
        wrong = names.dns1035(version.get("name") or "")
        if wrong:
            found.append(errors.invalid(f"{where}.name", version.get("name") or "", ",".join(wrong)))
        found += validate_deprecation(version, where)
        found += [one for key, is_apart in apart.items() if is_apart for one in _PARTS[key](version, where)]
    named = [version.get("name") for version in versions]
    if len(set(named)) != len(named):
        found.append(errors.invalid("spec.versions", _in_go(versions), "must contain unique version names"))
    if sum(version.get("storage") is True for version in versions) != 1:
        detail = "must have exactly one version marked as storage version"
        found.append(errors.invalid("spec.versions", _in_go(versions), detail))
    return found


def _in_go(versions: list[Document]) -> list[Document]:
    """The versions as Go's JSON has its internal type, once what they share stands above them."""

    def part(version: Document, key: str) -> Any:
        return None if shared(versions, key)[0] else version.get(key)

    return [
        {
            "Name": version.get("name") or "",
            "Served": version.get("served") is True,
            "Storage": version.get("storage") is True,
            "Deprecated": version.get("deprecated") is True,
            "DeprecationWarning": version.get("deprecationWarning"),
            "Schema": part(version, "schema"),
            "Subresources": part(version, "subresources"),
            "AdditionalPrinterColumns": part(version, "additionalPrinterColumns"),
            "SelectableFields": part(version, "selectableFields"),
        }
        for version in versions
    ]


def _shared_parts(versions: list[Document]) -> list[FieldError]:
    """What all versions say alike, complained of once."""
    if not versions:
        return []
    alike = {key: versions[0].get(key) for key in _PARTS if shared(versions, key)[0]}
    status = any(part(version, "subresources").get("status") is not None for version in versions)
    found: list[FieldError] = []
    root = part(alike, "schema").get("openAPIV3Schema")
    if root:
        found += validate_schema(root, "spec.validation.openAPIV3Schema", has_status=status)
    found += validate_subresources(alike.get("subresources"), "spec.subresources")
    found += validate_columns(alike.get("additionalPrinterColumns"), "spec.additionalPrinterColumns")
    if alike.get("selectableFields"):
        schema = part(versions[0], "schema", "openAPIV3Schema")
        found += validate_selectable(alike["selectableFields"], schema, "spec.selectableFields")
    return found


def _schema_of(version: Document, path: str) -> list[FieldError]:
    root = part(version, "schema").get("openAPIV3Schema")
    status = part(version, "subresources").get("status") is not None
    return validate_schema(root, f"{path}.schema.openAPIV3Schema", has_status=status) if root else []


def _selectable_of(version: Document, path: str) -> list[FieldError]:
    fields = version.get("selectableFields")
    root = part(version, "schema", "openAPIV3Schema")
    return validate_selectable(fields, root, f"{path}.selectableFields") if fields else []


_PARTS: Final[dict[str, Callable[[Document, str], list[FieldError]]]] = {
    "schema": _schema_of,
    "subresources": lambda version, path: validate_subresources(version.get("subresources"), f"{path}.subresources"),
    "additionalPrinterColumns": lambda version, path: validate_columns(
        version.get("additionalPrinterColumns"), f"{path}.additionalPrinterColumns"
    ),
    "selectableFields": _selectable_of,
}
"""What a version says of its own, unless all say the same."""


def _names(given: Document, path: str, *, complete: bool) -> list[FieldError]:
    found: list[FieldError] = []
    texts = {key: given.get(key) or "" for key in ("plural", "singular", "kind", "listKind")}
    if complete:
        found += [errors.required(f"{path}.{key}") for key, text in texts.items() if not text]
    for key, text in texts.items():
        wrong = names.dns1035(text.lower() if key in ("kind", "listKind") else text) if text else []
        if wrong:
            detail = ",".join(wrong)
            if key in ("kind", "listKind"):
                detail = f"may have mixed case, but should otherwise match: {detail}"
            found.append(errors.invalid(f"{path}.{key}", text, detail))
    found += _labels(given.get("shortNames"), f"{path}.shortNames")
    if texts["kind"] and texts["kind"] == texts["listKind"]:
        found.append(errors.invalid(f"{path}.listKind", texts["listKind"], "kind and listKind may not be the same"))
    return found + _labels(given.get("categories"), f"{path}.categories")


def _labels(given: list[str] | None, path: str) -> list[FieldError]:
    found: list[FieldError] = []
    for at, text in enumerate(given or ()):
        wrong = names.dns1035(text)
        if wrong:
            found.append(errors.invalid(f"{path}[{at}]", text, ",".join(wrong)))
    return found


def _changes(spec: Document, old: Document) -> list[FieldError]:
    found: list[FieldError] = []
    was = old["spec"]
    if is_true(old, "Established"):
        if spec.get("scope") != was.get("scope"):
            found.append(errors.invalid("spec.scope", spec.get("scope"), _IMMUTABLE))
        if spec["names"].get("kind") != was["names"].get("kind"):
            found.append(errors.invalid("spec.names.kind", spec["names"].get("kind"), _IMMUTABLE))
    if spec.get("group") != was.get("group"):
        found.append(errors.invalid("spec.group", spec.get("group"), _IMMUTABLE))
    if spec["names"].get("plural") != was["names"].get("plural"):
        found.append(errors.invalid("spec.names.plural", spec["names"].get("plural"), _IMMUTABLE))
    return found


def _stored_versions(stored: list[str], spec: Document) -> list[FieldError]:
    path = "status.storedVersions"
    if not stored:
        return [errors.invalid(path, stored, "must have at least one stored version")]
    found: list[FieldError] = []
    known = {version.get("name"): version for version in spec.get("versions") or ()}
    for name, version in known.items():
        if version.get("storage") is True and name not in stored:
            found.append(errors.invalid(path, stored, f"must have the storage version {name}"))
    for at, name in enumerate(stored):
        if name not in known:
            detail = (
                f"missing from spec.versions; {name} was previously a storage version, and must remain in spec.versions "
                f"until a storage migration ensures no data remains persisted in {name} and removes {name} from "
                f"status.storedVersions"
            )
            found.append(errors.invalid(f"{path}[{at}]", name, detail))
    return found
