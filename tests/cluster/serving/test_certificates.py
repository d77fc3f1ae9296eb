"""Certificates: an authority that signs, and what it signs."""

from __future__ import annotations

from datetime import timedelta

import pytest
from cryptography import x509

from poblano.cluster.serving import certificates
from poblano.cluster.serving.certificates import ALWAYS, Pair, covers, issue, make_authority

AUTHORITY = make_authority()


def names(pair: Pair) -> set[str]:
    certificate = x509.load_pem_x509_certificate(pair.certificate)
    found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return {str(name.value) for name in found}


def test_a_certificate_is_good_for_its_hosts_and_signed_by_the_authority() -> None:
    pair = issue(AUTHORITY, [*ALWAYS, "10.1.2.3", "box.example.org"])
    assert names(pair) == {*ALWAYS, "10.1.2.3", "box.example.org"}
    leaf, root = (x509.load_pem_x509_certificate(one.certificate) for one in (pair, AUTHORITY))
    leaf.verify_directly_issued_by(root)


def test_a_certificate_covers_its_hosts_and_no_other() -> None:
    pair = issue(AUTHORITY, ["localhost", "127.0.0.1"])
    assert covers(pair, ["localhost"])
    assert covers(pair, ["127.0.0.1", "localhost"])
    assert not covers(pair, ["::1"])
    assert not covers(pair, ["localhost", "box.example.org"])


def test_a_certificate_that_ends_soon_covers_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(certificates, "VALIDITY", certificates.RENEWED_BEFORE - timedelta(days=1))
    assert not covers(issue(AUTHORITY, ["localhost"]), ["localhost"])


def test_keys_do_not_show_themselves() -> None:
    assert repr(AUTHORITY) == "Pair(...)"
