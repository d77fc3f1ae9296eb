"""Plans of modules that are made of capabilities alone, and their webhooks as a manifest has them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from poblano import Capability, Module
from poblano.build import webhooks
from poblano.build.plan import Certificates, Options, Plan
from poblano.build.tree import resolved
from poblano.settings import AdditionalWebhook, FailurePolicy, Settings


def plan(
    *capabilities: Capability,
    kubernetes: tuple[int, int] = (1, 36),
    certificates: Certificates = "self",
    additional: dict[str, FailurePolicy] | None = None,
    **settings: Any,
) -> Plan:
    """What is to be deployed: the module ``hello``, which lives in ``poblano-system``."""
    more = tuple(AdditionalWebhook(namespace, policy) for namespace, policy in (additional or {}).items())
    made = Settings(folder=Path(), uuid="hello", module="hello:module", additional_webhooks=more, **settings)
    options = Options(kubernetes=kubernetes, certificates=certificates)
    return Plan(settings=made, module=Module(*capabilities), version="1", archive=None, options=options)


def manifests(planned: Plan, namespace: str = "poblano-system") -> dict[str, Any]:
    """The configurations, by the names of their parts."""
    return {part.name: resolved(part.tree, namespace=namespace) for part in webhooks.parts(planned)}


def asked(planned: Plan, namespace: str = "poblano-system") -> dict[str, Any]:
    """All webhooks, by name."""
    return {one["name"]: one for made in manifests(planned, namespace).values() for one in made["webhooks"]}
