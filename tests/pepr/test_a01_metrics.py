"""A1: Pepr's pepr_mutate and pepr_validate never observe: count 0 after 43 000 requests. No labels either."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.admission.serving import connected, post
from tests.core.driving import POD, review
from tests.pepr.pods import running

if TYPE_CHECKING:
    from pathlib import Path

CODE = """
    from poblano import Capability, Module, a

    shop = Capability("shop")
    shop.when(a.Pod).is_created().mutate(name="tier")(lambda pod: pod.set_label("x", "1"))
    shop.when(a.Pod).is_created_or_updated().validate(name="named")(
        lambda pod: pod.approve() if pod.name == "db" else pod.deny("no")
    )
    module = Module(shop)
"""
OTHER = {**POD, "metadata": {"name": "other", "namespace": "shop"}}
ASKED = [
    *[("/mutate/fail/10", review())] * 7,
    *[("/validate/fail/10", review())] * 5,
    *[("/validate/fail/10", review(OTHER, old=OTHER, operation="UPDATE"))] * 3,
]


async def test_a1_every_review_is_counted_for_what_it_was(tmp_path: Path):
    async with running(tmp_path, CODE) as pod:
        async with connected(pod) as client:
            for path, body in ASKED:
                assert (await client.ask(post(body, path))).status == 200
        found = await pod.metrics()

    assert {key: value for key, value in found.items() if key[0] == "poblano_admission_rules_total"} == {
        ("poblano_admission_rules_total", "shop", "Pod", "CREATE", "changed", "tier"): 7,
        ("poblano_admission_rules_total", "shop", "Pod", "CREATE", "allowed", "named"): 5,
        ("poblano_admission_rules_total", "shop", "Pod", "UPDATE", "denied", "named"): 3,
    }


async def test_a1_every_review_is_timed(tmp_path: Path):
    async with running(tmp_path, CODE) as pod:
        async with connected(pod) as client:
            for path, body in ASKED:
                await client.ask(post(body, path))
        found = await pod.metrics()

    assert {key: value for key, value in found.items() if key[0] == "poblano_admission_review_seconds_count"} == {
        ("poblano_admission_review_seconds_count", "true", "Pod", "CREATE", "mutate"): 7,
        ("poblano_admission_review_seconds_count", "true", "Pod", "CREATE", "validate"): 5,
        ("poblano_admission_review_seconds_count", "false", "Pod", "UPDATE", "validate"): 3,
    }
