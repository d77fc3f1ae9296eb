"""What a reconcile or finalize action is given beside its object: ways to write what the object asks for, and to say how it goes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, Final, Generic, Protocol, TypeAlias, TypeVar

from poblano.core.conditions import set_condition, status_of
from poblano.core.context import check_permitted
from poblano.core.errors import MalformedObject
from poblano.core.fields import Viewed
from poblano.core.jsonvalue import Document, as_list, as_map, copied, plain, same
from poblano.core.kinds import Kind
from poblano.core.objects import Resource, document, kind_of
from poblano.core.rebasing import rebased_status, status_patch
from poblano.events import EventType
from poblano.log import Log, Logger
from poblano.owners import owner_reference

K = TypeVar("K", bound=Resource)
R = TypeVar("R", bound=Resource)

Writing: TypeAlias = Callable[[], Awaitable[Document]]
WritingStatus: TypeAlias = Callable[[Document], Awaitable[Document]]
"""Sends a merge patch of the status."""


class Api(Protocol):
    """How it is written; `poblano.client.Resources` does it."""

    async def apply(
        self, kind: Kind, obj: Document, namespace: str = "", *, subresource: str = "", force: bool = False
    ) -> Document: ...

    async def patch(
        self, kind: Kind, name: str, patch: Any, namespace: str = "", *, subresource: str = ""
    ) -> Document: ...


class Support(Protocol):
    """What a running controller adds."""

    async def write(self, kind: Kind, write: Writing) -> Document:
        """What the API server answers to the write of an object of that kind."""
        ...

    async def write_status(self, was: Document, wanted: Document, live: Document, write: WritingStatus) -> Document:
        """The object, once what was changed of its status is written; its status is as it was sent, not as the server put it.

        Args:
            was: the status that the action was given.
            wanted: the one that it wants.
            live: the object, as it was last seen.
            write: sends a merge patch.
        """
        ...

    def tell(self, about: Resource, *, type: EventType, reason: str, note: str) -> None:
        """Have an event written."""
        ...

    async def children(self, kind: Kind, owner: Document) -> list[Document]:
        """The objects whose controller `owner` is."""
        ...


class _Alone:
    """No controller: the context was made by a test."""

    async def write(self, kind: Kind, write: Writing) -> Document:
        """Nobody has to know."""
        return await write()

    async def write_status(self, was: Document, wanted: Document, live: Document, write: WritingStatus) -> Document:
        """Nobody has to know."""
        status = rebased_status(was, wanted, live)
        patch = status_patch(status, live)
        return live if patch is None else {**await write(patch), "status": status}

    def tell(self, about: Resource, *, type: EventType, reason: str, note: str) -> None:
        """Nobody writes it."""

    async def children(self, kind: Kind, owner: Document) -> list[Document]:
        """Nobody knows any."""
        return []


ALONE: Final[Support] = _Alone()


class Context(Generic[K]):
    """One run of a reconcile or finalize action.

    Args:
        obj: the object it is about.
        kind: of the object.
        api: how to write.
        failures: how often it has failed in a row.
        support: what a running controller adds.

    Attributes:
        failures: how often it has failed in a row.
        generation: which version of what is wanted the object is; None for a kind that does not count.
        log: `Log`, whose lines name the object.
    """

    def __init__(self, obj: K, kind: Kind, api: Api, *, failures: int = 0, support: Support = ALONE) -> None:
        self.failures = failures
        self.generation: int | None = obj.metadata.generation
        self._object = obj
        self._kind = kind
        self._api = api
        self._support = support
        found: Document = document(obj)
        self._status = copied(as_map(found.get("status")) or {})
        self._live: Document = {"metadata": dict(as_map(found.get("metadata")) or {}), "status": self._status}

    @property
    def log(self) -> Logger:
        """`Log`, whose lines name the object."""
        metadata = self._object.metadata
        where = f"{metadata.namespace}/{metadata.name}" if metadata.namespace else metadata.name
        return Log.bind(kind=self._kind.kind, object=where)

    async def apply(self, obj: R) -> R:
        """Make an object, or bring it to what is said here, by server-side apply; returns it as the server has it.

        The object that is reconciled becomes its owner and controller: when that one is deleted, so is this. Without a namespace it
        goes into the owner's.

        Args:
            obj: all of what is wanted of it, and nothing else; what was applied before and is left out is taken away.

        Raises:
            ApiError: the API server refused.
            MalformedObject: it has no name, or the owner is in another namespace, where it can own nothing.
            TypeError: it is no object of a kind.
            LeadershipLost: another replica may be at work on the object by now.
        """
        kind, wanted = _applicable(obj)
        metadata: Document = dict(wanted.get("metadata") or {})
        own = self._object.metadata.namespace
        if self._kind.namespaced and not kind.namespaced:
            raise MalformedObject(
                f"a {kind.kind} is in no namespace, so a {self._kind.kind}, which is in one, cannot own it; write it with K8s"
            )
        if kind.namespaced:
            metadata.setdefault("namespace", own)
        if self._kind.namespaced and metadata.get("namespace", "") != own:
            raise MalformedObject(
                f"{kind.kind} {metadata.get('name')} is not in the namespace {own}, so the {self._kind.kind} there cannot own it; "
                "put it there"
            )
        reference = document(owner_reference(self._object, controller=True))
        metadata["ownerReferences"] = _references(metadata.get("ownerReferences") or [], reference)
        check_permitted()
        whole = {**wanted, "metadata": metadata}
        applied = await self._support.write(kind, lambda: self._api.apply(kind, whole, force=True))
        return type(obj).of(applied)

    async def save_status(self) -> None:
        """Write what has been changed of the object's ``status`` since it was read or saved, and nothing else.

        What the action left alone stays as it is by now. What it took away goes, unless somebody else owns it. If the object has changed
        meanwhile, the changes are made to what it is by then.

        Raises:
            ApiError: the API server refused; `NotFound` also when the kind has no subresource ``status``.
            Conflict: the object is another one by now; or a list that the action has changed was changed by somebody else as well.
            LeadershipLost: another replica may be at work on the object by now.
            MalformedObject: the status is no map.
        """
        found = plain(document(self._object).get("status"))
        if (status := as_map({} if found is None else found)) is None:
            raise MalformedObject(
                f"the status of a {self._kind.kind} is {found!r}; it is a map, such as {{'phase': 'Up'}}"
            )
        status = copied(status)
        if same(status, self._status):
            return
        check_permitted()
        answer = await self._support.write_status(self._status, status, self._live, self._write_status)
        self._status, self._live = status, answer
        version = (as_map(answer.get("metadata")) or {}).get("resourceVersion")
        if isinstance(version, str):
            self._object.metadata.resource_version = version

    async def _write_status(self, patch: Document) -> Document:
        name, namespace = self._object.metadata.name, self._object.metadata.namespace
        return await self._api.patch(self._kind, name, patch, namespace, subresource="status")

    def set_condition(self, type: str, status: bool | None, *, reason: str, message: str = "") -> bool:  # noqa: FBT001 -- its value
        """Say in ``status.conditions`` whether something holds; `save_status` writes it.

        The time of its last transition is now if the status is another than it was; ``observedGeneration`` is the object's.

        Args:
            type: of the condition: ``Ready``.
            status: whether it holds; None for ``Unknown``.
            reason: why, in a word: ``DeploymentAvailable``.
            message: for people.

        Returns:
            Whether the status is another than it was: what an event may be worth.

        Raises:
            MalformedObject: the type, status or reason is none.
        """
        current: Document = document(self._object)
        found, value = as_map(current.get("status")), status_of(status)
        listed = as_list((found or {}).get("conditions")) or []
        made = set_condition(
            listed,
            type,
            value,
            reason=reason,
            message=message,
            now=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            generation=self.generation if _says_generation(self._object.__class__) else None,
        )
        if found is None:
            found = current["status"] = {}
        found["conditions"] = made
        return value != next(
            (one.get("status") for one in map(as_map, listed) if one and one.get("type") == type), None
        )

    def event(self, reason: str, message: str = "", *, type: EventType = "Normal") -> None:
        """Have an event about the object written: what ``kubectl describe`` shows below it.

        It is written beside the action, some time soon. The same event again is counted, not written anew; an object that has had
        many in a short time gets no more.

        Args:
            reason: why, in a word: ``Scaled``.
            message: what happened, for people; cut at 1024 bytes.
            type: ``Normal`` or ``Warning``.
        """
        self._support.tell(self._object, type=type, reason=reason, note=message)

    async def children(self, kind: type[R]) -> list[R]:
        """The objects of a kind whose controller this object is: what was applied for it.

        Of a kind that the rule ``owns`` they are taken from the cache, others are listed.

        Raises:
            ApiError: the API server refused to list them.
        """
        found = await self._support.children(kind_of(kind), document(self._object))
        return [kind.of(one) for one in found]


def _says_generation(cls: type[Any]) -> bool:
    """Whether the conditions of a kind have an ``observedGeneration``; those that are older than it have none, as a Deployment's."""
    status = getattr(cls, "status", None)
    conditions = getattr(status.view, "conditions", None) if isinstance(status, Viewed) else None
    return not isinstance(conditions, Viewed) or hasattr(conditions.view, "observed_generation")


