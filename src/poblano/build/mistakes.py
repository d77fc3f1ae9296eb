"""Rules and settings of webhooks that cannot mean what they say: nobody would ever be asked."""

from __future__ import annotations

from collections.abc import Iterator

from poblano.build.findings import Finding
from poblano.build.plan import Plan
from poblano.core.binding import Binding
from poblano.core.entries import ALWAYS_IGNORED
from poblano.core.filters import UserIs
from poblano.core.registered import accounts, asks_for, lets_in


def mistakes(plan: Plan) -> Iterator[Finding]:
    """What is refused whatever anybody accepts."""
    own = accounts(plan.names.uuid, plan.settings.namespace)
    bindings = [binding for entry in plan.entries for binding in entry.bindings]
    for binding in bindings:
        if any(_wants_none_but(part, own) for part in binding.filters if isinstance(part, UserIs)):
            yield _mistake(
                binding, "own-account", "is bound to the module's own users, who are never asked about", "take it out"
            )
    for namespace, policy in plan.settings.policies.items():
        yield from _additional(plan, bindings, namespace, policy)


def _wants_none_but(part: UserIs, own: tuple[str, str]) -> bool:
    return not part.negated and part.values <= set(own)


def _additional(plan: Plan, bindings: list[Binding], namespace: str, policy: str) -> Iterator[Finding]:
    said = f"additional_webhooks has {namespace}"
    if namespace == plan.settings.namespace and not any(asks_for(binding, namespace) for binding in bindings):
        yield _unheard(f"{said}, where the module itself lives: no webhook is asked about that")
    elif namespace in plan.settings.ignored_namespaces:
        yield _unheard(f"{said}, which always_ignore has, too")
    elif not any(lets_in(binding, namespace) for binding in bindings):
        why = "unless it names it" if namespace in ALWAYS_IGNORED else f"so nothing has the policy {policy} there"
        yield _unheard(f"{said}, which no rule is about, {why}")


def _unheard(problem: str) -> Finding:
    return Finding(name="additional-for-nothing", problem=problem, instead="take it out", acceptable=False)


def _mistake(binding: Binding, name: str, problem: str, instead: str) -> Finding:
    return Finding(
        name=name,
        problem=problem,
        instead=instead,
        rule=binding.title,
        location=binding.location,
        acceptable=False,
    )
