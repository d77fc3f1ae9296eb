"""A17, as far as it concerns admission: in Pepr a rule can only refuse; here it may warn or report first.

Tracing, policy reports, background scans and the offline runner of the same row are no part of admission.
"""

from __future__ import annotations

from typing import Any

import pytest

from poblano import a
from tests.core.driving import answered, drive, pipeline, review, sent, shop


def refusing(mode: Any):
    rules = shop()
    rules.when(a.Pod).is_created().validate(name="tier", mode=mode)(lambda pod: pod.deny("needs a tier", 422))
    return rules


def test_a17_a_rule_that_warns_lets_pass_and_tells_the_user():
    assert sent(answered(refusing("warn"), phase="validate")) == {
        "uid": "u-1",
        "allowed": True,
        "warnings": ["shop/tier: needs a tier"],
    }


def test_a17_a_rule_that_audits_lets_pass_and_tells_the_audit_log():
    assert sent(answered(refusing("audit"), phase="validate")) == {
        "uid": "u-1",
        "allowed": True,
        "auditAnnotations": {"shop.tier.denied": "shop/tier: needs a tier"},
    }


@pytest.mark.parametrize(("mode", "result"), [("warn", "warned"), ("audit", "audited"), ("enforce", "denied")])
def test_a17_what_it_would_have_refused_is_counted_apart(mode: str, result: str):
    (found,) = drive(pipeline(refusing(mode), "validate"), review()).results

    assert (found.rule, found.result) == ("tier", result)
