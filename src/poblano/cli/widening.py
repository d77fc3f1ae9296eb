"""Roles while pods are replaced: they hold what the pods of before need as well as what those to come need."""

from __future__ import annotations

from typing import Final, cast

from poblano.core.jsonvalue import Document

SHARED: Final = {
    "Role": "rules",
    "ClusterRole": "rules",
    "RoleBinding": "subjects",
    "ClusterRoleBinding": "subjects",
}
"""The list of a kind that grants: of what it says, or to whom."""


def widened(document: Document, found: Document) -> Document:
    """An object, with what is granted already as well; `document` itself when that is no more, or is none that grants.

    Args:
        document: as it is to be.
        found: as it is in the cluster.

    >>> new, old = {"verbs": ["get"]}, {"verbs": ["list"]}
    >>> widened({"kind": "Role", "rules": [new]}, {"kind": "Role", "rules": [old, new]})
    {'kind': 'Role', 'rules': [{'verbs': ['get']}, {'verbs': ['list']}]}
    """
    key = SHARED.get(str(document["kind"]))
    if key is None:
        return document
    wanted: list[Document] = document.get(key) or []
    known = [_comparable(one) for one in wanted]
    there: list[Document] = found.get(key) or []
    more = [one for one in there if _comparable(one) not in known]
    return {**document, key: [*wanted, *more]} if more else document


def _comparable(one: Document) -> Document:
    """What a rule or a subject says: the order of its verbs is none of it, and a server fills in the group of subjects."""
    said: Document = {
        key: sorted(cast("list[str]", value)) if isinstance(value, list) else value
        for key, value in one.items()
        if value
    }
    if said.get("kind") == "ServiceAccount":
        said.pop("apiGroup", None)
    return said
