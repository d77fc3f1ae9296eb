"""Plans of small modules, and the objects that they come to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

from poblano import Capability, Module, Store, a
from poblano.build import (
    cert_manager,
    definitions,
    disruption,
    monitoring,
    namespace,
    network,
    quota,
    secrets,
    services,
    workloads,
)
from poblano.build.archive import Archive
from poblano.build.plan import Options, Plan
from poblano.build.tree import Part, resolved
from poblano.core.jsonvalue import Document
from poblano.settings import Settings

CODE = Archive(b"code", "ab" * 32)

AREAS = (
    namespace,
    definitions,
    quota,
    secrets,
    cert_manager,
    services,
    workloads,
    disruption,
    network,
    monitoring,
)
"""What makes the pods and what is around them; roles and webhooks have tests of their own."""


def admitting(**options: Any) -> Capability[Any]:
    """A capability with a rule for admission, with the options of its action."""
    shop: Capability[Any] = Capability("shop")
    shop.when(a.Pod).is_created().validate(**options)(lambda pod: pod.approve())
    return shop


def following(name: str = "belt") -> Capability[Any]:
    """A capability with a rule that follows objects."""
    belt: Capability[Any] = Capability(name)
    belt.when(a.ConfigMap).is_created().watch(lambda one, phase: None)
    return belt


def scheduled(name: str = "clock") -> Capability[Any]:
    """A capability with a schedule and nothing else."""
    clock: Capability[Any] = Capability(name)
    clock.on_schedule("tick", every=timedelta(hours=1))(lambda: None)
    return clock


def keeping(name: str = "cellar") -> Capability[Any]:
    """A capability that admits and has a store."""
    cellar: Capability[Any] = Capability(name, store=Store())
    cellar.when(a.Pod).is_created().validate(lambda pod: pod.approve())
    return cellar


def plan_of(
    *capabilities: Capability[Any],
    archive: Archive | None = CODE,
    version: str = "1.2.3",
    settings: Mapping[str, Any] = MappingProxyType({}),
    **options: Any,
) -> Plan:
    """The plan of a module of these capabilities; `options` are those of the build."""
    given = Settings(**{"folder": Path("/module"), "uuid": "shop", "module": "shop:module", **settings})
    return Plan(
        settings=given, module=Module(*capabilities), version=version, archive=archive, options=Options(**options)
    )


def parts_of(plan: Plan) -> dict[str, Part]:
    """All parts of a plan, by name."""
    return {part.name: part for area in AREAS for part in area.parts(plan)}


def objects(plan: Plan, parts: Iterable[Part] | None = None) -> dict[str, Document]:
    """What a manifest has of them, by the part's name."""
    wanted = parts_of(plan).values() if parts is None else parts
    return {part.name: resolved(part.tree, namespace=plan.settings.namespace) for part in wanted if part.in_manifest}


def pod_spec(plan: Plan, role: str = "admission") -> Document:
    """The pods of a Deployment."""
    return objects(plan)[f"{role}-deployment"]["spec"]["template"]["spec"]


def container(plan: Plan, role: str = "admission") -> Document:
    """The container of these pods."""
    return pod_spec(plan, role)["containers"][0]


EVERYTHING = (keeping(), following(), scheduled())
"""What a module can have that alerts are about."""
