"""A11: Pepr grants everything by default, and its scoped roles too little here and too much there; some are of nobody."""

from __future__ import annotations

from datetime import timedelta

from poblano import Capability, Uses, a
from poblano.build import roles
from poblano.build.granted import granted
from poblano.build.tree import resolved
from tests.build.asked import plan


def shop():
    return Capability("shop")


def objects(planned):
    return [resolved(part.tree, namespace="poblano-system") for part in roles.parts(planned)]


def allowed(planned, role="watcher"):
    return {(grant.right.resource, grant.right.verb) for grant in granted(planned) if grant.role == role}


def test_a11_nobody_may_do_everything_who_has_not_asked_for_it():
    one = shop()
    one.when(a.Pod).is_created().watch(lambda pod, phase: None)

    rules = [rule for made in objects(plan(one)) for rule in made.get("rules", ())]
    assert rules
    assert not [rule for rule in rules if "*" in (*rule["apiGroups"], *rule["resources"], *rule["verbs"])]


def test_a11_what_is_cleaned_up_after_is_watched_as_well():
    one = shop()
    one.when(a.ConfigMap).finalize(lambda one, ctx: None, name="gone")

    assert {("configmaps", verb) for verb in ("get", "list", "watch", "patch")} <= allowed(plan(one))


def test_a11_a_module_that_has_only_schedules_may_keep_their_records():
    one = shop()
    one.on_schedule("tidy", every=timedelta(hours=1))(print)

    assert {("poblanostores", "create"), ("poblanostores", "patch"), ("leases", "update")} <= allowed(plan(one))


def test_a11_what_actions_call_is_said_where_they_are_written():
    one = shop()
    one.when(a.Pod).is_created().mutate(uses=[Uses(a.Secret, "get", names=["token"])])(lambda pod: None)

    assert ("secrets", "get") in {
        (grant.right.resource, grant.right.verb) for grant in granted(plan(one)) if grant.right.name == "token"
    }


def test_a11_no_account_may_change_definitions():
    one = shop()
    one.when(a.Pod).is_created().mutate(lambda pod: one.store.set_item("a", "b"))
    one.when(a.Pod).is_created().watch(lambda pod, phase: None)

    made = plan(one)
    everything = allowed(made) | allowed(made, "admission")
    assert not {what for what, _ in everything if what == "customresourcedefinitions"}


def test_a11_each_role_is_of_somebody_and_about_something():
    one = Capability("shop", namespaces=["shop"])
    one.when(a.ConfigMap).is_created().watch(lambda one, phase: None)
    one.when(a.Pod).is_created().mutate(lambda pod: None)

    made = objects(plan(one))
    accounts = {each["metadata"]["name"] for each in made if each["kind"] == "ServiceAccount"}
    subjects = {subject["name"] for each in made for subject in each.get("subjects", ())}
    assert subjects == accounts
    rules = [rule for each in made for rule in each.get("rules", ())]
    assert not [rule for rule in rules if not all(rule.get("resourceNames", ["x"]))]
