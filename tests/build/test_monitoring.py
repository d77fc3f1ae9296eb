"""What Prometheus' operator is told: which metrics to read, and which alerts there are."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import promql_parser
import pytest
from promql_parser import VectorSelector

from poblano.build.tree import resolved
from poblano.core.jsonvalue import Document
from tests.build.planned import EVERYTHING, admitting, following, keeping, objects, parts_of, plan_of, scheduled

PAGE = (Path(__file__).parents[2] / "docs" / "metrics.md").read_text()
OF_PROMETHEUS = {"up"}


def alerts(*capabilities: Any) -> dict[str, Document]:
    plan = plan_of(*capabilities, monitoring=True)
    (group,) = objects(plan)["prometheus-rule"]["spec"]["groups"]
    return {rule["alert"]: rule for rule in group["rules"]}


def selectors(expression: str) -> list[VectorSelector]:
    found: list[VectorSelector] = []

    def visit(node: Any) -> bool:
        if isinstance(node, VectorSelector):
            found.append(node)
        return True

    promql_parser.walk(promql_parser.parse(expression), visit)
    return found


def test_there_is_nothing_to_read_unless_it_is_asked_for():
    made = objects(plan_of(admitting(), following()))

    assert not [one for one in made.values() if one["apiVersion"].startswith("monitoring")]


def test_a_monitor_reads_the_one_service_that_has_metrics():
    made = objects(plan_of(admitting(), following(), monitoring=True))
    services = [one for one in made.values() if one["kind"] == "Service"]

    for role in ("admission", "watcher"):
        monitor = made[f"{role}-service-monitor"]["spec"]
        wanted = monitor["selector"]["matchLabels"].items()
        (service,) = [one for one in services if wanted <= one["metadata"]["labels"].items()]
        assert [port["name"] for port in service["spec"]["ports"]] == [monitor["endpoints"][0]["port"]]
        assert monitor["namespaceSelector"] == {"matchNames": ["poblano-system"]}


@pytest.mark.parametrize("alert", alerts(*EVERYTHING).values(), ids=lambda alert: alert["alert"])
def test_an_alert_is_about_a_metric_that_there_is(alert: Document):
    found = selectors(alert["expr"])

    assert found
    for one in found:
        name = re.sub(r"_bucket$", "", one.name or "")
        row = re.search(rf"^\| `{name}` \| \w+ \|([^|]*)\|", PAGE, re.MULTILINE)
        assert row or name in OF_PROMETHEUS, name
        known = {"namespace", "job", *(row[1].replace(" ", "").split(",") if row else ())}
        assert {matcher.name for matcher in one.matchers.matchers} <= known


@pytest.mark.parametrize("alert", alerts(*EVERYTHING).values(), ids=lambda alert: alert["alert"])
def test_an_alert_is_about_the_pods_of_this_module(alert: Document):
    jobs = {"poblano-shop-admission", "poblano-shop-watcher"}

    for one in selectors(alert["expr"]):
        matched = {matcher.name: matcher.value for matcher in one.matchers.matchers}
        assert matched["namespace"] == "poblano-system"
        assert set(matched["job"].split("|")) <= jobs


def test_an_alert_says_what_is_wrong_and_how_bad_it_is():
    for alert in alerts(*EVERYTHING).values():
        assert alert["labels"] == {"severity": alert["labels"]["severity"], "module": "shop"}
        assert alert["labels"]["severity"] in {"critical", "warning"}
        assert alert["annotations"]["summary"].endswith((".", "?"))
        for label in re.findall(r"\$labels\.(\w+)", alert["annotations"]["summary"]):
            assert re.search(rf"by \([^)]*\b{label}\b", alert["expr"]), alert["alert"]


def test_there_are_only_alerts_that_the_module_can_have():
    admission, watcher, clock = map(set, (alerts(admitting()), alerts(following()), alerts(scheduled())))

    assert "PoblanoCertificateExpires" in admission - watcher
    assert {"PoblanoNoLeader", "PoblanoWatchStale"} <= watcher - admission
    assert "PoblanoWatchStale" not in clock
    assert "PoblanoScheduleFails" in clock - watcher
    assert "PoblanoStoreUnsent" in alerts(keeping()).keys() - admission


def test_a_chart_names_the_namespace_of_its_release():
    part = parts_of(plan_of(admitting()))["prometheus-rule"]
    (group,) = resolved(part.tree, namespace="elsewhere")["spec"]["groups"]

    assert 'namespace="elsewhere"' in group["rules"][0]["expr"]
