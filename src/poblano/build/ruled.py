"""What the accounts need for the rules of a module: what is watched, written for them, and what their actions say they use.

Each verb is one that the code sends: informers list and watch; a finalizer is put on and taken off by a patch, after a get where
somebody else was faster; a status is patched likewise; what a rule owns is applied, which is a patch, and a create where there is
nothing yet; events are created, and counted by a patch.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from poblano.build.metadata import Role
from poblano.build.rights import Grant, Right
from poblano.build.speaking import speaks_of
from poblano.core.binding import FOLLOWERS, Binding
from poblano.core.kinds import Kind
from poblano.core.objects import GenericKind
from poblano.core.pushdown import pushed
from poblano.core.scopes import scopes, watched
from poblano.core.uses import Uses
from poblano.draft import verbs_of
from poblano.module import Module

EVENTS = ("events.k8s.io", "events")

DEFAULT_NAMESPACE = "default"
"""Where an event goes whose object is in no namespace. client-go: tools/events, makeEvent."""


def rule_grants(module: Module) -> Iterator[Grant]:
    """What the rules need, beside what their actions say that they use."""
    for scope, bindings in watched(module.bindings).items():
        for binding in bindings:
            about = "what it follows" if scope.kind == binding.kind else "what it owns, or watches beside"
            for verb in ("list", "watch"):
                right = Right(scope.kind.group, scope.kind.plural, verb, scope.namespace, scope.name)
                yield _grant(binding, right, about)
    for binding in module.bindings:
        if binding.phase in {"reconcile", "finalize"}:
            yield from _finalizer(binding)
            yield from _status(binding)
            yield from _owned(binding)
            yield from _events(binding)


def use_grants(module: Module) -> Iterator[Grant]:
    """What actions say that they use."""
    for binding in module.bindings:
        yield from _used(binding.uses, role_of(binding), binding.title)
    for schedule in module.schedules:
        yield from _used(schedule.uses, "watcher", schedule.title)


def role_of(binding: Binding) -> Role:
    """Whose account an action works with."""
    return "watcher" if binding.phase in FOLLOWERS else "admission"


def _used(uses: Iterable[Uses], role: Role, title: str) -> Iterator[Grant]:
    for use in uses:
        for verb in use.verbs:
            for namespace in use.namespaces or ("",):
                for name in use.names or ("",):
                    right = Right(use.kind.group, use.resource, verb, namespace, name)
                    yield Grant(role, right, "uses", title, use.location)


def _grant(binding: Binding, right: Right, why: str) -> Grant:
    return Grant("watcher", right, "rule", f"{binding.title} ({binding.phase}): {why}", binding.location)


def _objects(binding: Binding, verbs: Iterable[str], subresource: str = "") -> Iterator[Right]:
    """Rights on the objects that a rule is about."""
    kind = binding.kind
    resource = f"{kind.plural}/{subresource}" if subresource else kind.plural
    for scope in scopes(binding):
        for verb in verbs:
            yield Right(kind.group, resource, verb, scope.namespace, scope.name)


def _finalizer(binding: Binding) -> Iterator[Grant]:
    if binding.phase == "finalize":
        for right in _objects(binding, ("get", "patch")):
            yield _grant(binding, right, "its finalizer")


def _status(binding: Binding) -> Iterator[Grant]:
    if may_have_status(binding) and speaks_of(binding.action, "save_status"):
        for right in (*_objects(binding, ("patch",), "status"), *_objects(binding, ("get",))):
            yield _grant(binding, right, "ctx.save_status()")


def may_have_status(binding: Binding) -> bool:
    """Whether the kind is known to have a subresource ``status``, or is not known at all."""
    known = verbs_of(binding.kind)
    if known is not None:
        return "status" in known
    return issubclass(binding.view, GenericKind) or "status" in binding.view.__fields__


def _owned(binding: Binding) -> Iterator[Grant]:
    for owned in binding.owns:
        for namespace in _places(binding, owned.kind):
            for verb in ("create", "patch"):
                right = Right(owned.kind.group, owned.kind.plural, verb, namespace)
                yield _grant(binding, right, "ctx.apply() of what it owns")


def _places(binding: Binding, kind: Kind) -> Iterable[str]:
    """Where another kind is, for the objects of a rule: as `poblano.core.scopes.scopes_beside`."""
    spaces = pushed(binding).namespaces
    return spaces if kind.namespaced else spaces and ("",)


def _events(binding: Binding) -> Iterator[Grant]:
    group, resource = EVENTS
    spaces = pushed(binding).namespaces if binding.kind.namespaced else (DEFAULT_NAMESPACE,)
    for namespace in spaces:
        for verb in ("create", "patch"):
            yield _grant(binding, Right(group, resource, verb, namespace), "events about its objects")
