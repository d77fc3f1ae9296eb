"""Acting as somebody else: the Impersonate headers, and who may use them.

Since 1.36 the server first asks whether the caller may do just this request as that user (constrained impersonation), and
falls back on the plain verb "impersonate". Refused by both, the caller is told the first refusal.

Source: k8s.io/apiserver/pkg/endpoints/filters/impersonation
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import unquote

from poblano.cluster.access.action import Action, Authorizer, refusal
from poblano.cluster.attributes import User
from poblano.cluster.field_errors import go_value
from poblano.cluster.status import StatusError, bad_request

AUTHENTICATION: Final = "authentication.k8s.io"
ANONYMOUS: Final = "system:anonymous"
AUTHENTICATED: Final = "system:authenticated"
UNAUTHENTICATED: Final = "system:unauthenticated"
NODE_NAME: Final = "authentication.kubernetes.io/node-name"

_EXTRA: Final = b"impersonate-extra-"
_LABEL: Final = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_NODE: Final = re.compile(rf"system:node:({_LABEL}(\.{_LABEL})*)")
_ACCOUNT: Final = re.compile(rf"system:serviceaccount:({_LABEL}):({_LABEL}(\.{_LABEL})*)")


@dataclass(frozen=True, slots=True)
class _Mode:
    """One way to be allowed; the plain verb has no name."""

    name: str

    @property
    def verb(self) -> str:
        return f"impersonate:{self.name}" if self.name else "impersonate"


_LEGACY: Final = _Mode("")


def impersonated(user: User, headers: Iterable[tuple[bytes, bytes]], action: Action, authorizer: Authorizer) -> User:
    """Who the request is made as: `user` where nobody else is asked for.

    Args:
        user: who really asks.
        headers: of the request, names in lower case as ASGI has them.
        action: what is asked.

    Raises: StatusError 400 for groups, uid or extra without a user, 403 when it is not allowed.
    """
    wanted = asked_for(headers)
    if wanted is None:
        return user
    first: StatusError | None = None
    for mode in _modes(user, wanted):
        try:
            return _impersonate(user, wanted, mode, action, authorizer)
        except StatusError as error:
            first = first or error
    assert first is not None
    raise first


def asked_for(headers: Iterable[tuple[bytes, bytes]]) -> User | None:
    """The user that the headers ask for, as they say it; None where they ask for none.

    >>> asked_for([(b"impersonate-user", b"zoe"), (b"impersonate-group", b"dev")])
    User(name='zoe', groups=('dev',), uid='', extra={})
    """
    names: list[str] = []
    uids: list[str] = []
    groups: list[str] = []
    extra: dict[str, tuple[str, ...]] = {}
    for name, value in headers:
        if not name.startswith(b"impersonate-"):
            continue
        text = value.decode("utf-8", "replace")
        if name == b"impersonate-user":
            names.append(text)
        elif name == b"impersonate-uid":
            uids.append(text)
        elif name == b"impersonate-group":
            groups.append(text)
        elif name.startswith(_EXTRA):
            key = unquote(name[len(_EXTRA) :].decode("latin-1"))
            extra[key] = (*extra.get(key, ()), text)
    wanted = User("".join(names[:1]), tuple(groups), "".join(uids[:1]), extra)
    if wanted.name:
        return wanted
    if wanted.uid or wanted.groups or wanted.extra:
        raise bad_request(f"requested {_go_user(wanted)} without impersonating a user name")
    return None


def _go_user(user: User) -> str:
    def texts(values: Iterable[str]) -> str:
        return "{" + ", ".join(go_value(value) for value in values) + "}"

    groups = f"[]string{texts(user.groups)}" if user.groups else "[]string(nil)"
    pairs = (f"{go_value(key)}:[]string{texts(user.extra[key])}" for key in sorted(user.extra))
    extra = "map[string][]string" + ("{" + ", ".join(pairs) + "}" if user.extra else "(nil)")
    return f'&user.DefaultInfo{{Name:"", UID:{go_value(user.uid)}, Groups:{groups}, Extra:{extra}}}'


def _modes(user: User, wanted: User) -> Iterator[_Mode]:
    only_name = not (wanted.uid or wanted.groups or wanted.extra)
    node, account = _NODE.fullmatch(wanted.name), _ACCOUNT.fullmatch(wanted.name)
    if node and only_name:
        if _ACCOUNT.fullmatch(user.name) and user.extra.get(NODE_NAME) == (node[1],):
            yield _Mode("associated-node")
        yield _Mode("arbitrary-node")
    if account and only_name:
        yield _Mode("serviceaccount")
    if not node and not account:
        yield _Mode("user-info")
    yield _LEGACY


def _impersonate(user: User, wanted: User, mode: _Mode, action: Action, authorizer: Authorizer) -> User:
    if mode.name:
        _check(user, replace(action, verb=f"impersonate-on:{mode.name}:{action.verb}"), authorizer)
    for part in _parts(wanted, mode):
        _refuse_the_forbidden(user, part, mode)
        _check(user, part, authorizer)
    return replace(wanted, groups=_groups(wanted, mode))


def _check(user: User, action: Action, authorizer: Authorizer) -> None:
    decision = authorizer.authorize(user, action)
    if not decision.allowed:
        raise refusal(user, action, decision.reason)


def _parts(wanted: User, mode: _Mode) -> Iterator[Action]:
    """Each thing about the user that the caller must be allowed to be."""
    group = AUTHENTICATION if mode.name else ""
    yield _named(wanted.name, mode, Action(mode.verb, group))
    if wanted.uid:
        yield Action(mode.verb, AUTHENTICATION, "uids", name=wanted.uid)
    for name in wanted.groups:
        yield Action(mode.verb, group, "groups", name=name)
    for key, values in wanted.extra.items():
        for value in values:
            yield Action(mode.verb, AUTHENTICATION, "userextras", key, name=value)


def _named(name: str, mode: _Mode, action: Action) -> Action:
    if account := _ACCOUNT.fullmatch(name):
        return replace(action, resource="serviceaccounts", namespace=account[1], name=account[2])
    if mode.name and (node := _NODE.fullmatch(name)):
        # What is allowed for the node a pod runs on, is allowed for whichever node that is.
        return replace(action, resource="nodes", name="*" if mode.name == "associated-node" else node[1])
    return replace(action, resource="users", name=name)


def _refuse_the_forbidden(user: User, part: Action, mode: _Mode) -> None:
    if mode.name and part.resource == "groups":
        if not part.name:
            raise refusal(user, part, "impersonating the empty string group is not allowed")
        if part.name == "system:masters":
            raise refusal(user, part, "impersonating the system:masters group is not allowed")


def _groups(wanted: User, mode: _Mode) -> tuple[str, ...]:
    groups = wanted.groups
    if not groups and (account := _ACCOUNT.fullmatch(wanted.name)):
        groups = account_groups(account[1])
    elif mode.name and _NODE.fullmatch(wanted.name):
        groups = ("system:nodes",)
    if wanted.name == ANONYMOUS:
        wish = UNAUTHENTICATED
    elif UNAUTHENTICATED in groups:
        return groups
    else:
        wish = AUTHENTICATED
    return groups if wish in groups else (*groups, wish)


def account_groups(namespace: str) -> tuple[str, ...]:
    """The groups of every ServiceAccount of a namespace (serviceaccount.MakeGroupNames)."""
    return ("system:serviceaccounts", f"system:serviceaccounts:{namespace}")
