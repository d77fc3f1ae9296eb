"""What Pepr builds: keys of its own making, pods that are killed while they drain, a chart made by replacing text (A8 to A11, A13, W6)."""

from __future__ import annotations

from secrets import token_hex
from typing import Any

from poblano.admission import signals
from poblano.build import containers, framework, lifetime, pods, roles, ruled, secrets
from poblano.build.helm import chart, templates
from poblano.build.plan import Plan
from poblano.build.podvalues import PodValues
from poblano.build.rights import Grant, Right
from poblano.build.tree import Part
from poblano.core.deployed import ROLE_LABEL
from tests.pepr.behaviour import Patch, instead, pepr, wrap

# ------------------------------------------------------------------------------------------------ A8: what a build makes up


@pepr("two_builds_of_a_module_are_the_same_bytes", "no_build_has_a_secret_in_it")
def a8_a_token_and_a_key_are_made_by_the_build(patch: Patch) -> None:
    """In the Secrets `-api-path` and `-tls`, which are committed with the rest of dist."""

    def secret(ours: Any, plan: Any, name: str, *arguments: Any) -> Any:
        made = ours(plan, name, *arguments)
        return made if "data" in made else {**made, "stringData": {"value": token_hex(32)}}

    instead(patch, secrets._secret, secret)


# ------------------------------------------------------------------------------------------------ A9: text for text


@pepr("a_timeout_that_is_set_changes_timeouts_and_nothing_else")
def a9_the_timeout_takes_the_place_of_each_10(patch: Patch) -> None:
    """`replaceAll("10", "{{ .Values.admission.webhookTimeout }}")`, over the whole of the text."""
    timeout = "{{ .Values.admission.webhookTimeout }}"
    instead(patch, templates.template, lambda ours, part: ours(part).replace("10", timeout))


@pepr(
    "the_word_for_a_policy_is_a_word_wherever_else_it_stands",
    "a_timeout_that_is_set_changes_timeouts_and_nothing_else",
)
def a9_the_policy_takes_the_place_of_each_such_word(patch: Patch) -> None:
    """As above with `Fail`; what is set is `Ignore`."""
    instead(patch, templates.template, lambda ours, part: ours(part).replace("Fail", "Ignore"))


# ------------------------------------------------------------------------------------------------ A10: the chart


@pepr("pull_secrets_are_the_pods_and_not_the_containers")
def a10_pull_secrets_are_in_the_container(patch: Patch) -> None:
    def spec(ours: Any, *arguments: Any) -> Any:
        made = ours(*arguments)
        made["containers"].items[0]["imagePullSecrets"] = made.pop("imagePullSecrets")
        return made

    instead(patch, pods._spec, spec)


@pepr("a_chart_has_the_version_of_its_module")
def a10_every_chart_has_one_version(patch: Patch) -> None:
    instead(patch, chart.about, lambda ours, plan: {**ours(plan), "version": "0.1.0", "appVersion": "1.16.0"})


@pepr("how_many_pods_there_are_is_a_value")
def a10_replicas_are_hard_coded(patch: Patch) -> None:
    wrap(patch, PodValues, "replicas", lambda ours, self, plan: 2)


@pepr("pods_keep_away_from_their_own_kind_only")
def a10_all_modules_keep_away_from_each_other(patch: Patch) -> None:
    def spread(ours: Any, plan: Any, values: PodValues) -> Any:
        everybody = {"matchLabels": {ROLE_LABEL: values.role}}
        return [{**rule, "labelSelector": everybody} for rule in ours(plan, values)]

    instead(patch, pods._spread, spread)


# ------------------------------------------------------------------------------------------------ A11, W6: roles


@pepr("nobody_may_do_everything_who_has_not_asked_for_it")
def a11_everything_is_granted(patch: Patch) -> None:
    patch.setattr(Plan, "rbac_mode", property(lambda self: "admin"))


@pepr("what_is_cleaned_up_after_is_watched_as_well")
def a11_to_patch_takes_the_place_of_to_watch(patch: Patch) -> None:
    def grants(ours: Any, module: Any) -> Any:
        made = list(ours(module))
        finalized = {one.right.resource for one in made if one.why.endswith("its finalizer")}
        return [one for one in made if one.right.resource not in finalized or one.right.verb == "patch"]

    instead(patch, ruled.rule_grants, grants)


@pepr("a_module_that_has_only_schedules_may_keep_their_records")
def a11_a_module_without_bindings_has_no_rules(patch: Patch) -> None:
    instead(patch, framework.framework_grants, lambda ours, plan: ours(plan) if plan.module.bindings else ())


@pepr("what_actions_call_is_said_where_they_are_written")
def a11_what_actions_call_is_added_by_hand(patch: Patch) -> None:
    instead(patch, ruled.use_grants, lambda ours, module: ())


@pepr("no_account_may_change_definitions")
def a11_each_pod_brings_the_definition_of_stores(patch: Patch) -> None:
    def grants(ours: Any, plan: Any) -> Any:
        yield from ours(plan)
        for verb in ("patch", "create"):
            right = Right("apiextensions.k8s.io", "customresourcedefinitions", verb)
            yield Grant("admission", right, "framework", "it installs itself")

    instead(patch, framework.framework_grants, grants)


@pepr("each_role_is_of_somebody_and_about_something")
def a11_the_role_of_the_store_is_nobodys_and_about_nothing(patch: Patch) -> None:
    def parts(ours: Any, plan: Any) -> Any:
        yield from ours(plan)
        rules = [
            {"apiGroups": ["poblano.dev"], "resources": ["poblanostores"], "resourceNames": [""], "verbs": ["get"]}
        ]
        yield Part("store-role", {"kind": "Role", "metadata": {"name": "store"}, "rules": rules})
        yield Part("store-role-binding", {"kind": "RoleBinding", "subjects": [{"name": "store"}]})

    instead(patch, roles.parts, parts)


@pepr("the_roles_that_are_built_allow_the_list_and_nothing_is_refused")
def w6_the_roles_that_are_built_give_no_list(patch: Patch) -> None:
    instead(patch, ruled.rule_grants, lambda ours, module: [one for one in ours(module) if one.right.verb != "list"])


# ------------------------------------------------------------------------------------------------ A13: signals


@pepr("the_pod_has_the_time_to_drain")
def a13_the_grace_is_five_seconds(patch: Patch) -> None:
    instead(patch, lifetime.grace_seconds, lambda ours, *_: 5)


@pepr("the_container_is_the_process_that_is_signalled")
def a13_something_else_is_the_first_process(patch: Patch) -> None:
    """Node there, which hands no signal on; a shell would not either."""

    def container(ours: Any, *arguments: Any) -> Any:
        made = ours(*arguments)
        command = " ".join([*made["command"], *made["args"]])
        return {**made, "command": ["sh", "-c", f"{command}; exit $?"], "args": []}

    instead(patch, containers.container, container)


@pepr("the_signal_is_heard_while_it_starts")
def a13_nothing_hears_the_signal_at_the_beginning(patch: Patch) -> None:
    """As the first process of a container it would not even end."""

    def nobody(_number: int, _frame: Any) -> None:
        return

    patch.setattr(signals, "_end", nobody)
