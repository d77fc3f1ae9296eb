"""Who makes the certificates: this module into its Secret, cert-manager, or others into files. What a leader asks of them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Final, Protocol

from poblano.admission.certifying.bundles import Trusted, bundle, joined
from poblano.admission.certifying.configurations import Configuration
from poblano.admission.certifying.replica import Replica
from poblano.admission.certifying.secret import Contents
from poblano.client import Resources
from poblano.core.believing import Authority, Facts
from poblano.core.certificates import Forget, Issue, Make, Publish, Rotation, Wait
from poblano.core.errors import InvalidSettings
from poblano.core.store.layout import SECRETS
from poblano.log import Log

FILES_EVERY = 10.0
"""Seconds after which files are looked at again."""


_DONE: Final = {
    Make: "a new authority is in the Secret",
    Issue: "a new certificate is in the Secret",
    Forget: "an authority that has run out is gone from the Secret",
}


@dataclass(frozen=True, slots=True)
class Told:
    """What the leader is to do with the webhooks.

    Args:
        bundle: whom they are to trust, as PEM; None leaves it as it is.
        seconds: after how many of them it is to ask again; 0 when it was not told all.
    """

    bundle: bytes | None
    seconds: float


class Source(Protocol):
    """Whom a leader asks."""

    injected: bool
    """Somebody else says whom to trust."""

    async def next(self, api: Resources, read: Sequence[Configuration]) -> Told:
        """Do what is next, for configurations that were read just now. Raises ApiError."""
        ...


class Own:
    """The module makes its own.

    Args:
        namespace: where its Secret is.
        name: of the Secret.
        base: what its other objects are called.
        names: what API servers call the server.
        rotation: what says what to do.
    """

    injected = False

    def __init__(self, *, namespace: str, name: str, base: str, names: Sequence[str], rotation: Rotation) -> None:
        self._namespace = namespace
        self._name = name
        self._base = base
        self._names = names
        self._rotation = rotation

    async def next(self, api: Resources, read: Sequence[Configuration]) -> Told:
        """One step. The Secret is read after the configurations: so nobody takes back what another has published meanwhile."""
        names = frozenset(self._names)
        contents = Contents.of(await api.get(SECRETS, self._name, self._namespace), names)
        trusted = _trusted(read)
        facts = Facts(contents.facts, contents.leaf(tuple(trusted.values()), names), _published(read))
        match self._rotation.step(facts):
            case Wait(seconds=seconds):
                return Told(None, seconds)
            case Publish(authorities=ids):
                known = trusted | {one.id: one for one in contents.authorities}
                return Told(joined(known[one] for one in ids), 0.0)
            case step:
                patch = contents.after(step, self._base, self._names).patch
                await api.patch(SECRETS, self._name, patch, self._namespace)
                Log.info(_DONE[type(step)], where=f"{self._namespace}/{self._name}")
                return Told(None, 0.0)


class Provided:
    """Others make them, and say in a file who has signed them.

    Args:
        authority: the file.
        replica: what serves them here.
        rotation: what says what to do.
    """

    injected = False

    def __init__(self, authority: Path, replica: Replica, rotation: Rotation) -> None:
        self._authority = authority
        self._replica = replica
        self._rotation = rotation
        self._warned = ""

    async def next(self, api: Resources, read: Sequence[Configuration]) -> Told:
        """Publish whom the file names; who was trusted before is for a while, and as long as it has signed what is served."""
        try:
            found = await asyncio.to_thread(self.read)
        except InvalidSettings as error:
            self._warn(str(error))
            return Told(None, FILES_EVERY)
        self._warned = ""
        known = _trusted(read) | {one.id: one for one in found}
        facts = Facts(tuple(one.fact() for one in found), self._replica.served, _published(read))
        step = self._rotation.publish(facts)
        return Told(None if step is None else joined(known[one] for one in step.authorities), FILES_EVERY)

    def read(self) -> tuple[Trusted, ...]:
        """Whom the file names.

        Raises:
            InvalidSettings: nobody, or it cannot be read.
        """
        try:
            found = bundle(self._authority.read_bytes())
        except OSError as error:
            raise InvalidSettings(f"{self._authority} cannot be read: {error.strerror}; check --ca") from None
        if not found:
            raise InvalidSettings(
                f"{self._authority} has no certificate; give the authorities that signed --cert, as PEM"
            )
        return found

    def _warn(self, why: str) -> None:
        if why != self._warned:
            Log.warning("whom the webhooks trust was not changed", reason=why)
        self._warned = why


class Injected:
    """cert-manager makes them, and writes into the webhooks who has signed them."""

    injected = True

    async def next(self, api: Resources, read: Sequence[Configuration]) -> Told:
        """Nothing: it is for others to do."""
        return Told(None, FILES_EVERY)


def _trusted(read: Sequence[Configuration]) -> dict[str, Trusted]:
    webhooks = chain.from_iterable(one.webhooks for one in read)
    return {trusted.id: trusted for webhook in webhooks for trusted in webhook.trusted}


def _published(read: Sequence[Configuration]) -> tuple[tuple[Authority, ...], ...]:
    webhooks = chain.from_iterable(one.webhooks for one in read)
    return tuple(tuple(trusted.fact() for trusted in webhook.trusted) for webhook in webhooks)
