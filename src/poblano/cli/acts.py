"""What the actions that follow a cluster do: which was called about what, and what came of it there."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field, replace
from typing import Any, Final

from poblano.client import ApiClient
from poblano.client.messages import Response
from poblano.core.binding import FOLLOWERS, Binding
from poblano.core.context import Running, running
from poblano.core.jsonvalue import Document, as_map
from poblano.core.objects import Resource

READS: Final = frozenset({"GET", "HEAD"})
NEITHER_SAID: Final = ("managedFields", "resourceVersion", "generation")
"""What changes by itself."""


@dataclass(slots=True)
class Act:
    """What a rule did about an object, in one run or several.

    Attributes:
        phase, title: of the rule.
        subject: the object: ``WebApp shop/cafe``.
        told: the phase that a watch action was told.
        effects: what it wrote, and how: ``{"ConfigMap shop/x": "made"}``.
        error: what it raised at last; "" when that run went well.
    """

    phase: str
    title: str
    subject: str
    told: str = ""
    effects: dict[str, str] = field(default_factory=dict[str, str])
    error: str = ""


class Acts:
    """Notes what is done, until it is taken.

    `written` is what was written of late, `made` what was ever made, and `children` what was written for somebody, by the
    owner's uid.
    """

    def __init__(self) -> None:
        self.written: list[Document] = []
        self.made: dict[str, Document] = {}
        self.children: dict[str, dict[str, Document]] = {}
        self._acts: dict[tuple[str, str], Act] = {}
        self._known: dict[str, Document] = {}

    def take(self) -> list[Act]:
        """What was done since the last time, in the order in which it began."""
        found, self._acts = list(self._acts.values()), {}
        return found

    def recorded(self, binding: Binding) -> Binding:
        """`binding`, with its runs noted here; one of a webhook as it is."""
        if binding.phase not in FOLLOWERS:
            return binding
        action, note = binding.action, functools.partial(self._called, binding)

        @functools.wraps(action)
        async def acting(obj: Resource, second: object) -> Any:
            with _Noting(note(obj, second)):
                return await action(obj, second)

        @functools.wraps(action)
        def blocking(obj: Resource, second: object) -> Any:
            with _Noting(note(obj, second)):
                return action(obj, second)

        return replace(binding, action=acting if binding.is_async else blocking)

    def _called(self, binding: Binding, obj: Resource, second: object) -> Act:
        key = (f"{binding.phase} {binding.title}", str(obj.metadata.name))
        subject = named(binding.kind.kind, obj.metadata.namespace, obj.metadata.name)
        act = self._acts.setdefault(key, Act(binding.phase, binding.title, subject))
        if binding.phase == "watch" and not act.told:
            act.told = str(second)
        return act

    def wrote(self, who: Running, method: str, path: str, response: Response) -> None:
        """An action wrote something."""
        document = as_map(response.json()) or {}
        if document.get("kind") in {None, "Event", "Status"}:
            return
        metadata: Document = document["metadata"]
        name = named(document["kind"], metadata.get("namespace", ""), metadata["name"])
        effect = self._effect(method, response.status, name, document)
        if effect:
            self.written.append(document)
            if effect == "made":
                self.made[name] = document
            owners: list[Document] = metadata.get("ownerReferences") or []
            for owner in owners:
                self.children.setdefault(owner["uid"], {})[name] = document
            self._note(who, f"the status of {name}" if path.endswith("/status") else name, effect)

    def _effect(self, method: str, status: int, name: str, document: Document) -> str:
        said, before = _said(document), self._known.get(name)
        self._known[name] = said
        if method == "DELETE":
            return "deleted"
        if status == 201:
            return "made"
        return "" if before == said else "changed"

    def _note(self, who: Running, what: str, effect: str) -> None:
        title = f"{who.capability}/{who.rule}"
        for act in self._acts.values():
            if act.title == title and act.subject == named(who.kind, who.namespace, who.name):
                act.effects.setdefault(what, effect)


class _Noting:
    """Notes whether a run went well."""

    def __init__(self, act: Act) -> None:
        self._act = act

    def __enter__(self) -> None:
        self._act.error = ""

    def __exit__(self, kind: object, error: BaseException | None, _traceback: object) -> None:
        if isinstance(error, Exception):
            self._act.error = f"{type(error).__name__}: {error}"


class NotingClient(ApiClient):
    """A client that notes what actions write with it."""

    acts: Acts

    async def request(self, method: str, path: str, **options: Any) -> Response:  # pyright: ignore[reportIncompatibleMethodOverride]
        """See `poblano.client.ApiClient`."""
        response = await super().request(method, path, **options)
        who = running.get()
        if method not in READS and who is not None:
            self.acts.wrote(who, method, path, response)
        return response


def named(kind: str, namespace: str, name: str) -> str:
    """An object in a line: ``ConfigMap shop/x``."""
    return f"{kind} {namespace}/{name}" if namespace else f"{kind} {name}"


def _said(document: Document) -> Document:
    """An object without what changes by itself."""
    metadata = {key: value for key, value in document["metadata"].items() if key not in NEITHER_SAID}
    return {**document, "metadata": metadata}
