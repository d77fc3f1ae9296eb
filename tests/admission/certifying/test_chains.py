"""Which certificates a client believes: said as OpenSSL does it in a handshake, and by each reason by itself."""

from __future__ import annotations

import ssl
import tempfile
from datetime import UTC, datetime
from ipaddress import ip_network

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from poblano.admission.certificates import new_authority, now, sign
from poblano.admission.certifying.bundles import bundle
from poblano.admission.certifying.chains import UNTRUSTED, objection
from tests.admission.certifying.made import NAME, Made, authority, leaf, made

ROOT = authority("root")
BETWEEN = authority("between", ROOT)
SECOND = authority("second", BETWEEN)
SERVER = leaf(BETWEEN)
NAMED = x509.SubjectAlternativeName([x509.DNSName(NAME)])
CLIENTS = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])
STALE = authority("between", ROOT, begins=-20, ends=-10)
EARLY = authority("between", ROOT, begins=10)
NARROW = authority("narrow", ROOT, x509.NameConstraints([x509.DNSName("shop.svc")], [x509.DNSName("no.shop.svc")]))
ADDRESSED = authority("addressed", ROOT, x509.NameConstraints([x509.IPAddress(ip_network("10.0.0.0/8"))], None))
SHORT = authority("short", ROOT, length=0)
COMMON = made("common", ROOT)
UNSIGNING = made(
    "unsigning", ROOT, x509.BasicConstraints(ca=True, path_length=None), x509.KeyUsage(*[True] + [False] * 8)
)
FOREIGN = authority("between")
ODD = leaf(ROOT, more=(x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00"),))

Case = tuple[list[Made], list[Made], str | None]
CASES: dict[str, Case] = {
    "signed by who is trusted": ([leaf(ROOT)], [ROOT], None),
    "through one between, which is served": ([SERVER, BETWEEN], [ROOT], None),
    "through two, in the wrong order": ([leaf(SECOND), BETWEEN, SECOND], [ROOT], None),
    "one between is trusted, and not who has signed it": ([SERVER], [BETWEEN], None),
    "the root is served as well": ([SERVER, BETWEEN, ROOT], [ROOT], None),
    "one between is not served": ([SERVER], [ROOT], UNTRUSTED),
    "another is trusted": ([SERVER, BETWEEN], [authority("root")], UNTRUSTED),
    "one of two is trusted": ([SERVER, BETWEEN], [authority("other"), ROOT], None),
    "nobody is trusted": ([SERVER, BETWEEN], [], UNTRUSTED),
    "one of that name is served that has not signed it": ([SERVER, FOREIGN], [ROOT], UNTRUSTED),
    "it is trusted itself": ([own := leaf(None)], [own], None),
    "it has signed itself": ([leaf(None)], [ROOT], UNTRUSTED),
    "for any server of the namespace": ([leaf(ROOT, "*.shop.svc")], [ROOT], None),
    "for another name": (
        [leaf(ROOT, "else.where.svc", "hello")],
        [ROOT],
        f"it is for else.where.svc, hello, not for {NAME}",
    ),
    "for any server at all": ([leaf(ROOT, "*.svc")], [ROOT], f"it is for *.svc, not for {NAME}"),
    "for no name": ([made("server", ROOT)], [ROOT], f"it is for no name, not for {NAME}"),
    "in capitals": ([leaf(ROOT, NAME.upper())], [ROOT], None),
    "it has ended": ([leaf(ROOT, begins=-9, ends=-2)], [ROOT], "it ended on "),
    "it has not begun": ([leaf(ROOT, begins=2)], [ROOT], "it is not valid before "),
    "one between has ended": ([leaf(STALE), STALE], [ROOT], "who signed it, CN=between, ended on "),
    "one between has not begun": ([leaf(EARLY), EARLY], [ROOT], "who signed it, CN=between, is not valid before "),
    "who is trusted has ended": (
        [leaf(gone := authority("gone", ends=-0.5))],
        [gone],
        "who signed it, CN=gone, ended on ",
    ),
    "no authority": ([leaf(COMMON), COMMON], [ROOT], "who signed it, CN=common, is no authority"),
    "it may not sign": ([leaf(UNSIGNING), UNSIGNING], [ROOT], "who signed it, CN=unsigning, may not sign certificates"),
    "too many between": (
        [leaf(deep := authority("deep", SHORT)), deep, SHORT],
        [ROOT],
        "who signed it, CN=short, may have 0 others between it and the certificate, and has 1",
    ),
    "not for servers": (
        [made("server", ROOT, x509.SubjectAlternativeName([x509.DNSName(NAME)]), CLIENTS)],
        [ROOT],
        "it is not for servers",
    ),
    "who signed it is not for servers": (
        [leaf(lean := authority("lean", ROOT, CLIENTS)), lean],
        [ROOT],
        "who signed it, CN=lean, is not for servers",
    ),
    "within the names it may sign for": ([leaf(NARROW), NARROW], [ROOT], None),
    "outside of them": (
        [leaf(NARROW, NAME, "hello"), NARROW],
        [ROOT],
        "who signed it, CN=narrow, may not sign for hello",
    ),
    "excluded": (
        [leaf(NARROW, NAME, "a.no.shop.svc"), NARROW],
        [ROOT],
        "who signed it, CN=narrow, may not sign for a.no",
    ),
    "within its addresses": ([leaf(ADDRESSED, NAME, "10.1.2.3"), ADDRESSED], [ROOT], None),
    "outside of its addresses": (
        [leaf(ADDRESSED, NAME, "11.1.2.3"), ADDRESSED],
        [ROOT],
        "who signed it, CN=addressed, may not sign for 11.1",
    ),
    "what nobody knows": ([ODD], [ROOT], "it has a critical extension that nobody knows: 1.2.3.4"),
}


def handshake(chain: list[Made], trusted: list[Made], name: str) -> bool:
    """Whether OpenSSL believes it. As Go's clients, it takes anybody who is trusted for the end of a chain."""
    server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    with tempfile.NamedTemporaryFile(suffix=".pem") as file:
        file.write(b"".join(one.pem for one in chain) + chain[0].key_pem)
        file.flush()
        server.load_cert_chain(file.name)
    client.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    if trusted:
        client.load_verify_locations(cadata=b"".join(one.pem for one in trusted).decode())
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [
        client.wrap_bio(to_client, to_server, server_hostname=name),
        server.wrap_bio(to_server, to_client, server_side=True),
    ]
    for _ in range(4):
        for end in ends:
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                continue
            except ssl.SSLError:
                return False
    return True


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_what_is_believed_is_what_a_client_believes_and_the_reason_is_said(case: Case):
    chain, trusted, why = case
    found = objection([one.certificate for one in chain], [one.certificate for one in trusted], NAME, datetime.now(UTC))
    assert (found is None) is (why is None), found
    assert found is None or found.startswith(str(why))
    assert handshake(chain, trusted, NAME) is (why is None)


def test_the_way_is_found_behind_one_of_the_same_name_that_leads_nowhere():
    """As Go finds it; OpenSSL takes the first, and gives up."""
    served = [one.certificate for one in (SERVER, FOREIGN, BETWEEN)]
    assert objection(served, [ROOT.certificate], NAME, now()) is None


def test_what_poblano_makes_is_believed():
    names = (NAME, "poblano-hello.shop", "poblano-hello")
    authority = new_authority("hello", names, now().replace(year=2100))
    pair = sign(authority, names, now().replace(year=2099))
    trusted = [one.certificate for one in bundle(authority.certificate)]
    for name in names:
        assert objection([one.certificate for one in bundle(pair.certificate)], trusted, name, now()) is None


def test_what_cannot_be_read_is_said():
    twice = leaf(ROOT).certificate

    class Garbled:
        def __getattr__(self, name: str) -> object:
            if name == "extensions":
                raise ValueError("duplicate extension")
            return getattr(twice, name)

    assert (
        objection([Garbled()], [ROOT.certificate], NAME, now()) == "something in it cannot be read: duplicate extension"
    )  # type: ignore[list-item]
