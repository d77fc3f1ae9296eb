"""Rights, one verb on one resource each, and the rules of a role that say the same in few words.

>>> pods = {Right("", "pods", verb) for verb in ("get", "list", "watch")}
>>> rules({*pods, Right("", "services", "get"), Right("", "pods", "get", "shop"), Right("", "secrets", "get", name="token")})
[{'apiGroups': [''], 'resources': ['pods'], 'verbs': ['get', 'list', 'watch']},
 {'apiGroups': [''], 'resources': ['services'], 'verbs': ['get']},
 {'apiGroups': [''], 'resources': ['secrets'], 'resourceNames': ['token'], 'verbs': ['get']}]
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, TypeVar

from poblano.build.metadata import Role
from poblano.core.errors import Location
from poblano.core.jsonvalue import Document
from poblano.core.uses import SPECIAL, VERBS

EVERYWHERE: Final = ""
ANY: Final = "*"
"""In a PolicyRule: all groups, resources, verbs."""

Source: TypeAlias = Literal["rule", "framework", "uses", "recorded", "settings"]
"""Who says that a right is needed."""

K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True, slots=True, order=True)
class Right:
    """One verb on one resource.

    Args:
        group: of the API; "" is the core group.
        resource: as rules name it: ``pods``, ``pods/log``. For what is no resource, a path: ``/metrics``.
        verb: of the API server.
        namespace: where; "" is everywhere, or what is in no namespace, and "." the module's own.
        name: of the one object; "" is any.
    """

    group: str
    resource: str
    verb: str
    namespace: str = EVERYWHERE
    name: str = ""

    def covers(self, other: Right) -> bool:
        """Whether whoever has this one has `other`, too.

        >>> Right("", "pods", "get").covers(Right("", "pods", "get", "shop", "web"))
        True
        """
        return (
            self.group in {ANY, other.group}
            and self.resource in {ANY, other.resource}
            and self.resource.startswith("/") is other.resource.startswith("/")
            and self.verb in {ANY, other.verb}
            and self.namespace in {EVERYWHERE, other.namespace}
            and self.name in {"", other.name}
        )


@dataclass(frozen=True, slots=True)
class Grant:
    """A right that an account is to have, and why.

    Args:
        role: whose account it is.
        right: which.
        source: who says so.
        why: in a few words: ``shop/welcome is told of them``.
        location: where in the user's source.
    """

    role: Role
    right: Right
    source: Source
    why: str
    location: Location | None = None


def needed(rights: Collection[Right]) -> set[Right]:
    """Those that no other one covers."""
    found = set(rights)
    wide = [one for one in found if ANY in {one.group, one.resource, one.verb}]
    return {right for right in found if not any(other in found for other in _wider(right)) and not _is_in(right, wide)}


def _wider(right: Right) -> Iterable[Right]:
    """The same with less said of where, and of which object."""
    for namespace in {right.namespace, EVERYWHERE}:
        for name in {right.name, ""}:
            if (namespace, name) != (right.namespace, right.name):
                yield Right(right.group, right.resource, right.verb, namespace, name)


def _is_in(right: Right, wide: Iterable[Right]) -> bool:
    return any(other != right and other.covers(right) for other in wide)


def by_namespace(rights: Collection[Right]) -> dict[str, set[Right]]:
    """The needed ones by where they hold, everywhere first."""
    found: defaultdict[str, set[Right]] = defaultdict(set)
    for right in needed(rights):
        found[right.namespace].add(right)
    return {namespace: found[namespace] for namespace in sorted(found)}


def rules(rights: Collection[Right]) -> list[Document]:
    """The PolicyRules that grant them, whatever their namespaces; the same rights give the same rules in the same order."""
    here = needed({Right(one.group, one.resource, one.verb, EVERYWHERE, one.name) for one in rights})
    verbs = _gathered(((one.group, one.resource, one.name), one.verb) for one in here)
    # One step for each word of a rule: which verbs a resource has, which names these are for, which resources have the same.
    names = _gathered(
        ((group, resource, bool(name), in_order(said)), name) for (group, resource, name), said in verbs.items()
    )
    resources = _gathered(
        ((group, resource[0] == "/", said, tuple(sorted(of))), resource)
        for (group, resource, _, said), of in names.items()
    )
    groups = _gathered(((tuple(sorted(of)), said, named), group) for (group, _, said, named), of in resources.items())
    found = [(sorted(of), *which) for which, of in groups.items()]
    return [_rule(*one) for one in sorted(found, key=_place)]


def in_order(verbs: Iterable[str]) -> tuple[str, ...]:
    """Verbs as roles list them.

    >>> in_order({"patch", "use", "get"})
    ('get', 'patch', 'use')
    """
    known = (ANY, *VERBS, *SPECIAL)
    return tuple(sorted(set(verbs), key=lambda verb: (known.index(verb) if verb in known else len(known), verb)))


def _gathered(pairs: Iterable[tuple[K, str]]) -> dict[K, set[str]]:
    found: defaultdict[K, set[str]] = defaultdict(set)
    for key, value in pairs:
        found[key].add(value)
    return found


def _rule(groups: list[str], resources: tuple[str, ...], verbs: tuple[str, ...], names: tuple[str, ...]) -> Document:
    if resources[0].startswith("/"):
        return {"nonResourceURLs": list(resources), "verbs": list(verbs)}
    which = {"resourceNames": list(names)} if names != ("",) else {}
    return {"apiGroups": groups, "resources": list(resources), **which, "verbs": list(verbs)}


def _place(found: tuple[list[str], tuple[str, ...], tuple[str, ...], tuple[str, ...]]) -> tuple[object, ...]:
    """What is no resource comes last."""
    groups, resources, verbs, names = found
    return (resources[0].startswith("/"), groups, names != ("",), resources, names, verbs)
