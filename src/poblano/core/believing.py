"""Whom API servers trust, and whether they believe what is served: who has signed it must be among them, at each webhook."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Authority:
    """One that signs what is served.

    Args:
        id: unlike any other's.
        ends: until when it is valid, in seconds since 1970.
        signs: its key is known, and it may sign for the module's names.
    """

    id: str
    ends: float
    signs: bool = False


@dataclass(frozen=True, slots=True)
class Leaf:
    """What is served.

    Args:
        id: unlike any other's.
        issuer: the `id` of the authority that signed it; "" when that one is not known.
        ends: until when it is valid, in seconds since 1970.
        fits: it is made out to the module's names.
        begins: from when on it is valid, in seconds since 1970.
    """

    id: str
    issuer: str
    ends: float
    fits: bool = True
    begins: float = 0.0


@dataclass(frozen=True, slots=True)
class Facts:
    """What there is.

    Args:
        authorities: in the Secret.
        leaf: in the Secret; None when there is none that can be served.
        published: whom each webhook trusts; one that trusts nobody was not published to yet.
    """

    authorities: tuple[Authority, ...] = ()
    leaf: Leaf | None = None
    published: tuple[tuple[Authority, ...], ...] = ()


def everywhere(facts: Facts) -> frozenset[str]:
    """The authorities that every webhook trusts; where there are no webhooks, those of the Secret.

    >>> one, other = Authority("a", 9.0), Authority("b", 9.0)
    >>> sorted(everywhere(Facts(published=((one, other), (other,)))))
    ['b']
    """
    if not facts.published:
        return frozenset(one.id for one in facts.authorities)
    first, *others = ({one.id for one in trusted} for trusted in facts.published)
    return frozenset(first.intersection(*others))


def is_covered(leaf: Leaf, published: Iterable[Iterable[Authority]]) -> bool:
    """Whether every webhook that trusts anybody trusts who signed `leaf`.

    >>> leaf = Leaf("l", "a", 9.0)
    >>> is_covered(leaf, [[], [Authority("a", 9.0)]]), is_covered(leaf, [[Authority("b", 9.0)]])
    (True, False)
    """
    bundles = [{one.id for one in trusted} for trusted in published]
    return all(leaf.issuer in bundle for bundle in bundles if bundle)


def takes(
    offered: Leaf,
    served: Leaf | None,
    published: Sequence[Sequence[Authority]],
    now: float,
    *,
    settled: Collection[str] | None = None,
) -> bool:
    """Whether a pod serves what it is offered instead of what it serves: not before that is believed, unless nothing is lost.

    Args:
        offered: what it might serve.
        served: what it serves.
        published: whom each webhook trusts.
        now: in seconds since 1970.
        settled: the authorities that all webhooks have trusted for long enough; None where whoever offers has seen to it.

    >>> old, new = Leaf("1", "a", 9.0), Leaf("2", "b", 99.0)
    >>> takes(new, old, [[Authority("a", 9.0)]], 5.0), takes(new, old, [[Authority("a", 9.0)]], 10.0)
    (False, True)
    """
    if served is None or not _may_serve(served, now) or not is_covered(served, published):
        return True
    if not _may_serve(offered, now) or not is_covered(offered, published):
        return False
    return settled is None or offered.issuer in settled or not any(published)


def _may_serve(leaf: Leaf, now: float) -> bool:
    return leaf.fits and leaf.begins <= now < leaf.ends
