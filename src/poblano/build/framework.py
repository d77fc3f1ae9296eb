"""What the accounts need for what the framework keeps in the cluster: who leads, stores, schedules, certificates.

RBAC can name the objects of most requests, and so do these rights; a create says no name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from poblano.build.metadata import Role
from poblano.build.plan import Plan
from poblano.build.rights import Grant, Right
from poblano.core.kinds import Kind
from poblano.core.store.definition import STORE, schedules_name
from poblano.core.store.layout import SECRETS
from poblano.core.store.room import SHARDING, part_name
from poblano.core.store.snapshot import HEAD
from poblano.core.uses import OWN_NAMESPACE
from poblano.store.speaking import speaks_of_store
from poblano.store.stores import store_name
from poblano.watch.leases import LEASE

CONFIGURATIONS = {"mutate": "mutatingwebhookconfigurations", "validate": "validatingwebhookconfigurations"}
"""By the phase of the rules that are in them."""


def framework_grants(plan: Plan) -> Iterator[Grant]:
    """What the pods need whatever the rules are about."""
    if plan.watches:
        yield from _leading(plan)
    for role in roles(plan):
        yield from _stores(plan, role)
    if plan.module.schedules:
        yield from _rights(
            "watcher", "the records of schedules", STORE, ("list", "watch", "patch"), schedules_name(plan.names.uuid)
        )
        yield from _rights("watcher", "the records of schedules", STORE, ("create",))
    if plan.admits:
        yield from _certificates(plan)


def roles(plan: Plan) -> tuple[Role, ...]:
    """The kinds of pods that there are."""
    found: tuple[tuple[Role, bool], ...] = (("admission", plan.admits), ("watcher", plan.watches))
    return tuple(role for role, there in found if there)


def _rights(role: Role, why: str, kind: Kind, verbs: Iterable[str], name: str = "") -> Iterator[Grant]:
    for verb in verbs:
        yield Grant(role, Right(kind.group, kind.plural, verb, OWN_NAMESPACE, name), "framework", why)


def _lease(role: Role, why: str, name: str) -> Iterator[Grant]:
    yield from _rights(role, why, LEASE, ("get", "update"), name)
    yield from _rights(role, why, LEASE, ("create",))


def _leading(plan: Plan) -> Iterator[Grant]:
    """`poblano.watch.election` needs one Lease, `poblano.watch.sharding` one for each replica, under names that nobody knows before."""
    if plan.options.work == "elected":
        yield from _lease("watcher", "the Lease of the replica that works", plan.names.base)
    elif plan.options.work == "shared":
        yield from _rights("watcher", "the Leases of the replicas", LEASE, ("list", "create", "update", "delete"))


def _stores(plan: Plan, role: Role) -> Iterator[Grant]:
    """A store is followed by its label, which RBAC knows nothing of, and read and written by the names of its objects."""
    for capability in plan.module.capabilities:
        if speaks_of_store(capability):
            kind = SECRETS if capability.store.secret else STORE
            why, name = f"the store of {capability.name}", store_name(plan.names.uuid, capability.name)
            yield from _rights(role, why, kind, ("list", "watch", "create"))
            for number in (HEAD, *range(SHARDING.parts)):
                yield from _rights(role, why, kind, ("get", "patch"), part_name(name, number))


def secret_stores(plan: Plan) -> list[str]:
    """The capabilities whose stores are kept in Secrets."""
    capabilities = plan.module.capabilities
    return [capability.name for capability in capabilities if speaks_of_store(capability) and capability.store.secret]


def _certificates(plan: Plan) -> Iterator[Grant]:
    """See `poblano.admission.certifying`."""
    names = plan.names
    yield from _lease("admission", "the Lease of the replica that makes certificates", names.certificates)
    if plan.options.certificates == "self":
        yield from _rights(
            "admission", "the certificate", SECRETS, ("get", "list", "watch", "patch"), names.certificates
        )
    for resource in sorted({CONFIGURATIONS[entry.phase] for entry in plan.entries}):
        for verb in ("get", "list", "watch", "patch"):
            right = Right("admissionregistration.k8s.io", resource, verb, name=names.base)
            yield Grant("admission", right, "framework", "its own webhooks: their caBundle and failurePolicy")
