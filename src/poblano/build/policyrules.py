"""The PolicyRules that a module's settings ask for: ``rbac`` in ``[tool.poblano]``.

They are Kubernetes' own, and may say more: ``account`` is ``admission`` or ``watcher`` where one of them is to have it, and
``namespaces`` where it holds.

>>> rule = {"apiGroups": ["batch"], "resources": ["jobs"], "verbs": ["create"], "account": "watcher", "namespaces": ["shop"]}
>>> [(grant.role, grant.right.resource, grant.right.namespace) for grant in setting_grants([rule], ("admission", "watcher"))]
[('watcher', 'jobs', 'shop')]
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from itertools import product
from typing import Any, Final

from poblano.build.metadata import Role
from poblano.build.rights import Grant, Right
from poblano.core.errors import InvalidSettings
from poblano.core.uses import SPECIAL, VERBS

_VERBS: Final = ("*", "head", "options", "post", "put", *VERBS, *SPECIAL)
"""Of resources, and of what is none."""

_NEAR: Final = 0.82
"""How alike a slip of the pen is: ``gett``, ``udpate``, ``Get``; and ``listen`` is no ``list``."""

KEYS: Final = ("apiGroups", "resources", "verbs", "resourceNames", "nonResourceURLs", "account", "namespaces")


def setting_grants(rbac: Sequence[Mapping[str, Any]], roles: Iterable[Role]) -> Iterator[Grant]:
    """What they grant.

    Args:
        rbac: of the settings.
        roles: the kinds of pods that there are.

    Raises:
        InvalidSettings: one of them is no PolicyRule.
    """
    there = tuple(roles)
    for number, rule in enumerate(rbac):
        where = f"rbac[{number}] in [tool.poblano]"
        _check_keys(rule, where)
        rights = list(_rights(rule, where))
        for role in there:
            if rule.get("account", role) != role:
                continue
            for right in rights:
                yield Grant(role, right, "settings", where)


def _check_keys(rule: Mapping[str, Any], where: str) -> None:
    for key in rule:
        if key not in KEYS:
            near = get_close_matches(key.replace("_", ""), KEYS, 1)
            remedy = f"did you mean {near[0]}?" if near else f"allowed: {', '.join(KEYS)}"
            raise InvalidSettings(f"{where}: unknown key {key}; {remedy}")
    if rule.get("account", "watcher") not in {"admission", "watcher"}:
        raise InvalidSettings(
            f'{where}: account is {rule["account"]!r}; write "admission" or "watcher", or leave it out'
        )


def _rights(rule: Mapping[str, Any], where: str) -> Iterator[Right]:
    verbs = _texts(rule, "verbs", where)
    for verb in verbs:
        _check_verb(verb, where)
    if urls := _texts(rule, "nonResourceURLs", where, least=0):
        for key in ("apiGroups", "resources", "resourceNames", "namespaces"):
            if key in rule:
                raise InvalidSettings(f"{where}: {key} says nothing of nonResourceURLs; write a rule of its own")
        for url in urls:
            if not url.startswith(("/", "*")):
                raise InvalidSettings(f"{where}: {url!r} is no path; begin it with /")
        yield from (
            Right("", f"/{url.lstrip('/')}" if url != "*" else "/*", verb) for url, verb in product(urls, verbs)
        )
        return
    for group, resource, verb, namespace, name in product(
        _texts(rule, "apiGroups", where),
        _texts(rule, "resources", where),
        verbs,
        _texts(rule, "namespaces", where, least=0) or [""],
        _texts(rule, "resourceNames", where, least=0) or [""],
    ):
        yield Right(group, resource, verb, namespace, name)


def _check_verb(verb: str, where: str) -> None:
    """See that it is not nearly one of Kubernetes' own: whoever serves an API may have others, and a role may say anything."""
    near = get_close_matches(verb.lower(), _VERBS, 1, _NEAR)
    if near and verb not in _VERBS:
        raise InvalidSettings(f"{where}: {verb!r} is no verb; did you mean {near[0]}?")


def _texts(rule: Mapping[str, Any], key: str, where: str, *, least: int = 1) -> list[str]:
    found: Any = rule.get(key, [])
    listed: list[Any] = found if isinstance(found, list) else [None]  # pyright: ignore[reportUnknownVariableType]
    if len(listed) < least or not all(isinstance(one, str) for one in listed):
        said = "is missing" if key not in rule else f"is {found!r}"
        raise InvalidSettings(f'{where}: {key} {said}; write {key} = ["..."]')
    return [str(one) for one in listed]
