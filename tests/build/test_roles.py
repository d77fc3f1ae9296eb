"""The accounts of a module and their roles: each verb because something of the module sends it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from poblano import Capability, InvalidSettings, K8s, Module, Resource, Store, Struct, Uses, a
from poblano.build import roles
from poblano.build.granted import granted, warnings
from poblano.build.plan import Options, Plan
from poblano.build.recorded import ITS_OWN, Recorded
from poblano.build.tree import resolved
from poblano.settings import Settings

EVENTS = {("events", "create"), ("events", "patch")}
LEASE = {("leases", "create"), ("leases poblano-x", "get"), ("leases poblano-x", "update")}


class Spec(Struct):
    size: int | None


class Box(Resource, group="x.example.com", version="v1", plural="boxes"):
    spec: Spec
    status: Spec


class Crate(Resource, group="x.example.com", version="v1", plural="crates", scope="Cluster"):
    spec: Spec


def saves(one, ctx):
    return ctx.save_status()


def plan(*capabilities, recorded=(), settings=None, **options):
    made = Settings(folder=Path(), uuid="x", module="x:module", **(settings or {}))
    module = Module(*capabilities)
    return Plan(settings=made, module=module, version="1", archive=None, options=Options(**options), recorded=recorded)


def shop(**options):
    return Capability("shop", **options)


def objects(one, namespace="home"):
    return [resolved(part.tree, namespace=namespace) for part in roles.parts(one)]


def allowed(one, account="watcher"):
    """What a module's account may do, by namespace, without what the framework itself needs."""
    found = {}
    for grant in granted(one):
        if grant.role == account and grant.source != "framework":
            right = grant.right
            what = f"{right.resource} {right.name}" if right.name else right.resource
            found.setdefault(right.namespace, set()).add((what, right.verb))
    return found


def framework(one, account):
    return {
        (f"{grant.right.resource} {grant.right.name}".strip(), grant.right.verb)
        for grant in granted(one)
        if grant.role == account and grant.source == "framework"
    }


def test_what_is_followed_is_listed_and_watched():
    one = shop()
    one.when(a.Pod).is_created().watch(lambda pod, phase: None)

    assert allowed(plan(one)) == {"": {("pods", "list"), ("pods", "watch")}}


def test_what_is_followed_in_a_namespace_is_allowed_there_alone():
    one = shop(namespaces=["b", "a"])
    one.when(a.ConfigMap).reconcile(lambda pod, ctx: None)
    one.when(a.Secret).in_namespace("a").is_created().watch(lambda secret, phase: None)

    assert allowed(plan(one)) == {
        "a": {("configmaps", "list"), ("configmaps", "watch"), ("secrets", "list"), ("secrets", "watch")} | EVENTS,
        "b": {("configmaps", "list"), ("configmaps", "watch")} | EVENTS,
    }


def test_a_rule_about_one_name_is_allowed_that_name():
    one = shop()
    one.when(a.ConfigMap).is_created().in_namespace("a").with_name("prices").watch(lambda prices, phase: None)

    assert allowed(plan(one)) == {"a": {("configmaps prices", "list"), ("configmaps prices", "watch")}}


def test_one_watch_serves_several_rules_and_is_allowed_as_wide_as_it_is():
    one = shop()
    one.when(a.ConfigMap).is_created().in_namespace("a").watch(lambda one, phase: None)
    one.when(a.ConfigMap).is_created().watch(lambda one, phase: None, name="all")

    assert set(allowed(plan(one))) == {""}


def test_finalizers_are_patched_and_read_where_somebody_was_faster():
    one = shop()
    one.when(Crate).finalize(lambda crate, ctx: None, name="gone")

    assert allowed(plan(one)) == {
        "": {("crates", verb) for verb in ("get", "list", "watch", "patch")},
        "default": EVENTS,  # a Crate is in no namespace
    }


def test_a_status_is_patched_where_the_code_speaks_of_that_and_the_kind_has_one():
    one = shop()
    one.when(Box).reconcile(saves)
    one.when(a.ConfigMap).reconcile(saves, name="has-none")
    one.when(a.Deployment).reconcile(saves, name="has-one")

    found = allowed(plan(one))[""]
    assert {what for what in found if "/status" in what[0] or what[1] == "get"} == {
        ("boxes/status", "patch"),
        ("boxes", "get"),
        ("deployments/status", "patch"),
        ("deployments", "get"),
    }


