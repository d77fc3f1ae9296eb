"""Whether a definition's names are free, and whether it is in force.

Source: k8s.io/apiextensions-apiserver/pkg/controller/status/naming_controller.go, establish/establishing_controller.go
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from poblano.cluster.custom.parts import part
from poblano.core.jsonvalue import Document, copied


@dataclass(frozen=True, slots=True)
class Taken:
    """The names that other definitions of the same group have."""

    resources: frozenset[str]
    kinds: frozenset[str]

    @classmethod
    def by(cls, others: Iterable[Document], group: str, name: str) -> Taken:
        """What the definitions of `group` but for `name` itself have been granted."""
        resources: set[str] = set()
        kinds: set[str] = set()
        for other in others:
            if other["spec"].get("group") != group or other["metadata"]["name"] == name:
                continue
            names = part(other, "status", "acceptedNames")
            resources |= {names.get("plural") or "", names.get("singular") or "", *(names.get("shortNames") or ())}
            kinds |= {names.get("kind") or "", names.get("listKind") or ""}
        return cls(frozenset(resources - {""}), frozenset(kinds - {""}))


def condition(crd: Document, kind: str) -> Document | None:
    """A condition of the definition, or None."""
    conditions = part(crd, "status").get("conditions") or ()
    return next((one for one in conditions if one.get("type") == kind), None)


def is_true(crd: Document, kind: str) -> bool:
    """Whether a condition holds."""
    found = condition(crd, kind)
    return found is not None and found.get("status") == "True"


def settled(crd: Document, others: Iterable[Document], now: str) -> Document:
    """The definition with the status that it should have.

    Args:
        crd: not changed.
        others: all definitions there are.
        now: for the conditions that change.
    """
    made: Document = copied(crd)
    status = made.setdefault("status", {})
    accepted, wrong = _accepted(crd, Taken.by(others, crd["spec"]["group"], crd["metadata"]["name"]))
    status["acceptedNames"] = accepted
    reason, message = wrong or ("NoConflicts", "no conflicts found")
    _set(made, "NamesAccepted", "False" if wrong else "True", reason, message, now)
    if not is_true(made, "Established"):
        if wrong:
            _set(made, "Established", "False", "NotAccepted", "not all names are accepted", now)
        else:
            _set(made, "Established", "True", "InitialNamesAccepted", "the initial names have been accepted", now)
    return made


def terminating(crd: Document, now: str) -> Document:
    """The definition while its objects are deleted."""
    made: Document = copied(crd)
    message = "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon"
    _set(made, "Terminating", "True", "InstanceDeletionPending", message, now)
    return made


def _set(crd: Document, kind: str, status: str, reason: str, message: str, now: str) -> None:
    found = condition(crd, kind)
    if found is None:
        conditions: list[Document] = crd["status"].get("conditions") or []
        crd["status"]["conditions"] = conditions
        found = {"type": kind}
        conditions.append(found)
    if found.get("status") != status:
        found.pop("lastTransitionTime", None)
        found["status"] = status
        found["lastTransitionTime"] = now
    found["reason"], found["message"] = reason, message


def _accepted(crd: Document, taken: Taken) -> tuple[Document, tuple[str, str] | None]:
    """The names that are granted, and what stands in the way of the others."""
    asked = crd["spec"]["names"]
    granted: Document = copied(part(crd, "status", "acceptedNames"))
    conflicts: list[tuple[str, str]] = []

    def grant(key: str, reason: str, used: frozenset[str]) -> None:
        name = asked.get(key) or ""
        if name and name in used:
            conflicts.append((reason, f'"{name}" is already in use'))
        elif name:
            granted[key] = name
        else:
            granted.pop(key, None)

    grant("plural", "PluralConflict", taken.resources)
    grant("singular", "SingularConflict", taken.resources)
    short_conflicts = [name for name in asked.get("shortNames") or () if name in taken.resources]
    if short_conflicts:
        text = ", ".join(f'"{name}" is already in use' for name in short_conflicts)
        conflicts.append(("ShortNamesConflict", f"[{text}]" if len(short_conflicts) > 1 else text))
    elif asked.get("shortNames"):
        granted["shortNames"] = list(asked["shortNames"])
    else:
        granted.pop("shortNames", None)
    grant("kind", "KindConflict", taken.kinds)
    grant("listKind", "ListKindConflict", taken.kinds)
    if asked.get("categories"):
        granted["categories"] = list(asked["categories"])
    else:
        granted.pop("categories", None)
    for key in ("plural", "kind"):
        granted.setdefault(key, "")
    order = ("plural", "singular", "shortNames", "kind", "listKind", "categories")
    return {key: granted[key] for key in order if key in granted}, conflicts[-1] if conflicts else None
