"""A pod serves what it is offered once it is believed."""

from __future__ import annotations

import base64
import datetime as dt

import pytest

from poblano.admission.certificates import Pair, issue, new_authority, now, sign
from poblano.admission.certifying.bundles import bundle
from poblano.admission.certifying.chains import UNTRUSTED
from poblano.admission.certifying.configurations import Configuration
from poblano.admission.certifying.metrics import CertificateMetrics
from poblano.admission.certifying.replica import Replica
from poblano.admission.tls import LiveCertificate, UnusableCertificate
from poblano.admission.webhooks import KINDS
from poblano.metrics import new_registry
from tests.admission.certifying.made import Made, authority, made
from tests.admission.certifying.made import leaf as made_leaf

NAMES = ("poblano-hello.shop.svc",)
LATER = now() + dt.timedelta(days=365)
OLD, NEW = (new_authority("hello", NAMES, LATER) for _ in range(2))
FIRST, SECOND = sign(OLD, NAMES, LATER), sign(NEW, NAMES, LATER)
MUTATE = KINDS["mutate"]


def replica(clock=lambda: now().timestamp()) -> tuple[Replica, LiveCertificate]:
    live = LiveCertificate(issue(["nobody"]).pair)
    return Replica(live, frozenset(NAMES), wall=clock), live


def trusting(*authorities: Pair) -> Configuration:
    text = base64.b64encode(b"".join(one.certificate for one in authorities)).decode()
    webhooks = [{"name": "a", "clientConfig": {"caBundle": text}}]
    return Configuration.of(MUTATE, {"metadata": {"name": "poblano-hello"}, "webhooks": webhooks})


def test_the_first_is_served_at_once_and_until_then_there_is_none():
    one, live = replica()
    assert (one.expired(), one.ends()) == ("there is none yet", {})
    assert one.swap(FIRST)
    assert live.pair == FIRST
    assert (one.expired(), one.doubted()) == (None, None)


def test_the_next_is_served_when_every_webhook_trusts_who_has_signed_it():
    one, live = replica()
    one.learn(MUTATE, trusting(OLD))
    assert one.swap(FIRST)
    assert not one.swap(SECOND)
    assert (live.pair, one.pair, one.doubted()) == (FIRST, SECOND, None)
    one.learn(MUTATE, trusting(NEW, OLD))
    assert live.pair == SECOND
    assert one.doubted() is None


def test_files_are_served_when_who_has_signed_them_has_been_trusted_for_a_while():
    seconds = 0.0
    live = LiveCertificate(issue(["nobody"]).pair)
    one = Replica(live, frozenset(NAMES), clock=lambda: seconds, settle=600)
    one.learn(MUTATE, trusting(OLD))
    assert one.swap(FIRST), "there was nothing to lose"
    one.swap(SECOND)
    one.learn(MUTATE, trusting(NEW, OLD))
    seconds = 599
    assert not one.consider()
    one.learn(MUTATE, trusting(OLD))
    one.learn(MUTATE, trusting(NEW, OLD))
    seconds = 1198
    assert not one.consider()
    seconds = 1199
    assert one.consider()
    assert live.pair == SECOND
    renewed = sign(NEW, NAMES, LATER)
    assert one.swap(renewed), "its authority is trusted already"


def test_who_is_not_believed_says_so_until_he_is():
    one, _ = replica()
    one.swap(FIRST)
    one.learn(MUTATE, trusting(NEW))
    assert one.doubted() == "the webhooks' caBundle lacks who has signed the certificate that is served"
    one.learn(MUTATE, trusting())
    assert one.doubted() is None, "nobody was told whom to trust yet"
    one.learn(MUTATE, trusting(NEW, OLD))
    assert one.doubted() is None
    one.learn(MUTATE, None)
    assert one.doubted() is None


def test_what_has_run_out_gives_way_to_whatever_there_is():
    time = now().timestamp()
    one, live = replica(lambda: time)
    one.learn(MUTATE, trusting(OLD))
    one.swap(FIRST)
    one.swap(SECOND)
    time = LATER.timestamp() + 1
    assert one.expired() == "it has expired"
    assert one.consider()
    assert live.pair == SECOND


def test_what_does_not_serve_is_refused_and_the_last_one_stays():
    one, live = replica()
    one.swap(FIRST)
    with pytest.raises(UnusableCertificate):
        one.swap(Pair(SECOND.certificate, FIRST.key))
    assert live.pair == FIRST == one.pair


def test_the_metric_says_when_what_is_served_ends_and_who_has_signed_it():
    one, _ = replica()
    registry = new_registry()
    CertificateMetrics(one.ends).attach(registry)
    one.swap(FIRST)
    name = "poblano_cert_not_after_seconds"
    assert registry.get_sample_value(name, {"which": "authority"}) is None
    one.trust(bundle(OLD.certificate))
    for which, pem in (("served", FIRST.certificate), ("authority", OLD.certificate)):
        assert registry.get_sample_value(name, {"which": which}) == bundle(pem)[0].ends


def files(*first: Pair) -> tuple[Replica, list[float]]:
    """One whose files were served at once, and the seconds that have gone by."""
    seconds = [0.0]
    one = Replica(LiveCertificate(issue(["nobody"]).pair), frozenset(NAMES), clock=lambda: seconds[0], settle=600)
    for pair in first:
        one.swap(pair)
    one.learn(MUTATE, trusting(*(Pair(each.pem, b"") for each in (ROOT, OTHER))))
    seconds[0] = 600
    return one, seconds


def pair(made: Made) -> Pair:
    return Pair(made.pem, made.key_pem)


ROOT, OTHER = authority("root"), authority("other")


def test_what_others_made_for_the_one_name_that_is_called_or_for_a_star_follows_upon_another():
    one, _ = files(pair(made_leaf(ROOT)))
    star = pair(made_leaf(OTHER, "*.shop.svc"))
    assert one.swap(star)
    assert (one.doubted(), one.served and one.served.fits) == (None, True)


@pytest.mark.parametrize(
    ("what", "why"),
    [
        ({"begins": 1}, "it is not valid before "),
        ({"names": ("else.where",)}, "it is for else.where, not for poblano-hello.shop.svc"),
    ],
)
def test_what_nobody_would_believe_does_not_follow_and_gives_way_to_whatever_is_believed(what, why):
    wrong = pair(made_leaf(ROOT, *what.get("names", ()), **{key: what[key] for key in what if key != "names"}))
    one, _ = files(pair(made_leaf(ROOT)))
    assert not one.swap(wrong)
    one, _ = files(wrong)
    assert str(one.doubted()).startswith(f"API servers do not believe the certificate that is served: {why}")
    assert one.swap(pair(made_leaf(OTHER)))
    assert one.doubted() is None


def test_a_way_to_who_is_trusted_that_no_client_takes_is_said():
    between = made("between", ROOT)
    server = made_leaf(between)
    one, _ = files(Pair(server.pem + between.pem, server.key_pem))
    why = "who signed it, CN=between, is no authority: its basic constraints do not say CA"
    assert one.doubted() == f"API servers do not believe the certificate that is served: {why}"
    assert one.objection(()) == UNTRUSTED


def test_who_is_between_and_ends_first_is_what_is_shown_to_end():
    between = authority("between", ROOT, ends=30)
    server = made_leaf(between)
    one, _ = files(Pair(server.pem + between.pem, server.key_pem))
    assert one.doubted() is None
    assert one.ends() == {"served": bundle(server.pem)[0].ends, "authority": bundle(between.pem)[0].ends}