def test_what_a_rule_owns_is_applied_and_watched_where_the_rule_is():
    one = shop(namespaces=["a"])
    one.when(Box).owns(a.Deployment).watches(a.Node, lambda node: None).reconcile(lambda box, ctx: None)

    found = allowed(plan(one))
    assert {("deployments", verb) for verb in ("list", "watch", "create", "patch")} <= found["a"]
    assert found[""] == {("nodes", "list"), ("nodes", "watch")}


def test_uses_go_to_the_account_of_their_action():
    one = shop()
    token = Uses(a.Secret, "get", names=["token"], namespaces=["vault", "."])
    one.when(a.Pod).is_created().mutate(uses=[token])(lambda pod: None)
    one.when(a.Pod).is_created().watch(uses=[a.Node])(lambda pod, phase: None)
    one.on_schedule("tidy", every=timedelta(hours=1), uses=[Uses(a.Pod, "deletecollection")])(print)

    made = plan(one)
    assert allowed(made, "admission") == {"vault": {("secrets token", "get")}, ".": {("secrets token", "get")}}
    assert {("nodes", "get"), ("pods", "deletecollection")} <= allowed(made)[""]


def test_each_account_has_what_the_framework_needs_by_name():
    one = Capability("shop", store=Store(str, secret=True))
    one.when(a.Pod).is_created().mutate(lambda pod: None)
    one.on_schedule("tidy", every=timedelta(hours=1))(print)

    made = plan(one)
    watcher, admission = framework(made, "watcher"), framework(made, "admission")
    assert watcher >= LEASE | {("poblanostores poblano-x-schedules", "patch"), ("secrets poblano-x-shop", "get")}
    assert admission >= {("leases poblano-x-certificates", "update"), ("secrets poblano-x-certificates", "patch")}
    assert ("mutatingwebhookconfigurations poblano-x", "patch") in admission
    assert not {what for what, _ in admission if "validating" in what}  # there are no rules that validate
    assert not {what for what, _ in watcher} & {
        "mutatingwebhookconfigurations poblano-x",
        "secrets poblano-x-certificates",
    }


def test_who_does_not_make_certificates_has_nothing_to_do_with_their_secret():
    one = shop()
    one.when(a.Pod).is_created().mutate(lambda pod: None)

    assert not {what for what, _ in framework(plan(one, certificates="provided"), "admission") if "secrets" in what}


def test_replicas_that_share_have_leases_under_names_that_nobody_knows():
    one = shop()
    one.when(a.Pod).is_created().watch(lambda pod, phase: None)

    assert framework(plan(one, work="shared"), "watcher") == {
        ("leases", verb) for verb in ("list", "create", "update", "delete")
    }
    assert framework(plan(one, work="alone"), "watcher") == set()


def test_no_account_for_pods_that_there_are_not():
    one = shop()
    one.when(a.Pod).is_created().mutate(lambda pod: None)

    assert {made["metadata"]["name"] for made in objects(plan(one))} == {"poblano-x-admission"}


def test_roles_and_bindings_agree_and_no_two_have_one_name():
    one = shop(namespaces=["home", "b"])
    one.when(a.Pod).reconcile(lambda pod, ctx: None)
    one.when(a.Pod).is_created().mutate(lambda pod: None)
    made = objects(plan(one))

    names = [(one["kind"], one["metadata"].get("namespace", ""), one["metadata"]["name"]) for one in made]
    assert len(names) == len(set(names))
    for binding in (one for one in made if one["kind"].endswith("Binding")):
        role = (binding["roleRef"]["kind"], binding["metadata"].get("namespace", ""), binding["roleRef"]["name"])
        (subject,) = binding["subjects"]
        assert role in names
        assert (subject["kind"], subject["namespace"], subject["name"]) in names


def test_nothing_dead_is_made():
    one = shop(namespaces=["b"])
    one.when(a.Pod).is_created().watch(lambda pod, phase: None)

    assert [made["rules"] for made in objects(plan(one)) if "rules" in made and not made["rules"]] == []


def test_admin_is_everything_for_both_and_is_warned_of():
    one = shop()
    one.when(a.Pod).is_created().watch(lambda pod, phase: None)
    made = plan(one, rbac_mode="admin")
    (cluster,) = [rule for one in objects(made) if one["kind"] == "ClusterRole" for rule in one["rules"]]

    verbs = ["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"]
    assert cluster == {"apiGroups": ["*"], "resources": ["*"], "verbs": verbs}
    assert any("every Secret" in warning for warning in warnings(made))
    assert warnings(plan(one)) == []


