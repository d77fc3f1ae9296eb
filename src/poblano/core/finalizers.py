"""The finalizer of a rule: what it is called, and the JSON patches that put it on an object and take it off.

Each patch tests what it relies on, so that it changes nothing when somebody else was faster, and never touches what is others'.

>>> name = finalizer("hello", "shop", "clean-up")
>>> name
'poblano.dev/hello-shop-clean-up'
>>> removal({"metadata": {"uid": "7", "finalizers": ["other", name]}}, name, "7")
[{'op': 'test', 'path': '/metadata/uid', 'value': '7'},
 {'op': 'test', 'path': '/metadata/finalizers/1', 'value': 'poblano.dev/hello-shop-clean-up'},
 {'op': 'remove', 'path': '/metadata/finalizers/1'}]
"""

from __future__ import annotations

from typing import Final

from poblano.core.binding import name_part
from poblano.core.jsonvalue import Document, as_list, as_map

PREFIX: Final = "poblano.dev/"

_FINALIZERS: Final = "/metadata/finalizers"


def finalizer(uuid: str, capability: str, rule: str) -> str:
    """What the finalizer of a rule is called: the same in every version of the module."""
    return PREFIX + name_part(f"{uuid}-{capability}-{rule}")


def finalizers_of(obj: Document) -> list[str]:
    """Those that an object has."""
    found = as_list((as_map(obj.get("metadata")) or {}).get("finalizers")) or []
    return [one for one in found if isinstance(one, str)]


def addition(obj: Document, name: str, uid: str) -> list[Document] | None:
    """The patch that puts `name` on `obj`; None when it is to have none: it has it, is being deleted, or is another by now.

    Args:
        obj: as it is in the cluster.
        name: of the finalizer.
        uid: of the object that is meant.
    """
    metadata = as_map(obj.get("metadata")) or {}
    found = finalizers_of(obj)
    if name in found or metadata.get("deletionTimestamp") or metadata.get("uid") != uid:
        return None
    if found:
        unchanged: Document = {"op": "test", "path": _FINALIZERS, "value": found}
        return [_same(uid), unchanged, {"op": "add", "path": f"{_FINALIZERS}/-", "value": name}]
    unchanged = {"op": "test", "path": "/metadata/resourceVersion", "value": metadata.get("resourceVersion")}
    return [_same(uid), unchanged, {"op": "add", "path": _FINALIZERS, "value": [name]}]


def removal(obj: Document, name: str, uid: str) -> list[Document] | None:
    """The patch that takes `name` off `obj`; None when there is nothing to take off. Arguments as of `addition`."""
    found = finalizers_of(obj)
    if name not in found or (as_map(obj.get("metadata")) or {}).get("uid") != uid:
        return None
    place = f"{_FINALIZERS}/{found.index(name)}"
    return [_same(uid), {"op": "test", "path": place, "value": name}, {"op": "remove", "path": place}]


def _same(uid: str) -> Document:
    return {"op": "test", "path": "/metadata/uid", "value": uid}
