"""docs/pods.md says what is built."""

from __future__ import annotations

import re
from pathlib import Path

from poblano.build.helm.values import slots
from poblano.build.lifetime import LIVENESS, READINESS, STARTUP, grace_seconds
from poblano.build.replacements import MATCH_LABEL_KEYS, POLICY_V1, UNHEALTHY_EVICTION
from tests.build.planned import EVERYTHING, admitting, container, following, keeping, objects, parts_of, plan_of

PAGE = (Path(__file__).parents[2] / "docs" / "pods.md").read_text()


def test_every_alert_has_a_row_and_every_row_an_alert():
    (group,) = objects(plan_of(*EVERYTHING, monitoring=True))["prometheus-rule"]["spec"]["groups"]

    assert re.findall(r"^\| `(Poblano\w+)` \|", PAGE, re.MULTILINE) == [rule["alert"] for rule in group["rules"]]


def test_the_sums_are_the_ones_that_are_built():
    plan = plan_of(keeping(), following())

    sums = f"**{grace_seconds(plan, 'admission')} s** | **{grace_seconds(plan, 'watcher')} s**"
    assert sums in PAGE


def test_the_probes_are_the_ones_that_are_built():
    for name, probe in (("startup", STARTUP), ("readiness", READINESS), ("liveness", LIVENESS)):
        page, each, times = probe["httpGet"]["path"], probe["periodSeconds"], probe["failureThreshold"]
        assert f"| {name} | `{page}` | {each} s | {times} times |" in PAGE


def test_the_resources_are_the_ones_that_are_built():
    plan = plan_of(admitting(), following())

    for role in ("admission", "watcher"):
        resources = container(plan, role)["resources"]
        asked, limit = (resources[key]["memory"].replace("Mi", " MiB") for key in ("requests", "limits"))
        assert resources["requests"]["cpu"] == "100m"
        assert f"| {role} | 0.1 CPU, {asked} | {limit} |" in PAGE


def test_every_value_that_it_names_is_one_of_the_chart():
    plans = [plan_of(admitting(), following(), certificates=who) for who in ("self", "cert-manager", "provided")]
    paths = {slot.path for plan in plans for slot in slots(parts_of(plan).values())}
    named = set(
        re.findall(r"`((?:admission|watcher|certManager|networkPolicy|prometheusRule)\.[\w.]+)(?::[^`]*)?`", PAGE)
    )

    assert named
    assert not {name for name in named if not any(path == name or path.startswith(f"{name}.") for path in paths)}


def test_what_older_servers_lack_is_there():
    for one in (POLICY_V1, UNHEALTHY_EVICTION, MATCH_LABEL_KEYS):
        assert f"| {one.since[0]}.{one.since[1]} |" in PAGE