def test_rules_of_the_settings_are_united_with_the_others():
    one = shop()
    one.when(a.Pod).is_created().watch(lambda pod, phase: None)
    rbac = ({"apiGroups": [""], "resources": ["pods"], "verbs": ["delete", "list"]},)
    (cluster,) = [made for made in objects(plan(one, settings={"rbac": rbac})) if made["kind"] == "ClusterRole"]

    assert cluster["rules"] == [{"apiGroups": [""], "resources": ["pods"], "verbs": ["list", "watch", "delete"]}]


WRONG = {
    "a key": ({"apiGroup": [""]}, "rbac[0] in [tool.poblano]: unknown key apiGroup; did you mean apiGroups?"),
    "no verbs": ({"apiGroups": [""], "resources": ["pods"]}, 'verbs is missing; write verbs = ["..."]'),
    "a string": ({"apiGroups": [""], "resources": "pods", "verbs": ["get"]}, "resources is 'pods'"),
    "an account": ({"account": "both"}, 'account is \'both\'; write "admission" or "watcher"'),
    "a verb": ({"apiGroups": [""], "resources": ["pods"], "verbs": ["gett"]}, "'gett' is no verb; did you mean get?"),
    "a path": ({"nonResourceURLs": ["metrics"], "verbs": ["get"]}, "'metrics' is no path; begin it with /"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_rule_of_the_settings_that_is_none_is_refused(name):
    rule, message = WRONG[name]
    one = shop()
    one.when(a.Pod).is_created().watch(lambda pod, phase: None)
    with pytest.raises(InvalidSettings) as raised:
        granted(plan(one, settings={"rbac": (rule,)}))
    assert message in str(raised.value)


def seen(**changes):
    return replace(Recorded("shop/follow", "watcher", "", "secrets", "get", ITS_OWN, ("token",)), **changes)


def following(uses=()):
    one = shop(namespaces=["a", "b"])
    one.when(a.Pod).is_created().watch(name="follow", uses=uses)(lambda pod, phase: None)
    return one


def test_what_was_recorded_of_an_objects_own_namespace_is_allowed_where_the_rule_is():
    found = allowed(plan(following(), recorded=(seen(), seen(resource="nodes", namespace=""))))

    assert ("secrets", "get") in found["a"] & found["b"]
    assert ("nodes", "get") in found[""]


def test_what_a_rule_says_by_hand_is_the_last_word():
    uses = [Uses(a.Secret, "get", namespaces=["a"], names=["token"])]
    found = allowed(plan(following(uses), recorded=(seen(), seen(verb="list"))))

    assert ("secrets token", "get") in found["a"]
    assert ("secrets", "get") not in found["a"] | found["b"]
    assert ("secrets", "list") in found["b"]


def test_what_was_recorded_of_a_rule_that_is_gone_counts_no_more_and_is_told():
    made = plan(following(), recorded=(seen(rule="shop/gone"),))

    assert not {what for space in allowed(made).values() for what in space if what[0] == "secrets"}
    assert any("shop/gone" in warning for warning in warnings(made))


def test_the_namespaces_that_must_be_there_are_named():
    (warning,) = warnings(plan(following()))

    assert warning.startswith("the module has roles in a, b: these namespaces must be there")
    assert warnings(plan(following(), settings={"namespace": "a"}))[0].startswith("the module has roles in b: these")


async def asking(pod, phase):
    await K8s(a.Secret).list()


def test_who_calls_the_api_server_and_does_not_say_what_for_is_named():
    one = shop()
    one.when(a.Pod).is_created().watch(asking)
    one.when(a.Pod).is_updated().watch(uses=[Uses(a.Secret, "list")], name="says")(asking)

    (warning,) = warnings(plan(one))
    assert warning.startswith(
        "shop/asking calls the API server (its code says K8s), and does not say what for: write uses="
    )
    assert warnings(plan(one, recorded=(seen(rule="shop/asking"),))) == []


def test_a_store_of_secrets_is_told_to_be_alone_in_its_namespace():
    one = Capability("shop", store=Store(str, secret=True))
    one.when(a.Pod).is_created().watch(lambda pod, phase: None)

    assert any("may list all Secrets of its namespace" in warning for warning in warnings(plan(one)))
