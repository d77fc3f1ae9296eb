"""What admission counts."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from poblano.admission.app import AdmissionApp
from poblano.admission.metrics import AdmissionMetrics
from poblano.core.review import AdmissionRequest, GroupVersionKind
from poblano.core.verdict import RuleResult, Verdict

PATH = "/mutate/fail/10"


@pytest.fixture
def counted():
    return AdmissionMetrics([bound_to("Pod")])


def bound_to(kind):
    return SimpleNamespace(kind=SimpleNamespace(kind=kind))


def asked(kind="Pod", operation="CREATE"):
    return AdmissionRequest("u", operation, kind=GroupVersionKind("", "v1", kind))


def verdict(*results, refused=False):
    made = Verdict(asked(), [RuleResult("shop", rule, result) for rule, result in results])
    if refused:
        made.denials.append(("no", 403))
    return made


def read(counted):
    registry = CollectorRegistry()
    counted.attach(registry)
    families = text_string_to_metric_families(generate_latest(registry).decode())
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value for family in families for sample in family.samples
    }


def test_each_rule_is_counted_by_its_result(counted):
    counted.observe("mutate", PATH, asked(), verdict(("a", "changed"), ("b", "error")), 0.001, 200)
    counted.observe("mutate", PATH, asked(), verdict(("a", "changed")), 0.001, 200)
    found = {key: value for key, value in read(counted).items() if key[0] == "poblano_admission_rules_total"}
    assert found == {
        ("poblano_admission_rules_total", "CREATE", "Pod", "a", "changed", "shop"): 2,
        ("poblano_admission_rules_total", "CREATE", "Pod", "b", "error", "shop"): 1,
    }


def test_a_review_is_timed_under_both_names_and_counted_by_status(counted):
    counted.observe("mutate", PATH, asked(), verdict(), 0.02, 200)
    counted.observe("mutate", PATH, asked(), verdict(refused=True), 0.2, 200)
    counted.answered(PATH, 0.001, 400)
    found = read(counted)
    assert found["poblano_admission_review_seconds_count", "CREATE", "Pod", "mutate", "true"] == 1
    assert found["poblano_admission_review_seconds_sum", "CREATE", "Pod", "false", "mutate"] == 0.2
    assert found["poblano_admission_review_seconds_bucket", "0.025", "CREATE", "Pod", "mutate", "true"] == 1
    assert found["poblano_admission_review_seconds_bucket", "0.01", "CREATE", "Pod", "mutate", "true"] == 0
    assert found["controller_runtime_webhook_latency_seconds_count", PATH] == 3
    assert found["controller_runtime_webhook_latency_seconds_sum", PATH] == pytest.approx(0.221)
    assert found["controller_runtime_webhook_requests_total", PATH, "200"] == 2
    assert found["controller_runtime_webhook_requests_total", PATH, "400"] == 1


def test_kinds_that_no_rule_is_bound_to_are_one(counted):
    for number in range(100):
        counted.observe("validate", "/v", asked(kind=f"Kind{number}"), verdict(), 0.001, 200)
    kinds = {key[2] for key in read(counted) if key[0] == "poblano_admission_review_seconds_count"}
    assert kinds == {"other"}


def test_kinds_of_a_module_loaded_anew_are_counted_by_name(counted):
    counted.use([bound_to("Service")])
    counted.observe("validate", "/v", asked(kind="Service"), verdict(), 0.001, 200)
    assert ("poblano_admission_review_seconds_count", "CREATE", "Service", "true", "validate") in read(counted)


def test_real_timeouts_are_counted(counted):
    counted.timed_out("mutate", "shop", "slow")
    counted.timed_out("mutate", "shop", "slow")
    assert read(counted)["poblano_admission_timeouts_total", "mutate", "shop", "slow"] == 2


def test_reviews_under_way_go_up_and_down(counted):
    counted.began(PATH)
    counted.began(PATH)
    counted.ended(PATH)
    assert read(counted)["controller_runtime_webhook_requests_in_flight", PATH] == 1


def test_the_server_is_asked_what_waits_and_what_it_sent_away(counted):
    app = AdmissionApp(SimpleNamespace(paths=lambda: [PATH]))
    app.shed = 3
    counted.watch(app)
    found = read(counted)
    assert (found["poblano_admission_in_flight",], found["poblano_admission_shed_total",]) == (0, 3)


def test_many_rules_are_kept_apart(counted):
    for number in range(1500):
        counted.observe("mutate", PATH, asked(), verdict((f"rule-{number}", "allowed")), 0.001, 200)
    assert sum(key[0] == "poblano_admission_rules_total" for key in read(counted)) == 1500
