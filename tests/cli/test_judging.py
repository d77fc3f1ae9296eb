"""What is said of a module's certificate, and of the webhooks that do not trust who signed it."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest

from poblano.cli.judging import Origin, judged, trusted
from tests.admission.certifying.made import NAME, Made, authority, leaf

ROOT, OTHER = authority("root"), authority("other")
BETWEEN = authority("between", ROOT)
PROVIDED = Origin("provided", "tls")


def configuration(**bundles: list[Made]) -> dict:
    """Its webhooks, and whom each trusts."""
    webhooks = []
    for name, authorities in bundles.items():
        text = base64.b64encode(b"".join(one.pem for one in authorities)).decode()
        webhooks.append({"name": name, "clientConfig": {"caBundle": text} if text else {}})
    return {"webhooks": webhooks}


def said(served: list[Made], origin: Origin = PROVIDED, **bundles: list[Made]) -> tuple[bool | None, str, str]:
    pem = b"".join(one.pem for one in served)
    found = judged(pem, trusted([configuration(**bundles)]), NAME, datetime.now(UTC), origin)
    return found.good, found.says, found.remedy


def test_one_that_others_have_signed_is_trusted_through_who_is_between():
    good, says, remedy = said([leaf(BETWEEN), BETWEEN], one=[ROOT], other=[OTHER, ROOT], none=[])
    assert (good, says.startswith("good until "), remedy) == (True, True, "")


def test_the_webhooks_that_do_not_trust_it_are_named():
    assert said([leaf(BETWEEN), BETWEEN], one=[ROOT], other=[OTHER]) == (
        False,
        "other does not trust who signed it: every call fails",
        "put who has signed it into ca.crt of the Secret tls, and those between into its tls.crt",
    )
    assert said([leaf(BETWEEN)], one=[ROOT])[1] == "the webhooks do not trust who signed it: every call fails"


def test_where_nobody_is_trusted_yet_or_nobody_may_look_that_is_all_that_is_said():
    good, says, _ = said([leaf(BETWEEN), BETWEEN])
    assert (good, says.endswith(", if the webhooks trust who signed it")) == (None, True)


@pytest.mark.parametrize(
    ("one", "why"),
    [
        (leaf(ROOT, begins=-9, ends=-2), "it ended on "),
        (leaf(ROOT, begins=2), "it is not valid before "),
        (leaf(ROOT, "else.where"), f"it is for else.where, not for {NAME}"),
    ],
)
def test_what_is_wrong_with_it_alone_is_said_by_itself(one, why):
    good, says, remedy = said([one], one=[ROOT], other=[OTHER])
    assert (good, says.startswith(why), says.endswith(": every call fails")) == (False, True, True)
    assert remedy == "put one that is right into the Secret tls, with its key"


@pytest.mark.parametrize(("begins", "ends", "good"), [(-85, 5, False), (-0.5, 0.5, True), (-0.95, 0.05, False)])
def test_what_should_have_been_renewed_long_ago_is_said_and_what_never_lives_long_is_well(begins, ends, good):
    assert said([leaf(ROOT, begins=begins, ends=ends)], one=[authority("a"), ROOT])[0] is good


@pytest.mark.parametrize(
    ("maker", "remedy"),
    [
        ("self", "delete the data of the Secret tls: the admission pod that leads makes a new one"),
        ("cert-manager", "cert-manager makes it: kubectl describe certificate"),
        ("somebody", ""),
    ],
)
def test_what_to_do_is_for_whoever_makes_it(maker, remedy):
    assert judged(b"x", {}, NAME, datetime.now(UTC), Origin(maker, "tls")).remedy == remedy


def deployment(*args: str, **volumes: dict) -> dict:
    mounted = [{"name": name, **one} for name, one in volumes.items()]
    return {"spec": {"template": {"spec": {"containers": [{"name": "proxy"}, {"args": [*args]}], "volumes": mounted}}}}


def test_where_it_comes_from_is_what_the_pods_are_told():
    admission = deployment(
        "--role",
        "admission",
        "--certificates",
        "provided",
        tmp={"emptyDir": {}},
        certificates={"secret": {"secretName": "tls"}},
    )
    own = deployment("--certificates", "self")
    assert Origin.of([deployment("--role", "watcher"), admission], "usual") == PROVIDED
    assert Origin.of([own], "usual") == Origin("self", "usual")
    assert Origin.of([deployment("--certificates")], "usual") == Origin("self", "usual")
