"""What is built for older API servers, and what is said about it."""

from __future__ import annotations

from poblano.build.replacements import notes
from tests.build.planned import admitting, following, objects, plan_of


def test_a_new_server_is_given_all_and_nothing_is_said():
    plan = plan_of(admitting(), following())

    assert notes(plan) == []
    assert objects(plan)["admission-disruption-budget"]["apiVersion"] == "policy/v1"


def test_an_old_server_is_given_what_it_has_and_each_replacement_is_said():
    plan = plan_of(admitting(), following(), kubernetes=(1, 20))
    made = objects(plan)

    for role in ("admission", "watcher"):
        budget = made[f"{role}-disruption-budget"]
        assert budget["apiVersion"] == "policy/v1beta1"
        assert budget["spec"].keys() == {"selector", "maxUnavailable"}
        assert "matchLabelKeys" not in str(made[f"{role}-deployment"])
    assert [line.partition(" (")[0] for line in notes(plan)] == [
        "no policy/v1",
        "no unhealthyPodEvictionPolicy",
        "no matchLabelKeys in topologySpreadConstraints",
    ]


def test_only_what_is_lacking_is_replaced():
    plan = plan_of(admitting(), kubernetes=(1, 26))

    assert objects(plan)["admission-disruption-budget"]["apiVersion"] == "policy/v1"
    assert len(notes(plan)) == 2
