"""Who may do what, asked from an expression: ``authorizer.group('apps').resource('deployments').check('create').allowed()``.

Source: k8s.io/apiserver/pkg/cel/library/authz.go
"""

# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false, reportUnknownParameterType=false
# The types of an implementation are those of the signature beside it; Library.call sees to that.

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Final, TypeAlias

from poblano.cluster.cel.errors import CelError
from poblano.cluster.cel.library import Library
from poblano.cluster.cel.types import Type

AUTHORIZATION: Final = Library()
_PACKAGE: Final = "kubernetes.authorization"


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked about.

    Args:
        account: namespace and name of the ServiceAccount that is meant; None for whoever makes the request.
        path: of what is no resource; empty for resources.
    """

    verb: str = ""
    group: str = ""
    resource: str = ""
    subresource: str = ""
    namespace: str = ""
    name: str = ""
    path: str = ""
    account: tuple[str, str] | None = None


Judge: TypeAlias = Callable[[Question], "Verdict"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer."""

    allowed: bool
    reason: str = ""
    cel_type: ClassVar[Type] = Type(f"{_PACKAGE}.Decision")


@dataclass(frozen=True, slots=True)
class _Asking:
    judge: Judge
    question: Question = field(default_factory=Question)


@dataclass(frozen=True, slots=True)
class Authorizer(_Asking):
    """The variable `authorizer`; `request` is what it is about by itself, ``authorizer.requestResource``."""

    request: Question | None = None
    cel_type: ClassVar[Type] = Type(f"{_PACKAGE}.Authorizer")

    def __getitem__(self, name: str) -> Any:
        if name != "requestResource" or self.request is None:
            raise KeyError(name)
        return ResourceCheck(self.judge, replace(self.request, account=self.question.account))


class PathCheck(_Asking):
    """A path, whose verb is still to be said."""

    __slots__ = ()
    cel_type: ClassVar[Type] = Type(f"{_PACKAGE}.PathCheck")


class GroupCheck(_Asking):
    """A group, whose resource is still to be said."""

    __slots__ = ()
    cel_type: ClassVar[Type] = Type(f"{_PACKAGE}.GroupCheck")


class ResourceCheck(_Asking):
    """A resource, whose verb is still to be said."""

    __slots__ = ()
    cel_type: ClassVar[Type] = Type(f"{_PACKAGE}.ResourceCheck")


@AUTHORIZATION.overload(f"{_PACKAGE}.Authorizer.path(string) -> {_PACKAGE}.PathCheck")
def _path(one: Authorizer, path: str) -> PathCheck:
    if not path:
        raise CelError("path must not be empty")
    return PathCheck(one.judge, replace(one.question, path=path))


@AUTHORIZATION.overload(f"{_PACKAGE}.Authorizer.serviceAccount(string, string) -> {_PACKAGE}.Authorizer")
def _account(one: Authorizer, namespace: str, name: str) -> Authorizer:
    return replace(one, question=replace(one.question, account=(namespace, name)))


@AUTHORIZATION.overload(f"{_PACKAGE}.GroupCheck.resource(string) -> {_PACKAGE}.ResourceCheck")
def _resource(one: GroupCheck, resource: str) -> ResourceCheck:
    return ResourceCheck(one.judge, replace(one.question, resource=resource))


AUTHORIZATION.add(
    f"{_PACKAGE}.Authorizer.group(string) -> {_PACKAGE}.GroupCheck",
    lambda one, group: GroupCheck(one.judge, replace(one.question, group=group)),
)
for _part in ("subresource", "namespace", "name"):
    AUTHORIZATION.add(
        f"{_PACKAGE}.ResourceCheck.{_part}(string) -> {_PACKAGE}.ResourceCheck",
        lambda one, text, part=_part: ResourceCheck(one.judge, replace(one.question, **{part: text})),
    )
for _selector in ("fieldSelector", "labelSelector"):  # a selector narrows what is asked; roles do not know of any
    AUTHORIZATION.add(
        f"{_PACKAGE}.ResourceCheck.{_selector}(string) -> {_PACKAGE}.ResourceCheck", lambda one, _text: one
    )
for _kind in ("PathCheck", "ResourceCheck"):
    AUTHORIZATION.add(
        f"{_PACKAGE}.{_kind}.check(string) -> {_PACKAGE}.Decision",
        lambda one, verb: one.judge(replace(one.question, verb=verb)),
    )
AUTHORIZATION.add(f"{_PACKAGE}.Decision.allowed() -> bool", lambda one: one.allowed)
AUTHORIZATION.add(f"{_PACKAGE}.Decision.reason() -> string", lambda one: one.reason)
AUTHORIZATION.add(f"{_PACKAGE}.Decision.errored() -> bool", lambda _one: False)
AUTHORIZATION.add(f"{_PACKAGE}.Decision.error() -> string", lambda _one: "")
