"""What an action calls the API server for, beside what its rule says already: ``uses=[Uses(a.ConfigMap, "get")]``.

The roles of the module grant it; nothing is granted that no rule, no use and no recorded run speaks of.

>>> from poblano.models.core_v1 import ConfigMap, Pod, Secret
>>> Uses(ConfigMap, "get", "list", namespaces=["shop"])
Uses(ConfigMap, 'get', 'list', namespaces=['shop'])
>>> Uses(Secret, "get", names=["token"]).kind.plural
'secrets'
>>> Uses(Pod).verbs
('get', 'list', 'watch')
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final, TypeAlias, cast

from poblano.core.errors import InvalidDefinition, Location
from poblano.core.kinds import Kind
from poblano.core.location import caller_location
from poblano.core.meaning import meant_kind
from poblano.core.objects import Resource

READ: Final = ("get", "list", "watch")
"""What is meant when no verb is said."""

VERBS: Final = (*READ, "create", "update", "patch", "delete", "deletecollection")
"""What can be done to any resource, in the order in which roles list it."""

SPECIAL: Final = ("approve", "attest", "bind", "escalate", "impersonate", "sign", "use")
"""What Kubernetes asks about a few resources beside it."""

OWN_NAMESPACE: Final = "."
"""The namespace that the module itself is in, whatever it is called."""

_MEANT: Final = {
    "apply": '"create", "patch"',
    "edit": '"update"',
    "fetch": '"get"',
    "exec": '"create", subresource="exec"',
    "evict": '"create", subresource="eviction"',
    "logs": '"get", subresource="log"',
    "log": '"get", subresource="log"',
    "post": '"create"',
    "put": '"update"',
    "read": '"get", "list", "watch"',
    "remove": '"delete"',
    "replace": '"update"',
    "scale": '"patch", subresource="scale"',
    "write": '"create", "update", "patch"',
}
"""Words that are no verbs, and what is written for them."""

_NAMESPACE: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?|\.")


@dataclass(frozen=True, slots=True, init=False, repr=False)
class Uses:
    """Verbs on a kind.

    Args:
        model: ``a.ConfigMap``, or a `Resource` of your own.
        verbs: ``"get"``, ``"list"``, ``"watch"``, ``"create"``, ``"update"``, ``"patch"``, ``"delete"``, ``"deletecollection"``; none
            is the first three. A server-side apply is ``"create", "patch"``.
        namespaces: where; everywhere when empty. ``"."`` is the module's own.
        names: which objects; any when empty. A list or watch is allowed for a name if it asks for that name, and a create if it is
            made by an apply.
        subresource: ``"status"``, ``"log"``, ``"scale"``, ...; the object itself when empty.
        group, version, kind, plural, scope: which kind it is, for ``a.GenericKind`` alone, which can be any.

    Raises:
        InvalidDefinition: something of it is wrong, with the file and line.
    """

    kind: Kind
    verbs: tuple[str, ...]
    namespaces: tuple[str, ...]
    names: tuple[str, ...]
    subresource: str
    location: Location

    def __init__(
        self,
        model: type[Resource],
        /,
        *verbs: str,
        namespaces: Sequence[str] = (),
        names: Sequence[str] = (),
        subresource: str = "",
        group: str | None = None,
        version: str | None = None,
        kind: str | None = None,
        plural: str | None = None,
        scope: str = "Namespaced",
    ) -> None:
        where = caller_location()
        meant = meant_kind(model, group, version, kind, plural, scope, call="Uses")
        for name, value in {
            "kind": meant,
            "verbs": _ordered(_checked_verbs(verbs, where)) if verbs else READ,
            "namespaces": _checked_namespaces(namespaces, meant, where),
            "names": _checked_names(names, verbs, where),
            "subresource": _checked_subresource(subresource, where),
            "location": where,
        }.items():
            object.__setattr__(self, name, value)

    @property
    def resource(self) -> str:
        """As rules name it: ``pods``, ``pods/log``."""
        return f"{self.kind.plural}/{self.subresource}" if self.subresource else self.kind.plural

    def __repr__(self) -> str:
        said: list[str] = [self.kind.kind, *map(repr, self.verbs)]
        lists = {"namespaces": self.namespaces, "names": self.names}
        said += [f"{name}={list(value)!r}" for name, value in lists.items() if value]
        said += [f"subresource={self.subresource!r}"] if self.subresource else []
        return f"Uses({', '.join(said)})"


Used: TypeAlias = "Uses | type[Resource]"
"""What stands in ``uses=[...]``; a class alone means that its objects are read."""


def checked_uses(given: object, where: Location) -> tuple[Uses, ...]:
    """What an action said that it uses.

    Raises:
        InvalidDefinition: it is no list of `Uses` and kinds.
    """
    remedy = 'write uses=[Uses(a.ConfigMap, "get")]'
    if isinstance(given, str | type | Uses) or not isinstance(given, Iterable):
        said = given.__name__ if isinstance(given, type) else repr(given)
        raise InvalidDefinition(f"uses is {said}, and takes a list", remedy, where)
    return tuple(_checked(one, remedy, where) for one in cast("Iterable[object]", given))


def _checked(one: object, remedy: str, where: Location) -> Uses:
    if isinstance(one, Uses):
        return one
    if isinstance(one, type) and issubclass(one, Resource):
        return Uses(one)
    raise InvalidDefinition(f"uses takes Uses(...) and kinds, not {one!r}", remedy, where)


def _ordered(verbs: Iterable[str]) -> tuple[str, ...]:
    """
    >>> _ordered(["watch", "use", "get", "get"])
    ('get', 'watch', 'use')
    """
    known = (*VERBS, *SPECIAL)
    return tuple(sorted(set(verbs), key=known.index))


def _checked_verbs(verbs: tuple[object, ...], where: Location) -> list[str]:
    found: list[str] = []
    for verb in verbs:
        if not isinstance(verb, str) or verb not in (*VERBS, *SPECIAL):
            raise InvalidDefinition(f"{verb!r} is no verb of the API server", _meant(verb), where)
        found.append(verb)
    return found


def _meant(verb: object) -> str:
    word = str(verb).lower()
    if word in _MEANT:
        return f"write {_MEANT[word]}"
    near = get_close_matches(word, (*VERBS, *SPECIAL), 1)
    return f"did you mean {near[0]!r}?" if near else f"the verbs are {', '.join(VERBS)}"


def _checked_namespaces(given: object, kind: Kind, where: Location) -> tuple[str, ...]:
    spaces = _strings(given, "namespaces", '["shop"]', where)
    for space in spaces:
        if not _NAMESPACE.fullmatch(space):
            remedy = "use lower-case letters, digits and dashes, at most 63; leave namespaces out for all of them"
            raise InvalidDefinition(f"no namespace can be called {space!r}", remedy, where)
    if spaces and not kind.namespaced:
        raise InvalidDefinition(f"a {kind.kind} is in no namespace", "leave namespaces out", where)
    return spaces


def _checked_names(given: object, verbs: tuple[str, ...], where: Location) -> tuple[str, ...]:
    """A create says no name, unless an apply makes it: then the right to patch is asked for as well."""
    names = _strings(given, "names", '["token"]', where)
    if names and "create" in verbs and "patch" not in verbs:
        raise InvalidDefinition(
            "a create says no name, so that none can be granted for names alone",
            'leave names out, or write "create", "patch" and apply the object: an apply says its name',
            where,
        )
    return names


def _checked_subresource(given: object, where: Location) -> str:
    if not isinstance(given, str) or (given and not re.fullmatch(r"[a-z]+(/[a-z]+)?", given)):
        raise InvalidDefinition(f"{given!r} is no subresource", 'write subresource="status"', where)
    return given


def _strings(given: object, what: str, example: str, where: Location) -> tuple[str, ...]:
    remedy = f"write {what}={example}"
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise InvalidDefinition(f"{what} is {given!r}, and takes a list", remedy, where)
    found: set[str] = set()
    for one in cast("Iterable[object]", given):
        if not isinstance(one, str) or not one:
            raise InvalidDefinition(f"{one!r} is none of {what}", remedy, where)
        found.add(one)
    return tuple(sorted(found))
