"""Keeps a module registered while ``poblano dev`` runs, and sees that nothing stays behind."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress

from poblano.admission.registration import Registration
from poblano.admission.webhooks import Abilities, ClientConfig, configurations, narrowing
from poblano.cli.guardian import Guardian, Order
from poblano.cli.sessions import HOST, is_alive
from poblano.cli.target import Target
from poblano.cli.terminal import Terminal
from poblano.core.binding import Phase
from poblano.core.entries import Entry, rules
from poblano.core.errors import ApiError, InvalidSettings
from poblano.core.jsonvalue import Document

SETTLE_SECONDS = 1.0
"""How long an API server may take to hear of a registration: it learns of it through a watch."""


class Registrar:
    """Puts entries into the cluster and takes them out again.

    Args:
        registration: the configurations; their marks are this session's.
        url: under which the API server reaches this machine.
        authority: PEM of what it must trust there.
        abilities: of the API server.
        terminal: where to tell what happens.
    """

    def __init__(
        self, registration: Registration, url: str, authority: bytes, abilities: Abilities, terminal: Terminal
    ) -> None:
        self._registration = registration
        self._client_config = client_config(url, authority)
        self._abilities = abilities
        self._terminal = terminal
        self._webhooks: Mapping[Phase, Sequence[Document]] | None = None

    @asynccontextmanager
    async def registered(self, entries: Sequence[Entry], target: Target) -> AsyncGenerator[None]:
        """Registered within the block, and not after it, whatever ends it.

        Args:
            entries: of the module.
            target: the cluster. One that is there anyway has a guardian; an embedded one ends with this process.
        """
        guardian = Guardian(self._order(target)) if target.process is None else None
        try:
            await self.register(entries)
            yield
        finally:
            if target.is_reachable:
                await self._take_away(guardian)

    def _order(self, target: Target) -> Order:
        registration = self._registration
        return Order(target.kubeconfig, target.context, registration.uuid, registration.name, dict(registration.marks))

    async def register(self, entries: Sequence[Entry]) -> bool:
        """Have the API server call `entries` and nothing else; False when it does already.

        Raises:
            ApiError: it refuses. It then calls what it called before, as far as it lets itself be told.
        """
        webhooks = configurations(
            entries,
            self._registration.uuid,
            self._client_config,
            self._abilities,
            policy="Ignore",
        )
        if webhooks == self._webhooks:
            return False
        before, self._webhooks = self._webhooks, None
        try:
            await self._registration.put(webhooks)
        except ApiError:
            if before is not None:  # the one configuration may have been changed before the other was refused
                await self._put_back(before)
            raise
        self._webhooks = webhooks
        await asyncio.sleep(SETTLE_SECONDS)
        return True

    async def _put_back(self, webhooks: Mapping[Phase, Sequence[Document]]) -> None:
        with suppress(ApiError):
            await self._registration.put(webhooks)
            self._webhooks = webhooks

    def describe(self, entries: Sequence[Entry]) -> None:
        """Print what each entry asks for, and who evaluates its filters."""
        if lacks := self._abilities.lacking():
            self._terminal.line(("         ", ""), (f"this API server {lacks}: such filters are left to Python", "dim"))
        for entry in entries:
            found = narrowing(entry, self._abilities)
            self._terminal.line("         ", (entry.path, "cyan"), f" {_wanted(entry)}")
            by_server = ", ".join(("resource", "verb", *found.by_server))
            in_python = ", ".join(found.in_python) or "nothing"
            self._terminal.line((f"           the API server looks at {by_server}; left to Python: {in_python}", "dim"))

    async def _take_away(self, guardian: Guardian | None) -> None:
        name = self._registration.name
        try:
            gone = await self._registration.remove()
        except ApiError as error:
            trying = "the next poblano dev does it" if guardian is None else "a helper process keeps trying"
            self._terminal.mistake(f"{name} could not be taken away: {error}; {trying}")
            if guardian is not None:
                guardian.leave()
            return
        if guardian is not None:
            await asyncio.to_thread(guardian.dismiss)
        if gone:
            self._terminal.note(f"took {name} away")


async def make_way(registration: Registration, host: str, terminal: Terminal, *, force: bool) -> None:
    """Clean up after a ``poblano dev`` of this module that is gone; do not push away one that is not, unless forced.

    Raises:
        InvalidSettings: another one runs.
    """
    marks = await registration.marks_found()
    if marks is None:
        return
    if is_alive(marks, host) and not force:
        raise InvalidSettings(
            f"another poblano dev of {registration.uuid} is registered, from {marks.get(HOST) or 'an unknown machine'}; "
            "end it, or take over with --force"
        )
    await registration.remove(only_own=False)
    terminal.note(f"took away {registration.name}, which another poblano dev had left")


def client_config(url: str, authority: bytes) -> ClientConfig:
    """How the API server calls a path of ours.

    Args:
        url: under which it reaches this machine.
        authority: PEM of what it must trust there.
    """
    bundle = b64encode(authority).decode("ascii")
    return lambda path: {"url": f"{url}{path}", "caBundle": bundle}


def _wanted(entry: Entry) -> str:
    """The resources and verbs of an entry, in a line."""
    wanted: dict[str, str] = {}
    for rule in rules(entry):
        verbs = ", ".join(verb.lower() for verb in rule["operations"])
        for resource in rule["resources"]:
            group = f".{rule['apiGroups'][0]}" if rule["apiGroups"][0] else ""
            wanted[f"{resource}{group}"] = verbs
    return "; ".join(f"{resource} ({verbs})" for resource, verbs in sorted(wanted.items()))
