"""All that is deployed of a module, in the order in which it is applied."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain
from typing import Final

from poblano.build import (
    cert_manager,
    definitions,
    disruption,
    monitoring,
    namespace,
    network,
    quota,
    roles,
    secrets,
    services,
    webhooks,
    workloads,
)
from poblano.build.plan import Plan
from poblano.build.tree import Part
from poblano.core.errors import InvalidDefinition

_AREAS: Final[tuple[Callable[[Plan], Iterator[Part]], ...]] = (
    namespace.parts,
    definitions.parts,
    roles.parts,
    quota.parts,
    secrets.parts,
    cert_manager.parts,
    services.parts,
    workloads.parts,
    disruption.parts,
    network.parts,
    monitoring.parts,
    webhooks.parts,
)
"""What something needs comes before it; what is asked about everything comes last."""


def parts(plan: Plan) -> tuple[Part, ...]:
    """The objects of a module, only those that it needs.

    Raises:
        InvalidDefinition: it has nothing that could be deployed.
        ValueError: two objects have one name.
    """
    if not plan.admits and not plan.watches:
        raise InvalidDefinition(
            "the module has no action and no schedule, so there is nothing to deploy",
            "write a rule: capability.when(a.Pod).is_created().mutate(...)",
            plan.module.location,
        )
    made = tuple(chain.from_iterable(area(plan) for area in _AREAS))
    names = [part.name for part in made]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"several parts are called {', '.join(twice)}")
    return made
