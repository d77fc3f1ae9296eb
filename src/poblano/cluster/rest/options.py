"""What the query of a request says: one reader for all verbs.

Source: k8s.io/apimachinery/pkg/apis/meta/v1/types.go (ListOptions, CreateOptions …) and its validation.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal
from urllib.parse import parse_qs

from poblano.cluster import field_errors
from poblano.cluster.field_errors import FieldError
from poblano.cluster.status import bad_request, invalid
from poblano.core.jsonvalue import Document

FieldValidation = Literal["Strict", "Warn", "Ignore"]

_FALSE: Final = frozenset({"false", "0"})
_NUMBER: Final = re.compile(r"[+-]?[0-9]+")

_DIGITS: Final = 4000
"""More than that many Python does not read as a number; they are too many for 64 bits anyhow."""
_VALIDATIONS: Final = ("Ignore", "Strict", "Warn")
_PROPAGATIONS: Final = ("Background", "Foreground", "Orphan")
_MANAGER_LIMIT: Final = 128


class Query:
    """The query of a request, decoded."""

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, Sequence[str]]) -> None:
        self._values = values

    @staticmethod
    def of(raw: str) -> Query:
        """From what stands behind the question mark.

        >>> Query.of("limit=2&watch=true").number("limit")
        2
        """
        return _parsed(raw)

    def text(self, name: str) -> str:
        """The first value; empty when there is none."""
        values = self._values.get(name)
        return values[0] if values else ""

    def all(self, name: str) -> list[str]:
        """Every value."""
        return list(self._values.get(name, ()))

    def flag(self, name: str) -> bool:
        """A boolean: whatever is given is true but for "false" and "0" (Convert_Slice_string_To_bool).

        >>> [Query.of(text).flag("watch") for text in ("", "watch", "watch=1", "watch=False", "watch=0")]
        [False, True, True, False, False]
        """
        values = self._values.get(name)
        return values is not None and values[0].lower() not in _FALSE

    def number(self, name: str) -> int | None:
        """A whole number, None when there is none.

        Raises:
            StatusError: 400, it is no number.
        """
        values = self._values.get(name)
        if not values:
            return None
        shown = f"strconv.ParseInt: parsing {field_errors.go_value(values[0])}"
        if not _NUMBER.fullmatch(values[0]):
            raise bad_request(f"{shown}: invalid syntax")
        found = int(values[0]) if len(values[0]) < _DIGITS else 2**63
        if not -(2**63) <= found < 2**63:
            raise bad_request(f"{shown}: value out of range")
        return found


@lru_cache(maxsize=1024)
def _parsed(raw: str) -> Query:
    return Query(parse_qs(raw, keep_blank_values=True) if raw else {})


@dataclass(frozen=True, slots=True)
class WriteOptions:
    """How something is written.

    Args:
        dry_run: nothing is stored.
        field_manager: who owns the written fields; empty for the client's own name.
        field_validation: what happens to unknown and double fields.
        force: an apply takes fields from their owners.
        document: the options as an AdmissionReview carries them.
    """

    dry_run: bool
    field_manager: str
    field_validation: FieldValidation
    force: bool
    document: Document


def write_options(query: Query, kind: str, *, apply: bool = False) -> WriteOptions:
    """The options of a create, an update or a patch; `kind` is "CreateOptions" and so on.

    Raises:
        StatusError: 422 for values that there are not.
    """
    dry_run, manager = query.all("dryRun"), query.text("fieldManager")
    validation = query.text("fieldValidation")
    errors = [*_dry_run_errors(dry_run), *_manager_errors(manager)]
    if apply and not manager:
        errors.append(field_errors.required("fieldManager", "is required for apply patch"))
    if not apply and kind == "PatchOptions" and query.text("force"):
        errors.append(field_errors.forbidden("force", "may not be specified for non-apply patch"))
    if validation not in ("", *_VALIDATIONS):
        errors.append(field_errors.not_supported("fieldValidation", validation, _VALIDATIONS))
    if errors:
        raise invalid(kind, "", errors, group="meta.k8s.io")
    document: Document = {"kind": kind, "apiVersion": "meta.k8s.io/v1"}
    if dry_run:
        document["dryRun"] = dry_run
    if apply and query.text("force"):
        document["force"] = query.flag("force")
    if manager:
        document["fieldManager"] = manager
    if validation:
        document["fieldValidation"] = validation
    return WriteOptions(bool(dry_run), manager, _validation(validation), query.flag("force"), document)


def _validation(text: str) -> FieldValidation:
    """The default has been Warn since Kubernetes 1.25."""
    return "Strict" if text == "Strict" else "Ignore" if text == "Ignore" else "Warn"


def _dry_run_errors(values: list[str]) -> list[FieldError]:
    if values and any(value != "All" for value in values):
        return [field_errors.not_supported("dryRun", values, ["All"])]
    return []


def _manager_errors(manager: str) -> list[FieldError]:
    if len(manager.encode()) > _MANAGER_LIMIT:
        return [field_errors.too_long("fieldManager", _MANAGER_LIMIT)]
    if not manager.isprintable():
        problem = "should only contain printable characters"
        return [field_errors.invalid("fieldManager", manager, problem)]
    return []


@dataclass(frozen=True, slots=True)
class DeleteOptions:
    """How something is deleted.

    Args:
        grace_period: seconds, None for the kind's own.
        uid, resource_version: what the object has to have; None for anything.
        propagation: what becomes of its dependents; None for the kind's default.
        dry_run: nothing is deleted.
        document: the options as an AdmissionReview carries them.
    """

    grace_period: int | None
    uid: str | None
    resource_version: str | None
    propagation: Literal["Background", "Foreground", "Orphan"] | None
    dry_run: bool
    document: Document


def delete_options(query: Query, body: Document | None) -> DeleteOptions:
    """From the body where there is one, else from the query.

    Raises:
        StatusError: 422 for values that there are not.
    """
    given = dict(body) if body else _from_query(query)
    errors = [*_dry_run_errors(given.get("dryRun") or []), *_propagation_errors(given)]
    if errors:
        raise invalid("DeleteOptions", "", errors, group="meta.k8s.io")
    preconditions: Document = given.get("preconditions") or {}
    document: Document = {"kind": "DeleteOptions", "apiVersion": "meta.k8s.io/v1"}
    document.update({key: value for key, value in given.items() if key not in ("kind", "apiVersion")})
    return DeleteOptions(
        given.get("gracePeriodSeconds"),
        preconditions.get("uid"),
        preconditions.get("resourceVersion"),
        given.get("propagationPolicy") or _of_orphans(given.get("orphanDependents")),
        bool(given.get("dryRun")),
        document,
    )


def _from_query(query: Query) -> Document:
    found: Document = {}
    grace = query.number("gracePeriodSeconds")
    if grace is not None:
        found["gracePeriodSeconds"] = grace
    if query.text("propagationPolicy"):
        found["propagationPolicy"] = query.text("propagationPolicy")
    if query.text("orphanDependents"):
        found["orphanDependents"] = query.flag("orphanDependents")
    if query.all("dryRun"):
        found["dryRun"] = query.all("dryRun")
    return found


def _of_orphans(orphan: object) -> Literal["Background", "Orphan"] | None:
    """The older spelling of the policy."""
    if orphan is None:
        return None
    return "Orphan" if orphan else "Background"


def _propagation_errors(given: Document) -> list[FieldError]:
    policy, orphan = given.get("propagationPolicy"), given.get("orphanDependents")
    if policy is not None and orphan is not None:
        problem = "orphanDependents and deletionPropagation cannot be both set"
        return [field_errors.invalid("propagationPolicy", policy, problem)]
    if policy is not None and policy not in _PROPAGATIONS:
        return [field_errors.not_supported("propagationPolicy", policy, [*_PROPAGATIONS[1:], _PROPAGATIONS[0], "nil"])]
    return []
