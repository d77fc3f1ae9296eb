"""What is in the Secret: who is trusted, the keys of those who sign, and the pair that is served."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from poblano.admission.certificates import Pair, new_authority, sign
from poblano.admission.certifying.bundles import Trusted, bundle, joined, keys, leaf, may_sign, pair_of
from poblano.core.believing import Authority, Leaf
from poblano.core.certificates import Forget, Issue, Make
from poblano.core.jsonvalue import Document

CERTIFICATE, KEY, AUTHORITIES, AUTHORITY_KEYS = "tls.crt", "tls.key", "ca.crt", "ca.key"
"""The keys of its data. The first three are those of cert-manager, and of a Secret of the type ``kubernetes.io/tls``."""


@dataclass(frozen=True, slots=True)
class Signer:
    """An authority whose key is known."""

    id: str
    key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Contents:
    """All of it that can be used; what cannot is as if it were not there.

    Args:
        version: the resource version of the Secret.
        authorities: whom to trust, the newest first.
        signers: those of them that may sign for the module's names.
        pair: what is served.
    """

    version: str = ""
    authorities: tuple[Trusted, ...] = ()
    signers: tuple[Signer, ...] = ()
    pair: Pair | None = None

    @classmethod
    def of(cls, document: Document, names: frozenset[str]) -> Contents:
        """What a Secret says.

        Args:
            document: the Secret.
            names: what API servers call the server.
        """
        found = _data(document)
        authorities = bundle(found.get(AUTHORITIES, b""))
        made = keys(found.get(AUTHORITY_KEYS, b""))
        signers = tuple(Signer(one.id, key) for one in authorities for key in made if may_sign(one, key, names))
        pair = pair_of(found.get(CERTIFICATE, b""), found.get(KEY, b""))
        return cls(str(document["metadata"].get("resourceVersion") or ""), authorities, signers, pair)

    @property
    def facts(self) -> tuple[Authority, ...]:
        """The authorities, as the core sees them."""
        able = {one.id for one in self.signers}
        return tuple(one.fact(signs=one.id in able) for one in self.authorities)

    def leaf(self, others: Sequence[Trusted], names: frozenset[str]) -> Leaf | None:
        """What is served, as the core sees it; its issuer may be one of `others`."""
        return leaf(self.pair.certificate, (*self.authorities, *others), names) if self.pair else None

    def after(self, step: Make | Issue | Forget, base: str, names: Sequence[str]) -> Contents:
        """What it is to be when a step is done.

        Args:
            step: which.
            base: what the module's objects are called.
            names: what API servers call the server.
        """
        match step:
            case Make():
                made = new_authority(f"{base} authority", names, _time(step.until))
                (one,) = bundle(made.certificate)
                kept = tuple(other for other in self.authorities if other.id in step.keep)
                return replace(self, authorities=(one, *kept), signers=(Signer(one.id, made.key), *self.signers))
            case Issue():
                authority = next(one for one in self.authorities if one.id == step.authority)
                signer = next(one for one in self.signers if one.id == step.authority)
                pair = sign(Pair(authority.pem, signer.key), names, _time(step.until))
                return replace(self, signers=tuple(one for one in self.signers if one.id in step.keys), pair=pair)
            case Forget():
                kept = tuple(one for one in self.authorities if one.id in step.keep)
                return replace(self, authorities=kept)

    @property
    def patch(self) -> Document:
        """The merge patch that makes the Secret say so, unless somebody else has changed it."""
        data: dict[str, bytes | None] = {
            AUTHORITIES: joined(self.authorities),
            AUTHORITY_KEYS: b"".join(one.key for one in self.signers),
            CERTIFICATE: self.pair.certificate if self.pair else None,
            KEY: self.pair.key if self.pair else None,
        }
        coded = {name: None if one is None else base64.b64encode(one).decode() for name, one in data.items()}
        return {"metadata": {"resourceVersion": self.version}, "data": coded}


def _data(document: Document) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    data: Document = document.get("data") or {}
    for name, value in data.items():
        try:
            found[name] = base64.b64decode(value, validate=True)
        except (binascii.Error, TypeError, ValueError):
            continue
    return found


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
