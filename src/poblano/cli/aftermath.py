"""What ``poblano demo`` tries on an operator once its samples are there: delete what it made, and what it made it for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Final

from poblano.cli.acts import named
from poblano.cli.followed import has_condition, patiently
from poblano.core.binding import Role
from poblano.core.errors import NotFound
from poblano.core.jsonvalue import Document

if TYPE_CHECKING:
    from poblano.cli.applying import Applier
    from poblano.cli.followed import Followed
    from poblano.cli.project import Project
    from poblano.cli.screen import Screen

READY: Final = "Ready"
"""The condition that says of most kinds whether all is well."""


class Aftermath:
    """Deletes, waits for what becomes of it, and shows that.

    Args:
        project: whose actions are shown.
        applier: deletes, as a user would.
        followed: the actions at work.
        screen: where it is shown.
    """

    def __init__(self, project: Project, applier: Applier, followed: Followed, screen: Screen) -> None:
        self._bindings = project.module.bindings
        self._applier = applier
        self._followed = followed
        self._screen = screen

    async def show(self, stored: Sequence[Document]) -> list[str]:
        """Try it on one of the objects that are there; what did not happen that should have, in words."""
        surprises: list[str] = []
        if (owner := next(self._reconciled(stored), None)) is not None:
            surprises += await self._heal(owner, _telling(list(self._children(owner))))
        if (last := next(self._followed_by("finalize", stored[::-1]), None)) is not None:
            surprises += await self._end(last)
        return surprises

    def _reconciled(self, stored: Sequence[Document]) -> Iterator[Document]:
        return (one for one in self._followed_by("reconcile", stored) if any(self._children(one)))

    def _followed_by(self, phase: Role, stored: Sequence[Document]) -> Iterator[Document]:
        kinds = {(one.kind.api_version, one.kind.kind) for one in self._bindings if one.phase == phase}
        return (one for one in stored if (one["apiVersion"], one["kind"]) in kinds)

    def _children(self, owner: Document) -> Iterator[Document]:
        """What a rule has made for an object, and hears of."""
        owned = {(one.kind.api_version, one.kind.kind) for binding in self._bindings for one in binding.owns}
        made = self._followed.acts.children.get(owner["metadata"]["uid"], {}).values()
        return (one for one in made if (one["apiVersion"], one["kind"]) in owned)

    async def _heal(self, owner: Document, child: Document) -> list[str]:
        name, was = _name(child), await has_condition(self._applier, owner, READY)
        await self._applier.delete(child)
        self._screen.event(f"DELETE {name}", "behind the module's back")
        again = await patiently(lambda: self._anew(child))
        await self._followed.caught_up(again)
        now = await patiently(lambda: has_condition(self._applier, owner, READY)) if was and again else was
        await self._followed.caught_up()
        self._screen.acts(self._followed.acts.take(), "")
        if was and now:
            self._screen.remark(f"{READY} again: {now}")
        return [] if again and now == was else [f"{name}: was to be made again for {_name(owner)}, and is not"]

    async def _end(self, last: Document) -> list[str]:
        children = list(self._followed.acts.children.get(last["metadata"]["uid"], {}).values())
        await self._applier.delete(last)
        self._screen.event(f"DELETE {_name(last)}")
        gone = await patiently(lambda: self._is_gone(last))
        await self._followed.caught_up()
        self._screen.acts(self._followed.acts.take(), _name(last))
        if not gone:
            return [f"{_name(last)}: was to go once it was finalized, and is there"]
        left = [_name(child) for child in children if not await patiently(partial(self._is_gone, child))]
        if left:
            return [f"{', '.join(left)}: was to go with {_name(last)}, and is there"]
        self._screen.remark(
            f"gone, and with it {', '.join(_name(child) for child in children)}" if children else "gone"
        )
        return []

    async def _anew(self, document: Document) -> Document | None:
        """The object that has its name now, once it is another one."""
        try:
            found = await self._applier.read(document)
        except NotFound:
            return None
        return found if found["metadata"]["uid"] != document["metadata"]["uid"] else None

    async def _is_gone(self, document: Document) -> bool:
        try:
            found = await self._applier.read(document)
        except NotFound:
            return True
        return bool(found["metadata"]["uid"] != document["metadata"]["uid"])


def _telling(children: Sequence[Document]) -> Document:
    """The one whose loss is felt."""
    return next((child for child in children if child["kind"] == "Deployment"), children[0])


def _name(document: Document) -> str:
    return named(document["kind"], document["metadata"].get("namespace", ""), document["metadata"]["name"])
