"""Modules of one rule, and what the linter finds in them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from poblano import Capability, Decision, ValidateRequest, a
from poblano.build.findings import Finding
from poblano.build.lockouts import findings
from tests.build.asked import plan

NS = "poblano-system"


def approve(request: ValidateRequest[Any]) -> Decision:
    return request.approve()


def rule(made: Callable[[Capability], Any], *, namespaces: tuple[str, ...] = (), **options: Any) -> Capability:
    """A capability with one validate rule, of the chain that `made` makes."""
    one = Capability("shop", namespaces=namespaces)
    made(one).validate(name="r", **options)(approve)
    return one


def generic(group: str, kind: str, *, version: str = "v1", scope: str = "Cluster", **more: Any) -> Any:
    """A chain for a kind by its names."""

    def made(shop: Capability) -> Any:
        return shop.when(a.GenericKind, group=group, version=version, kind=kind, scope=scope, **more)

    return made


def found(*capabilities: Capability, **options: Any) -> dict[str, Finding]:
    """What is found in a module, by name."""
    made = findings(plan(*capabilities, **options))
    by_name = {one.name: one for one in made}
    assert len(by_name) == len(made), made
    return by_name


def refused(*capabilities: Capability, **options: Any) -> set[str]:
    """The names of what is refused."""
    return {name for name, one in found(*capabilities, **options).items() if one.refused}
