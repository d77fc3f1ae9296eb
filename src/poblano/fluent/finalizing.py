"""Finalizers: an object that has one is not gone before it is removed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeVar

from poblano.core.errors import Conflict, Invalid, MalformedObject, NotFound
from poblano.core.jsonvalue import Document
from poblano.core.objects import Resource
from poblano.fluent.chain import Chain, Which

if TYPE_CHECKING:
    from poblano.client.resources import Resources

R = TypeVar("R", bound=Resource)

Action: TypeAlias = Literal["add", "remove"]

ATTEMPTS = 5


class Finalizing(Chain[R]):
    """What can be held back."""

    __slots__ = ()

    async def finalize(self, action: Action, finalizer: str, which: Which = None) -> None:
        """Add a finalizer to an object, so that it is not gone before that is removed again; or remove one.

        Other finalizers are left as they are. What is so already is left alone; removing one of an object that is gone is
        no error. A finalizer in the ``spec`` of a Namespace (``kubernetes``) can be removed as well: then the Namespace
        goes, whatever is still in it.

        Args:
            action: ``add`` or ``remove``.
            finalizer: its name: ``shop.example.com/bucket``.
            which: name, or an object that was read; by default the one that the chain names.

        Raises:
            NotFound: there is nothing to add one to.
            MalformedObject: the object is being deleted, so nothing can be added.
            Conflict: others changed the finalizers five times meanwhile.
            Invalid: no finalizer can have this name.
            ApiError: the API server refused.
        """
        name, namespace = self._one(which, verb="finalize")
        api = await self._api()
        try:
            for _ in range(ATTEMPTS):
                read = await api.get(self._kind, name, namespace)
                if await self._finalized(api, read, action, finalizer):
                    return
        except NotFound as error:
            if action == "add" or not error.details.get("name"):
                raise
            return
        raise Conflict(
            f"others changed the finalizers of {self._kind.kind} {name} {ATTEMPTS} times meanwhile",
            status=409,
            reason="Conflict",
            remedy="try again",
        )

    async def _finalized(self, api: Resources, read: Document, action: Action, finalizer: str) -> bool:
        """Whether it is as it was wanted; else others were faster."""
        meta = read["metadata"]
        name, namespace = meta["name"], meta.get("namespace", "")
        try:
            if self._kind.kind == "Namespace" and action == "remove":
                await _released(api, self._kind, read, finalizer)
            if operations := finalizer_patch(read, action, finalizer):
                await api.patch(self._kind, name, operations, namespace)
        except Conflict:
            return False
        except Invalid as error:
            if error.details.get("causes"):
                raise
            return False  # the test in the patch failed
        return True


async def _released(api: Resources, kind: Any, namespace: Document, finalizer: str) -> None:
    """The same with the finalizers in the ``spec`` of a Namespace, for which there is a subresource."""
    listed: list[str] = namespace.get("spec", {}).get("finalizers") or []
    if finalizer in listed:
        kept = [one for one in listed if one != finalizer]
        spec = {**namespace["spec"], "finalizers": kept}
        await api.replace(kind, {**namespace, "spec": spec}, subresource="finalize", idempotent=False)


def finalizer_patch(read: Document, action: Action, finalizer: str) -> list[Document]:
    """The JSON patch that adds or removes a finalizer of the object that was read, and of no other; [] where it is so already.

    Raises:
        MalformedObject: it is being deleted, so nothing can be added.

    >>> finalizer_patch({"metadata": {"uid": "7", "finalizers": ["a", "b"]}}, "remove", "b")[1:]
    [{'op': 'test', 'path': '/metadata/finalizers/1', 'value': 'b'}, {'op': 'remove', 'path': '/metadata/finalizers/1'}]
    >>> finalizer_patch({"metadata": {"uid": "7", "finalizers": ["a"]}}, "add", "a")
    []
    """
    meta: Document = read["metadata"]
    listed: list[str] = meta.get("finalizers") or []
    same = {"op": "test", "path": "/metadata/uid", "value": meta["uid"]}
    if (finalizer in listed) == (action == "add"):
        return []
    if action == "remove":
        path = f"/metadata/finalizers/{listed.index(finalizer)}"
        return [same, {"op": "test", "path": path, "value": finalizer}, {"op": "remove", "path": path}]
    if meta.get("deletionTimestamp"):
        raise MalformedObject(f"{read['kind']} {meta['name']} is being deleted, so no finalizer can be added to it")
    if listed:
        return [same, {"op": "add", "path": "/metadata/finalizers/-", "value": finalizer}]
    version = {"op": "test", "path": "/metadata/resourceVersion", "value": meta["resourceVersion"]}
    return [same, version, {"op": "add", "path": "/metadata/finalizers", "value": [finalizer]}]
