"""All that the accounts of a module are to have, and why: of the rules, of the framework, by hand, and as recorded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from poblano.build.framework import framework_grants, roles, secret_stores
from poblano.build.metadata import Role
from poblano.build.plan import Plan
from poblano.build.policyrules import setting_grants
from poblano.build.recorded import ITS_OWN, Recorded
from poblano.build.rights import Grant, Right, by_namespace
from poblano.build.ruled import role_of, rule_grants, use_grants
from poblano.build.speaking import says
from poblano.core.binding import Binding
from poblano.core.pushdown import pushed
from poblano.core.schedule.definition import Schedule
from poblano.core.uses import OWN_NAMESPACE, VERBS, Uses
from poblano.module import Module


def granted(plan: Plan) -> list[Grant]:
    """What the accounts are to have.

    Raises:
        InvalidSettings: ``rbac`` in the settings is wrong.
    """
    there = roles(plan)
    grants = [
        *(_admin(there) if plan.rbac_mode == "admin" else ()),
        *framework_grants(plan),
        *rule_grants(plan.module),
        *use_grants(plan.module),
        *recorded_grants(plan.module, plan.recorded),
        *setting_grants(plan.settings.rbac, there),
    ]
    return [grant for grant in grants if grant.role in there]


def rights_of(grants: Iterable[Grant], role: Role) -> set[Right]:
    """The rights of an account."""
    return {grant.right for grant in grants if grant.role == role}


def warnings(plan: Plan) -> list[str]:
    """What whoever builds should know of the accounts: one sentence each."""
    found: list[str] = []
    if plan.rbac_mode == "admin":
        found.append(
            'rbac_mode is "admin": the module may read and change everything in the cluster, every Secret included, and so may whoever '
            'gets into one of its pods; build with rbac_mode = "scoped", and let the actions say what they use'
        )
    if spaces := namespaces_beside(plan):
        found.append(
            f"the module has roles in {', '.join(spaces)}: these namespaces must be there when it is deployed, and a role that went "
            "with its namespace must be applied again"
        )
    for title in untold(plan):
        found.append(
            f"{title} calls the API server (its code says K8s), and does not say what for: write uses=[Uses(a.ConfigMap, "
            '"get")] there, or run poblano rbac record -- pytest'
        )
    for capability in secret_stores(plan):
        found.append(
            f"the store of {capability} is kept in Secrets, which are followed by their label: the module's accounts may list all "
            "Secrets of its namespace; have no other module in that namespace"
        )
    gone = sorted({one.rule for one in plan.recorded if one.rule not in _rules(plan.module)})
    if gone:
        found.append(f"what was recorded for {', '.join(gone)} counts no more: there is no such rule; record again")
    return found


def untold(plan: Plan) -> list[str]:
    """The rules and schedules whose own code calls the API server, of which nothing is said and nothing was recorded."""
    known = {one.rule for one in plan.recorded}
    listed: tuple[Binding | Schedule, ...] = (*plan.module.bindings, *plan.module.schedules)
    if plan.rbac_mode == "admin":
        return []
    return sorted({one.title for one in listed if not one.uses and one.title not in known and says(one.action, "K8s")})


def namespaces_beside(plan: Plan) -> list[str]:
    """The namespaces, beside the module's own, in which its accounts have roles."""
    grants = granted(plan)
    spaces = {space for role in roles(plan) for space in by_namespace(rights_of(grants, role))}
    return sorted(spaces - {"", OWN_NAMESPACE, plan.settings.namespace})


def recorded_grants(module: Module, recorded: Iterable[Recorded]) -> Iterator[Grant]:
    """What actions were seen to call. What an action says by hand of a verb and a resource is the last word on it."""
    known = _rules(module)
    for one in recorded:
        if one.rule not in known or _is_said(one, known[one.rule].get(one.role, ())):
            continue
        for namespace in _places(one, module):
            right = Right(one.group, one.resource, one.verb, namespace)
            yield Grant(one.role, right, "recorded", f"{one.rule} called it when it was recorded")


def _admin(there: Iterable[Role]) -> Iterator[Grant]:
    for role in there:
        for verb in VERBS:
            yield Grant(role, Right("*", "*", verb), "settings", 'rbac_mode = "admin"')


def _rules(module: Module) -> dict[str, dict[Role, tuple[Uses, ...]]]:
    """What the actions of each rule use, by the account that they work with."""
    found: dict[str, dict[Role, tuple[Uses, ...]]] = {"module/before": {}, "module/after": {}}
    for binding in module.bindings:
        said = found.setdefault(binding.title, {})
        said[role_of(binding)] = (*said.get(role_of(binding), ()), *binding.uses)
    for schedule in module.schedules:
        found.setdefault(schedule.title, {})["watcher"] = schedule.uses
    return found


def _is_said(one: Recorded, uses: Iterable[Uses]) -> bool:
    return any((use.kind.group, use.resource) == (one.group, one.resource) and one.verb in use.verbs for use in uses)


def _places(one: Recorded, module: Module) -> tuple[str, ...]:
    if one.namespace != ITS_OWN:
        return (one.namespace,)
    rules = [binding for binding in module.bindings if (binding.title, role_of(binding)) == (one.rule, one.role)]
    return tuple(sorted({space for binding in rules for space in _spaces(binding)})) or ("",)


def _spaces(binding: Binding) -> tuple[str, ...]:
    return pushed(binding).namespaces if binding.kind.namespaced else ("",)
