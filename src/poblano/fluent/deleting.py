"""Deleting: one object, or, by a word of its own, all that are chosen."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from poblano.core.errors import ApiError, Conflict, MalformedObject, NotFound
from poblano.core.objects import Resource
from poblano.fluent.chain import Chain, Which

if TYPE_CHECKING:
    from poblano.client.deleting import Preconditions, Propagation
    from poblano.client.resources import Resources

R = TypeVar("R", bound=Resource)


class Deleting(Chain[R]):
    """What can be deleted."""

    __slots__ = ()

    async def delete(
        self,
        which: Which = None,
        *,
        propagation: Propagation | None = None,
        grace_seconds: int | None = None,
        preconditions: Preconditions | None = None,
        dry_run: bool = False,
    ) -> None:
        """Delete one object. It is no error when there is none. Finalizers may keep it for a while.

        Args:
            which: its name; or an object that was read: then another that has the name by now is left alone. By default the
                one that the chain names.
            propagation: what becomes of what it owns: ``Background``, ``Foreground`` (it goes last) or ``Orphan``.
            grace_seconds: how long a Pod has to end.
            preconditions: the uid or resource version that it must still have.
            dry_run: change nothing.

        Raises:
            Conflict: `preconditions` do not hold.
            MalformedObject: the chain does not say which; for all that it chooses there is `delete_all`.
            ApiError: the API server refused.
        """
        name, namespace = self._one(which, verb="delete")
        api = await self._api()
        uid = which.metadata.uid if isinstance(which, Resource) and preconditions is None else ""
        with gone_is_fine(uid):
            await api.delete(
                self._kind,
                name,
                namespace,
                propagation=propagation,
                grace_seconds=grace_seconds,
                preconditions=_same(uid) if uid else preconditions,
                dry_run=dry_run,
            )

    async def delete_all(
        self,
        *,
        everywhere: bool = False,
        propagation: Propagation | None = None,
        grace_seconds: int | None = None,
        dry_run: bool = False,
    ) -> None:
        """Delete all objects that the chain chooses. Without a namespace, those in all of them.

        Args:
            everywhere: needed where the chain names no namespace, name, label or field: then these are all objects of the
                kind in the cluster.
            propagation: what becomes of what they own: ``Background``, ``Foreground`` or ``Orphan``.
            grace_seconds: how long Pods have to end.
            dry_run: change nothing.

        Raises:
            MalformedObject: the chain chooses everything, and `everywhere` does not say that this is meant.
            ApiError: the API server refused; some may be deleted by then.
        """
        if self._choice.is_everything and not everywhere:
            raise MalformedObject(
                f"this would delete every {self._kind.kind} of the cluster; choose some with in_namespace() or with_label(), "
                "or say delete_all(everywhere=True)"
            )
        choice, api = self._choice, await self._api()
        for namespace in await self._namespaces(api):
            try:
                await api.delete_collection(
                    self._kind,
                    namespace,
                    label_selector=choice.label_selector,
                    field_selector=choice.field_selector,
                    propagation=propagation,
                    grace_seconds=grace_seconds,
                    dry_run=dry_run,
                )
            except ApiError as error:
                if error.status != 405:  # Namespaces, and Services before Kubernetes 1.24, go one by one only
                    raise
                for name, uid in await self._found(api, namespace):
                    with gone_is_fine(uid):
                        await api.delete(
                            self._kind,
                            name,
                            namespace,
                            propagation=propagation,
                            grace_seconds=grace_seconds,
                            preconditions=_same(uid),
                            dry_run=dry_run,
                        )

    async def _namespaces(self, api: Resources) -> list[str]:
        """Where there is something to delete: an API server deletes collections in one namespace at a time."""
        if self._choice.namespace or not self._kind.namespaced:
            return [self._choice.namespace]
        choice, found = self._choice, set[str]()
        labels, fields = choice.label_selector, choice.field_selector
        async for page in api.pages(self._kind, label_selector=labels, field_selector=fields):
            found.update(item["metadata"]["namespace"] for item in page.items)
        return sorted(found)

    async def _found(self, api: Resources, namespace: str) -> list[tuple[str, str]]:
        choice = self._choice
        listing = await api.list(
            self._kind, namespace, label_selector=choice.label_selector, field_selector=choice.field_selector
        )
        return [(item["metadata"]["name"], item["metadata"]["uid"]) for item in listing.items]


def _same(uid: str) -> Preconditions:
    from poblano.client.deleting import Preconditions

    return Preconditions(uid=uid)


@contextmanager
def gone_is_fine(uid: str = "") -> Generator[None]:
    """Let it pass that there is no such object, or, when the one with this uid was meant, that another has its name."""
    try:
        yield
    except NotFound as error:
        if not error.details.get("name"):
            raise  # it is the kind that is not there
    except Conflict:
        if not uid:
            raise
