"""Webhook configurations: what is said of them, and what is written."""

from __future__ import annotations

import base64

from poblano.admission.certificates import issue
from poblano.admission.certifying.configurations import Configuration
from poblano.admission.webhooks import KINDS

CA = issue(["a"]).authority
TEXT = base64.b64encode(CA).decode()


def configuration(*webhooks, managers=()):
    metadata = {"name": "poblano-hello", "resourceVersion": "7", "managedFields": [*managers]}
    return Configuration.of(KINDS["mutate"], {"metadata": metadata, "webhooks": [*webhooks]})


def webhook(name="a", policy="Ignore", text=""):
    return {"name": name, "failurePolicy": policy, "clientConfig": {"caBundle": text} if text else {"url": "x"}}


def test_all_webhooks_are_in_what_is_applied_each_with_a_policy():
    found = configuration(webhook(), webhook("b", "Fail"))
    assert found.changed({"a": "Fail"}, bundle=CA) == {
        "metadata": {"name": "poblano-hello", "resourceVersion": "7"},
        "webhooks": [
            {"name": "a", "failurePolicy": "Fail", "clientConfig": {"caBundle": TEXT}},
            {"name": "b", "failurePolicy": "Fail", "clientConfig": {"caBundle": TEXT}},
        ],
    }


def test_nothing_is_applied_when_all_is_as_it_is_to_be():
    found = configuration(webhook(policy="Fail", text=TEXT))
    assert found.changed({"a": "Fail", "gone": "Fail"}, bundle=CA) is None
    assert found.changed({}) is None


def test_whom_to_trust_is_not_given_up_where_only_the_policy_changes_and_not_claimed_where_it_is_anothers():
    found = configuration(webhook(text=TEXT))
    kept, others = found.changed({"a": "Fail"}), found.changed({"a": "Fail"}, injected=True)
    assert kept is not None
    assert others is not None
    assert kept["webhooks"][0]["clientConfig"] == {"caBundle": TEXT}
    assert others["webhooks"] == [{"name": "a", "failurePolicy": "Fail"}]


def test_what_one_has_written_is_given_up():
    git, own = {"manager": "git"}, {"manager": "poblano-hello-certificates"}
    assert configuration(managers=[git]).disowned("poblano-hello-certificates") is None
    patch = configuration(managers=[git, own]).disowned("poblano-hello-certificates")
    assert patch == {"metadata": {"name": "poblano-hello", "resourceVersion": "7", "managedFields": [git]}}
    alone = configuration(managers=[own]).disowned("poblano-hello-certificates")
    assert alone is not None
    assert alone["metadata"]["managedFields"] == [{}]


def test_a_bundle_that_cannot_be_read_trusts_nobody():
    assert configuration(webhook(text="no base64")).webhooks[0].trusted == ()
    assert [one.pem for one in configuration(webhook(text=TEXT)).webhooks[0].trusted] == [CA]
