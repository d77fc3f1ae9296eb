"""A9: Pepr's chart is made by replacing text: a timeout of 7 changes each "10" of a path or a certificate, a policy each "Fail"."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from poblano import Capability, a
from poblano.build import webhooks
from poblano.build.plan import Plan
from tests.build.asked import manifests, plan
from tests.build.charts import loaded, rendered, written
from tests.build.judged import approve

HERE = "elsewhere"


def awkward() -> Plan:
    """What is set in a chart is the value of something else here, everywhere."""
    one = Capability("shop", namespaces=["node-10", "node-7"])
    one.when(a.ConfigMap).is_created().with_label("mode", "Fail", "Ignore").validate(approve)
    one.when(a.ConfigMap).is_created().with_name("poblano-10", "never").mutate(timeout=3)(lambda each: None)
    return plan(one, additional={"node-10": "Ignore"})


def chart(tmp_path: Path, values: dict[str, Any]) -> dict[str, Any]:
    """The configurations of a chart, through a real Helm."""
    with loaded(written(tmp_path / "chart", tuple(webhooks.parts(awkward())))) as made:
        return rendered(made, values, namespace=HERE)


def test_a9_a_timeout_that_is_set_changes_timeouts_and_nothing_else(tmp_path: Path):
    expected = manifests(awkward(), HERE)
    for made in expected.values():
        for one in made["webhooks"]:
            one["timeoutSeconds"] = 7 if one["timeoutSeconds"] == 10 else 3

    assert chart(tmp_path, {"admission": {"webhookTimeout": 7}}) == expected


def test_a9_the_word_for_a_policy_is_a_word_wherever_else_it_stands(tmp_path: Path):
    assert chart(tmp_path, {"admission": {"webhookLabels": {"team": "Ignore"}}}) == {
        name: {**made, "metadata": {**made["metadata"], "labels": made["metadata"]["labels"] | {"team": "Ignore"}}}
        for name, made in manifests(awkward(), HERE).items()
    }
