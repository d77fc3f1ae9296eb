"""Refuses webhooks that lock a cluster up when nobody answers them, and says where that was learned.

A refusal stops the build. Who means it nevertheless says so by name, in the settings::

    accepted_findings = [{ finding = "nodes", rule = "shop/labelled-nodes", because = "nodes are registered by hand" }]
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import groupby

from poblano.build.findings import Finding
from poblano.build.hazards import OWN_NAMESPACE, Hazard, hazards
from poblano.build.mistakes import mistakes
from poblano.build.plan import Plan
from poblano.build.webhooks import webhooks_of
from poblano.core.binding import Binding
from poblano.core.errors import PoblanoError
from poblano.core.registered import Registered, asks_for
from poblano.settings import Accepted

LONGEST_WAIT = 10
"""Seconds: client-go gives up a lease after so many (leaderelection: RenewDeadline)."""

LONGEST_SUM = 30
"""Seconds: a request as a whole has 60 (kube-apiserver --request-timeout), and many a client gives up after 32."""


class LocksUp(PoblanoError):
    """A module's webhooks would lock up a cluster; `findings` say how."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(findings)
        lines = "\n".join(f"  {one}" for one in self.findings)
        entries = ",\n".join(f"    {one.entry()}" for one in self.findings if one.acceptable)
        remedy = f"\nTo build it all the same, say so in [tool.poblano]:\n  accepted_findings = [\n{entries},\n  ]"
        super().__init__(f"these webhooks are not built:\n{lines}{remedy if entries else ''}")


def checked(plan: Plan) -> tuple[Finding, ...]:
    """Warnings, and what was accepted.

    Args:
        plan: what is to be built.

    Raises:
        LocksUp: there is something else.
    """
    found = findings(plan)
    refusals = [one for one in found if one.refused and not one.because]
    if refusals:
        raise LocksUp(refusals)
    return found


def findings(plan: Plan) -> tuple[Finding, ...]:
    """All that there is to say of the webhooks of a module, refusals first, each in the order of the rules.

    Args:
        plan: what is to be built.
    """
    webhooks = webhooks_of(plan)
    found = [*mistakes(plan), *_dangers(plan, webhooks), *_slow(webhooks)]
    found += _unlabelled(plan, webhooks)
    accepted = plan.settings.accepted_findings
    judged = [_judged(one, accepted) for one in found]
    return tuple(sorted((*judged, *_idle(accepted, found)), key=lambda one: not one.refused))


def _judged(one: Finding, accepted: Iterable[Accepted]) -> Finding:
    reasons = [
        each.because for each in accepted if one.acceptable and (each.finding, each.rule) == (one.name, one.rule)
    ]
    return replace(one, because=reasons[0]) if reasons else one


def _idle(accepted: Iterable[Accepted], found: Iterable[Finding]) -> Iterator[Finding]:
    known = {(one.name, one.rule) for one in found if one.acceptable}
    for each in accepted:
        if (each.finding, each.rule) not in known:
            of = f" of {each.rule}" if each.rule else ""
            yield Finding(
                name="accepted-nothing",
                problem=f"accepted_findings has {each.finding}{of}, which is not found",
                instead="take it out",
                refused=False,
            )


def _dangers(plan: Plan, webhooks: Iterable[Registered]) -> Iterator[Finding]:
    known = hazards(plan.settings.namespace)
    told: set[tuple[str, str]] = set()
    for one in webhooks:
        for binding in one.entry.bindings:
            for hazard in known:
                key = (hazard.name, binding.title)
                if key not in told and _is_in_the_way(plan, one, binding, hazard):
                    told.add(key)
                    yield _danger(plan, one, binding, hazard)


def _is_in_the_way(plan: Plan, one: Registered, binding: Binding, hazard: Hazard) -> bool:
    return (
        (binding.kind.group, _resource(binding)) in hazard.resources
        and (hazard.operations is None or bool(binding.operations & hazard.operations))
        and (one.policy == "Fail" or hazard.also_ignored)
        and hazard.reaching.found_in(plan, one, binding)
    )


