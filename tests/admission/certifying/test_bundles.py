"""What PEM says, whoever wrote it."""

from __future__ import annotations

import datetime as dt
import ssl

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given
from hypothesis import strategies as st

from poblano.admission.certificates import Pair, issue, new_authority, now, sign
from poblano.admission.certifying.bundles import bundle, joined, keys, leaf, may_sign, pair_of
from tests.admission.certifying.made import authority, made
from tests.admission.certifying.made import leaf as leaf_made
from tests.admission.serving import connected, post, serving

NAMES = ("poblano-hello.shop.svc", "poblano-hello.shop", "poblano-hello")
LATER = now() + dt.timedelta(days=365)
AUTHORITY = new_authority("hello", NAMES, LATER)
PAIR = sign(AUTHORITY, NAMES, LATER)


def test_each_authority_of_a_bundle_is_there_once_and_what_stands_between_is_left_out():
    other = new_authority("other", NAMES, LATER)
    text = (
        b"# ours\n"
        + AUTHORITY.certificate
        + b"text\r\n"
        + other.certificate.replace(b"\n", b"\r\n")
        + AUTHORITY.certificate
    )
    found = bundle(text)
    assert joined(found) == AUTHORITY.certificate + other.certificate
    assert bundle(joined(found)) == found
    assert len({one.id for one in found}) == 2


@given(st.binary(max_size=200), st.integers(0, 700), st.integers(0, 700))
def test_whatever_a_bundle_says_nothing_is_raised(garbage, start, end):
    pem = AUTHORITY.certificate
    for text in (garbage, pem[start:end], pem[:start] + garbage + pem[end:]):
        for one in bundle(text):
            assert bundle(one.pem) == (one,)
        assert pair_of(text, AUTHORITY.key) is None or text.count(b"BEGIN CERTIFICATE")
        for key in keys(garbage + AUTHORITY.key[start:end]):
            may_sign(bundle(pem)[0], key, frozenset(NAMES))


def test_the_issuer_of_what_is_served_is_found_among_those_that_are_known():
    authority, other = bundle(AUTHORITY.certificate)[0], bundle(issue(["a"]).authority)[0]
    found = leaf(PAIR.certificate, (other, authority), frozenset(NAMES))
    assert (found.issuer, found.fits) == (authority.id, True)
    assert leaf(PAIR.certificate, (other,), frozenset(NAMES)).issuer == ""
    assert not leaf(PAIR.certificate, (), frozenset({"poblano-hello.other.svc"})).fits


def test_what_signs_itself_is_its_own_authority():
    own = bundle(AUTHORITY.certificate)
    assert leaf(AUTHORITY.certificate, own, frozenset()).issuer == own[0].id


def test_an_authority_signs_with_its_own_key_and_for_its_names_only():
    (authority,) = bundle(AUTHORITY.certificate)
    assert may_sign(authority, AUTHORITY.key, frozenset(NAMES))
    assert not may_sign(authority, PAIR.key, frozenset(NAMES))
    assert not may_sign(authority, AUTHORITY.key, frozenset({"poblano-hello.other.svc"}))


async def test_a_client_believes_what_it_has_signed_for_its_names_and_nothing_else():
    context = ssl.create_default_context(cadata=AUTHORITY.certificate.decode())
    async with serving() as server:
        server.certificate.swap(PAIR)
        async with connected(server, context, name=NAMES[0]) as client:
            assert (await client.ask(post())).status == 200
        server.certificate.swap(sign(AUTHORITY, ["kubernetes.default.svc"], LATER))
        with pytest.raises(ssl.SSLCertVerificationError, match="permitted subtree violation"):
            async with connected(server, context, name="kubernetes.default.svc"):
                pass


def test_a_pair_that_does_not_belong_together_is_none():
    assert pair_of(PAIR.certificate, PAIR.key) == PAIR
    assert pair_of(PAIR.certificate, AUTHORITY.key) is None
    assert "BEGIN" not in repr(Pair(PAIR.certificate, PAIR.key))


def test_who_no_client_takes_for_an_authority_does_not_sign():
    for one, able in (
        (authority("whole"), True),
        (leaf_made(None), False),
        (made("bare", None), False),
        (authority("lean", None, x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])), False),
    ):
        assert may_sign(bundle(one.pem)[0], one.key_pem, frozenset(NAMES)) is able


@given(st.integers(0, 900), st.binary(max_size=30), st.integers(0, 900), st.booleans())
def test_whatever_can_be_served_can_be_looked_at(start, garbage, end, swapped):
    """A Secret that somebody has written into by hand."""
    first, second = (
        (PAIR.certificate, AUTHORITY.certificate) if not swapped else (AUTHORITY.certificate, PAIR.certificate)
    )
    for text in (
        first[:start] + garbage + first[end:],
        garbage + first + second[:start],
        first[:start] + second + first[end:],
    ):
        if pair_of(text, PAIR.key) is not None:
            assert leaf(text, bundle(AUTHORITY.certificate), frozenset(NAMES)).id
