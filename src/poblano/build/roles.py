"""The accounts of a module's pods, and what each may do: a ClusterRole where that is everywhere, Roles where it is not.

An account has no more than its pods send to the API server: see `poblano.build.granted`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from poblano.build.framework import roles
from poblano.build.granted import granted, rights_of
from poblano.build.metadata import Role, labels, metadata
from poblano.build.plan import Plan
from poblano.build.podvalues import PodValues
from poblano.build.rights import EVERYWHERE, Right, by_namespace, rules
from poblano.build.schemas import TEXTS
from poblano.build.tree import Joined, Namespace, Part, Slot, Tree
from poblano.core.uses import OWN_NAMESPACE

API_GROUP: Final = "rbac.authorization.k8s.io"


def parts(plan: Plan) -> Iterator[Part]:
    """ServiceAccounts, then roles with their bindings.

    Raises:
        InvalidSettings: ``rbac`` in the settings is wrong.
    """
    grants = granted(plan)
    for role in roles(plan):
        yield Part(f"{role}-service-account", _account(plan, role), when=(PodValues(role).enabled,))
    for role in roles(plan):
        for namespace, rights in by_namespace(rights_of(grants, role)).items():
            yield from _role(plan, role, namespace, rights)


def account(plan: Plan, role: Role) -> str:
    """What the account is called, and its roles."""
    return plan.names.admission if role == "admission" else plan.names.watcher


def _account(plan: Plan, role: Role) -> Tree:
    annotations = PodValues(role).slot(
        "serviceAccount.annotations",
        {},
        TEXTS,
        f"Annotations of the account of the {role} pods: with which a cloud gives them a role of its own, say.",
    )
    meta = {**metadata(plan, account(plan, role), role=role), "annotations": annotations}
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": meta}


def _role(plan: Plan, role: Role, namespace: str, rights: set[Right]) -> Iterator[Part]:
    """The role for a namespace, and its binding. In the module's own it is called as the account, elsewhere after the namespace
    too: which the module's own is, may not be known yet.
    """
    name, kind = account(plan, role), "ClusterRole" if namespace == EVERYWHERE else "Role"
    file = f"{role}-{'cluster-role' if namespace == EVERYWHERE else 'role'}"
    if namespace not in {EVERYWHERE, OWN_NAMESPACE}:
        name, file = f"{name}-{namespace}", f"{file}-{namespace}"
    meta = _metadata(plan, role, name, namespace)
    subject = {"kind": "ServiceAccount", "name": account(plan, role), "namespace": Namespace()}
    reference = {"apiGroup": API_GROUP, "kind": kind, "name": name}
    version = f"{API_GROUP}/v1"
    said: Tree = rules(rights)
    if namespace == EVERYWHERE:
        said = Joined(tuple(said), _more(role))
    when = (PodValues(role).enabled,)
    yield Part(file, {"apiVersion": version, "kind": kind, "metadata": meta, "rules": said}, when=when)
    yield Part(
        f"{file}-binding",
        {
            "apiVersion": version,
            "kind": f"{kind}Binding",
            "metadata": meta,
            "roleRef": reference,
            "subjects": [subject],
        },
        when=when,
    )


def _more(role: Role) -> Slot:
    return Slot(
        f"{role}.rbac",
        [],
        {"type": "array", "items": {"type": "object", "required": ["verbs"]}},
        f"Further PolicyRules for the account of the {role} pods, everywhere.",
    )


def _metadata(plan: Plan, role: Role, name: str, namespace: str) -> Tree:
    if namespace in {EVERYWHERE, OWN_NAMESPACE}:
        return metadata(plan, name, role=role, namespaced=namespace == OWN_NAMESPACE)
    return {"name": name, "namespace": namespace, "labels": labels(plan, role)}