def _danger(plan: Plan, one: Registered, binding: Binding, hazard: Hazard) -> Finding:
    where = f" of {one.namespace}" if one.namespace else ""
    verbs = ", ".join(sorted(verb.lower() for verb in binding.operations))
    return Finding(
        name=hazard.name,
        problem=f"is asked about {_resource(binding)}{where} ({verbs}) with the policy {one.policy}: {hazard.problem}",
        instead=(hazard.name == OWN_NAMESPACE and _opened(plan, one, binding)) or hazard.instead,
        rule=binding.title,
        location=binding.location,
        learned=hazard.learned,
        # What is passed over costs time alone.
        refused=hazard.refused and (one.policy == "Fail" or hazard.name != "events"),
    )


def _opened(plan: Plan, one: Registered, binding: Binding) -> str:
    """What to write where it is another rule that opens the module's own namespace to the webhook; "" where it is this one."""
    own = plan.settings.namespace
    openers = [other for other in one.entry.bindings if asks_for(other, own)]
    if not openers or binding in openers:
        return ""
    return (
        f"{openers[0].title} ({openers[0].location}) names {own}, which opens it for all rules of their webhook: leave it out "
        "there, or give that rule a webhook of its own with another timeout="
    )


def _resource(binding: Binding) -> str:
    return f"{binding.kind.plural}/{binding.subresource}" if binding.subresource else binding.kind.plural


def _slow(webhooks: Iterable[Registered]) -> Iterator[Finding]:
    entries = [one for one in webhooks if not one.namespace]
    for one in entries:
        if one.policy == "Fail" and one.entry.timeout > LONGEST_WAIT:
            binding = one.entry.bindings[0]
            yield Finding(
                name="long-timeout",
                problem=f"may keep a request waiting for {one.entry.timeout} s, and fails it then",
                instead=f"write timeout={LONGEST_WAIT} or less: by then controllers have given up, and do not lead any more",
                rule=binding.title,
                location=binding.location,
                learned="gatekeeper#870",
                refused=False,
            )
    yield from _sums(entries)


def _sums(webhooks: Iterable[Registered]) -> Iterator[Finding]:
    """Mutating webhooks are asked one after the other, and then validating ones all at once."""
    asked = sorted(
        {
            (b.kind.group, _resource(b), one.entry.phase, one.entry.path, one.entry.timeout)
            for one in webhooks
            for b in one.entry.bindings
        }
    )
    for (_, resource), group in groupby(asked, key=lambda each: each[:2]):
        each = list(group)
        one_by_one = sum(timeout for *_, phase, _, timeout in each if phase == "mutate")
        at_once = max((timeout for *_, phase, _, timeout in each if phase == "validate"), default=0)
        if one_by_one + at_once > LONGEST_SUM:
            yield Finding(
                name="timeouts-add-up",
                problem=f"a request about {resource} may wait for {one_by_one + at_once} s in all, and fail with any policy",
                instead="have fewer timeouts and policies for it, or shorter ones",
                learned="kubernetes#128162",
                refused=False,
            )


def _unlabelled(plan: Plan, webhooks: Iterable[Registered]) -> Iterator[Finding]:
    if plan.abilities.namespace_labels or not any(one.policy == "Fail" for one in webhooks):
        return
    own, label = plan.settings.namespace, "kubernetes.io/metadata.name"
    yield Finding(
        name="unlabelled-namespaces",
        problem=f"an API server before 1.21 does not know which namespace is kube-system or {own}: it asks about what they need",
        instead=f"label them before webhooks are armed: kubectl label namespace kube-system {label}=kube-system; "
        f"the manifests label {own} themselves, and a chart does not",
        learned="kyverno#16177",
        refused=False,
    )
