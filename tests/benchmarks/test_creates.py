"""Creates through the API server: how contenders are registered, and how their rates are summed up."""

from __future__ import annotations

import pytest

from benchmarks import creates, promises
from benchmarks.contenders import PEPR, POBLANO
from benchmarks.report import section
from benchmarks.run import Findings


def test_both_contenders_are_registered_alike():
    ours, theirs = (
        creates.configuration("Mutating", name, "https://localhost:1/x", "Q0E=") for name in ("poblano", "pepr")
    )
    for configuration in (ours, theirs):
        configuration["metadata"].pop("name")
        configuration["webhooks"][0].pop("name")

    assert ours == theirs


def test_a_rate_is_held_against_the_round_it_was_measured_in():
    seen = {(creates.NONE, 1): [100.0, 10.0, 100.0], (POBLANO, 1): [80.0, 8.0, 79.0]}

    _, ours = creates.summary(seen)

    assert ours.rate.middle == 79.0
    assert ours.of_none == pytest.approx(0.8)


def test_only_our_rates_are_promised():
    seen = {(name, 1): [rate] for name, rate in ((creates.NONE, 100.0), (POBLANO, 75.0), (PEPR, 30.0))}

    (bound,) = promises.of_creates(creates.summary(seen))

    assert bound.measured == pytest.approx(0.75)
    assert bound.holds


def test_a_report_ends_with_its_bounds_and_leaves_out_what_was_not_measured():
    findings = Findings()
    findings.add(
        "Measured",
        "a table",
        bounds=list(promises.of_creates(creates.summary({(creates.NONE, 1): [1.0], (POBLANO, 1): [1.0]}))),
    )
    findings.add("Not measured", "")

    assert findings.text().startswith(section("Measured", "a table"))
    assert "Not measured" not in findings.text()
    assert "### Bounds" in findings.text()
