"""Who owns an object, so that it is deleted with its owner."""

from __future__ import annotations

from poblano.core.errors import MalformedObject
from poblano.core.objects import OwnerReference, Resource
from poblano.events import version_and_kind


def owner_reference(
    owner: Resource, *, block_owner_deletion: bool | None = None, controller: bool | None = None
) -> OwnerReference:
    """What goes into ``metadata.owner_references`` of an object that belongs to `owner`.

    Args:
        owner: as it is in the cluster: with its uid.
        block_owner_deletion: whether a foreground deletion of the owner waits for the object.
        controller: whether the owner is the one that manages the object; one at most may be.

    Raises:
        MalformedObject: when the owner has no name or uid: the garbage collector would delete the object at once.

    >>> from poblano.models.core_v1 import ConfigMap
    >>> owner = ConfigMap(metadata={"name": "shop", "uid": "1f9b"})
    >>> child = ConfigMap(metadata={"name": "child", "ownerReferences": [owner_reference(owner, controller=True)]})
    >>> child.metadata.owner_references[0].uid
    '1f9b'
    """
    api_version, kind = version_and_kind(owner)
    metadata = owner.metadata
    if not metadata.name or not metadata.uid:
        missing = "uid" if metadata.name else "name"
        raise MalformedObject(f"this {kind} has no {missing}, so it can own nothing; use what the API server answered")
    return OwnerReference(
        api_version=api_version,
        kind=kind,
        name=metadata.name,
        uid=metadata.uid,
        block_owner_deletion=block_owner_deletion,
        controller=controller,
    )