def _applicable(obj: object) -> tuple[Kind, Document]:
    """The kind and the JSON of what is to be applied, if that can be."""
    if not isinstance(obj, Resource):
        given = f"the class {obj.__name__}" if isinstance(obj, type) else f"a {type(obj).__name__}"
        raise TypeError(
            f"ctx.apply takes an object of a kind, and this is {given}: write a.ConfigMap(metadata=...), or a.ConfigMap.of(...) "
            "around its JSON"
        )
    kind, wanted = kind_of(obj), plain(obj)
    metadata = as_map(wanted.get("metadata")) or {}
    if not metadata.get("name"):
        why = (
            "cannot have its name made up by the server (generateName)"
            if metadata.get("generateName")
            else "needs a name"
        )
        raise MalformedObject(
            f"a {kind.kind} that is applied {why}: the next run would not know it again; "
            "give it one that follows from the object, such as its name and a word more"
        )
    return kind, wanted


def _references(listed: list[Document], own: Document) -> list[Document]:
    """Owner references with ours among them; one at most is the controller's, which is ours."""
    others = [one for one in listed if one.get("uid") != own["uid"]]
    for one in others:
        if one.get("controller"):
            raise MalformedObject(
                f"the {one.get('kind')} {one.get('name')} is said to be its controller already; "
                "leave `controller` out of that owner reference, since an object has one controller at most"
            )
    return [*others, own]
