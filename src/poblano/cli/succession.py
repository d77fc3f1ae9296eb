"""What pods may do while others take their place: those of before keep their rights until they are gone."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from poblano.cli.applying import name_of
from poblano.client import Resources
from poblano.core.deployed import ROLE_LABEL, UUID_LABEL
from poblano.core.jsonvalue import Document
from poblano.fluent.log_lines import PODS

if TYPE_CHECKING:
    from poblano.cli.pruning import Pruner
    from poblano.cli.putting import Putter
    from poblano.cli.terminal import Terminal
    from poblano.client import ApiClient

LOOK_SECONDS: Final = 1.0
GRACE_SECONDS: Final = 30
"""How long a Pod that does not say it may take to end (core/v1: terminationGracePeriodSeconds)."""

LATE_SECONDS: Final = 10.0
"""How long after that it may still be seen, where its node is up."""


class Succession:
    """One handing over of rights.

    Args:
        client: of the cluster.
        uuid: of the module.
        putter: writes what was built.
        pruner: takes away what is not needed any more.
        terminal: where to tell what is done.
    """

    def __init__(self, client: ApiClient, uuid: str, putter: Putter, pruner: Pruner, terminal: Terminal) -> None:
        self._resources = Resources(client)
        self._putter = putter
        self._pruner = pruner
        self._uuid = uuid
        self._terminal = terminal
        self._wide: list[Document] = []

    async def put(self, document: Document) -> str:
        """Apply an object, so that the pods of before may do all that they might; what was done, in a word.

        Raises:
            ApiError: the cluster refuses, or does not serve its kind.
        """
        did, grants = await self._putter.put_widened(document)
        if grants == "more":
            self._wide.append(document)
        elif grants == "less":
            self._terminal.mistake(
                f"{_called(document)} is narrowed at once, since you may not grant what it has granted until now: pods of "
                "before may be refused something until they are replaced"
            )
        return did

    @property
    def kept(self) -> str:
        """What still grants more than the new build needs; "" for nothing."""
        return ", ".join(map(_called, self._wide))

    async def end(self, documents: Sequence[Document], seconds: float) -> None:
        """Narrow what was widened, and take away accounts and roles that no build needs, once the pods of before are gone.

        Args:
            documents: all that the new build has.
            seconds: how long they may take at most; one that a dead node has does not end.

        Raises:
            ApiError: the cluster refuses.
        """
        spare = await self._pruner.spare_accounts(documents)
        if not self._wide and not spare:
            return
        await self._pods_gone({_place(one) for one in documents if one["kind"] == "Deployment"}, seconds)
        while self._wide:
            await self._putter.put(self._wide[0])
            self._terminal.line(f"  {_called(self._wide.pop(0))} ", ("narrowed", "yellow"))
        for kind, one in spare:
            self._terminal.line(f"  {await self._pruner.delete(kind, one)} ", ("taken away", "yellow"))

    async def _pods_gone(self, places: set[tuple[str, str]], seconds: float) -> None:
        began, told = time.monotonic(), False
        while old := [one for one in await self._pods() if _is_of_before(one, places)]:
            if not told:
                self._terminal.note(f"waiting for {len(old)} pods of before to end, which keep their rights until then")
                told = True
            if time.monotonic() - began >= min(seconds, max(map(_grace, old)) + LATE_SECONDS):
                self._terminal.mistake(f"{', '.join(map(name_of, old))}: not ended in time; they lose their rights")
                return
            await asyncio.sleep(LOOK_SECONDS)

    async def _pods(self) -> list[Document]:
        return (await self._resources.list(PODS, label_selector=f"{UUID_LABEL}={self._uuid}")).items


def _is_of_before(pod: Document, places: set[tuple[str, str]]) -> bool:
    """Whether it is on its way out, or belongs to a Deployment that is none of `places`."""
    return "deletionTimestamp" in pod["metadata"] or _place(pod) not in places


def _place(one: Document) -> tuple[str, str]:
    """Namespace and role of a Deployment or a Pod."""
    return one["metadata"]["namespace"], one["metadata"].get("labels", {}).get(ROLE_LABEL, "")


def _grace(pod: Document) -> int:
    said: int | None = pod["spec"].get("terminationGracePeriodSeconds")
    return GRACE_SECONDS if said is None else said


def _called(document: Document) -> str:
    return f"{document['kind']} {name_of(document)}"
