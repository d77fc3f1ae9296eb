"""What every object of a module is called and marked with."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from poblano.build.tree import Namespace, Tree
from poblano.core.deployed import ROLE_LABEL, UUID_LABEL
from poblano.core.jsonvalue import Document

if TYPE_CHECKING:
    from poblano.build.plan import Plan

Role: TypeAlias = Literal["admission", "watcher"]
"""A kind of pod: one answers webhooks, the other follows objects."""

_NOT_IN_A_LABEL: Final = re.compile(r"[^A-Za-z0-9._-]+")
_ENDS: Final = "._-"


def metadata(plan: Plan, name: str, *, role: Role | None = None, namespaced: bool = True) -> dict[str, Tree]:
    """The metadata of an object of the module.

    Args:
        plan: whose.
        name: of the object.
        role: of the pods that it is about, if it is about one kind of them.
        namespaced: whether it lives in the module's namespace.
    """
    where: dict[str, Tree] = {"namespace": Namespace()} if namespaced else {}
    return {"name": name, **where, "labels": labels(plan, role)}


def name_of(plan: Plan, role: Role) -> str:
    """What the Deployment of a kind of pod is called, and all that is about these pods."""
    return plan.names.admission if role == "admission" else plan.names.watcher


def labels(plan: Plan, role: Role | None = None) -> Document:
    """The labels of an object: Kubernetes' recommended ones, and those by which a module's own are found.

    Source of the first: https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels/
    """
    return {
        "app.kubernetes.io/name": plan.names.base,
        "app.kubernetes.io/version": label_value(plan.version),
        **({"app.kubernetes.io/component": role} if role else {}),
        **selected(plan, role),
    }


def selected(plan: Plan, role: Role | None = None) -> Document:
    """The labels that select pods: of this module and no other, and never of another version of it only."""
    return {UUID_LABEL: plan.names.uuid, **({ROLE_LABEL: role} if role else {})}


def label_value(text: str) -> str:
    """`text` as a label takes it.

    >>> label_value("1.0.0+local"), label_value("-"), len(label_value("1" * 70))
    ('1.0.0_local', '', 63)
    """
    return _NOT_IN_A_LABEL.sub("_", text)[:63].strip(_ENDS)
