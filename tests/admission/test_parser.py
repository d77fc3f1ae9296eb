"""HTTP without a socket: what is taken, what is refused, and that no input breaks it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poblano.admission.app import AdmissionApp
from poblano.admission.limits import Limits
from poblano.admission.parser import Request, RequestParser
from poblano.admission.replies import Reply
from tests.admission.serving import PATH, Constant, post, request

SMALL = Limits(head_bytes=1024, body_bytes=4096)
CHUNKED = request(f"POST {PATH} HTTP/1.1", "Host: a", "Content-Type: application/json", "Transfer-Encoding: chunked")


def fed(*pieces: bytes, limits: Limits = SMALL) -> RequestParser:
    parser = RequestParser(AdmissionApp(Constant(), limits))
    for piece in pieces:
        if not parser.ended:
            parser.feed(piece)
    return parser


def rejection(*pieces: bytes, limits: Limits = SMALL) -> int | None:
    parser = fed(*pieces, limits=limits)
    return parser.rejection.status if parser.rejection else None


def statuses(parser: RequestParser) -> list[int | None]:
    return [r.verdict.status if isinstance(r.verdict, Reply) else None for r in parser.complete]


def cut(data: bytes, places: list[int]) -> list[bytes]:
    ends = sorted({place % len(data) for place in places})
    return [data[a:b] for a, b in zip([0, *ends], [*ends, len(data)], strict=True) if a != b]


@given(st.binary(max_size=2000), st.lists(st.integers(0, 10_000), max_size=20))
def test_a_request_is_the_same_however_it_is_cut(body: bytes, places: list[int]) -> None:
    (whole,) = fed(post(body)).complete
    (pieces,) = fed(*cut(post(body), places)).complete
    assert (whole.body, pieces.body) == (body, body)
    assert whole[2:] == pieces[2:] == (False, False)


@given(st.lists(st.binary(min_size=1, max_size=300), max_size=8), st.lists(st.integers(0, 10_000), max_size=20))
def test_a_chunked_request_is_the_same_however_it_is_cut(chunks: list[bytes], places: list[int]) -> None:
    data = CHUNKED + b"".join(b"%x\r\n%b\r\n" % (len(c), c) for c in chunks) + b"0\r\n\r\n"
    (found,) = fed(*cut(data, places)).complete
    assert found.body == b"".join(chunks)


@given(st.lists(st.binary(max_size=200), min_size=1, max_size=10), st.lists(st.integers(0, 10_000), max_size=20))
def test_pipelined_requests_come_out_in_order(bodies: list[bytes], places: list[int]) -> None:
    data = b"".join(post(body) for body in bodies)
    assert [r.body for r in fed(*cut(data, places)).complete] == bodies


@given(st.lists(st.binary(max_size=400), max_size=10))
def test_no_bytes_break_it(pieces: list[bytes]) -> None:
    parser = fed(*pieces)
    assert parser.rejection is None or 400 <= parser.rejection.status < 500


@given(st.integers(0, 400), st.binary(min_size=1, max_size=8))
def test_no_damaged_request_breaks_it(place: int, damage: bytes) -> None:
    data = bytearray(post(b'{"a":1}'))
    place %= len(data)
    data[place : place + len(damage)] = damage
    parser = fed(bytes(data))
    assert all(isinstance(r, Request) for r in parser.complete)
    assert parser.rejection is None or parser.rejection.status in range(400, 506)


@pytest.mark.parametrize(
    ("data", "status"),
    (
        pytest.param(b"GET / HTTP/9.9\r\n\r\n", 400, id="unknown version"),
        pytest.param(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, id="http2 preface"),
        pytest.param(b"\x16\x03\x01\x02\x00\x01\x00", 400, id="a TLS hello"),
        pytest.param(request(f"POST {PATH} HTTP/1.1"), 400, id="no host"),
        pytest.param(request(f"POST {PATH} HTTP/1.1", "Host: a", "Host: b"), 400, id="two hosts"),
        pytest.param(post(b"{}", PATH, "Content-Length: 2"), 400, id="two lengths"),
        pytest.param(post(b"{}", PATH, "Content-Length: 3"), 400, id="two different lengths"),
        pytest.param(post(b"{}", PATH, "Transfer-Encoding: chunked"), 400, id="length and chunked"),
        pytest.param(CHUNKED.replace(b"chunked", b"gzip, chunked") + b"0\r\n\r\n", 501, id="coding but chunked"),
        pytest.param(CHUNKED.replace(b"chunked", b"identity") + b"0\r\n\r\n", 501, id="identity coding"),
        pytest.param(CHUNKED.replace(b"chunked", b"chunked\r\nTransfer-Encoding: chunked"), 400, id="chunked twice"),
        pytest.param(CHUNKED.replace(b"1.1", b"1.0") + b"0\r\n\r\n", 400, id="chunked in HTTP/1.0"),
        pytest.param(CHUNKED.replace(b"Encoding:", b"Encoding :"), 400, id="a blank before the colon"),
        pytest.param(CHUNKED.replace(b"chunked", b"\x0bchunked"), 400, id="a control character in a value"),
        pytest.param(CHUNKED + b"zz\r\n", 400, id="chunk size that is none"),
        pytest.param(CHUNKED + b"ffffffffffffffffff\r\n", 400, id="chunk size over 64 bits"),
        pytest.param(CHUNKED + b"2\r\n{}XX0\r\n\r\n", 400, id="chunk without its end"),
        pytest.param(CHUNKED + b"2\r\n{}\r\n0\r\nHost: b\r\n\r\n", 400, id="trailer repeats a header"),
        pytest.param(CHUNKED + b"2\r\n{}\r\n0\r\nA: b\r\n\r\n", 400, id="trailer"),
        pytest.param(post(b"{}", PATH, "Upgrade: h2c", "Connection: upgrade"), 400, id="upgrade"),
        pytest.param(request("CONNECT a:1 HTTP/1.1", "Host: a"), 400, id="connect"),
        pytest.param(post(b"", PATH, "Expect: 200-ok"), 417, id="unknown expectation"),
        pytest.param(post(b"", "/nowhere", "Expect: 100-continue"), 404, id="expectation at no path"),
        pytest.param(post(b"{}").replace(b"Length: 2", b"Length: -1"), 400, id="negative length"),
        pytest.param(post(b"{}").replace(b"Length: 2", b"Length: 2, 2"), 400, id="length as a list"),
        pytest.param(
            post(b"{}").replace(b"Length: 2", b"Length: 99999999999999999999999"), 400, id="length over 64 bits"
        ),
        pytest.param(post(b"{}", PATH, "A: " + "b" * 1024), 431, id="large header"),
        pytest.param(post(b"{}", PATH, *["A: b"] * 300), 431, id="many headers"),
        pytest.param(post(b"{}", PATH + "?" + "a" * 1100), 431, id="long target"),
        pytest.param(post(b"x" * 4097), 413, id="body over the limit"),
        pytest.param(CHUNKED + b"1001\r\n" + b"x" * 4097, 413, id="chunked body over the limit"),
    ),
)
def test_what_is_refused(data: bytes, status: int) -> None:
    assert rejection(data) == status
    assert rejection(*(data[i : i + 1] for i in range(len(data)))) == status


def test_a_body_at_the_limit_is_taken() -> None:
    assert len(fed(post(b"x" * 4096)).complete[0].body) == 4096


def test_an_announced_body_over_the_limit_is_refused_before_it_comes_when_the_client_asks_first() -> None:
    head = post(b"", PATH, "Expect: 100-continue").replace(b"Length: 0", b"Length: 4097")
    assert rejection(head) == 413


def test_endless_headers_end() -> None:
    parser = fed(b"POST / HTTP/1.1\r\n", *[b"A: " + b"b" * 100] * 100)
    assert parser.rejection is not None
    assert parser.rejection.status == 431


def test_endless_chunk_extensions_end() -> None:
    assert rejection(CHUNKED, *[b"1;" + b"e" * 500 + b"\r\nx\r\n"] * 100) == 413


def test_a_small_request_behind_a_large_one_is_not_blamed_for_its_size() -> None:
    parser = fed(post(b"x" * 4000) + post(b"y") + post(b"z")[:100], post(b"z")[100:])
    assert [len(r.body) for r in parser.complete] == [4000, 1, 1]
    assert parser.rejection is None


def test_what_follows_a_refusal_is_not_read() -> None:
    parser = fed(b"\r\n\r\n garbage", post())
    assert parser.rejection is not None
    assert not parser.complete


def test_what_follows_a_last_request_is_not_read() -> None:
    parser = fed(post(b"1", PATH, "Connection: close") + post(b"2"))
    assert [(r.body, r.last) for r in parser.complete] == [(b"1", True)]
    assert parser.ended
    assert parser.rejection is None


def test_a_request_of_http_1_0_is_the_last() -> None:
    data = post(b"1").replace(b"HTTP/1.1", b"HTTP/1.0")
    keeping = post(b"1", PATH, "Connection: keep-alive").replace(b"HTTP/1.1", b"HTTP/1.0")
    assert [fed(d).complete[0].last for d in (data, keeping)] == [True, True]


def test_a_refused_request_leaves_the_next_one_whole() -> None:
    parser = fed(post(b"1", "/nowhere") + post(b"2"))
    assert statuses(parser) == [404, None]
    assert parser.complete[1].body == b"2"


def test_an_error_of_ours_is_a_500_without_details(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: object) -> Reply:
        raise ZeroDivisionError("secret")

    monkeypatch.setattr(AdmissionApp, "admit", broken)
    parser = fed(post())
    assert parser.rejection is not None
    assert parser.rejection.status == 500
    assert b"secret" not in parser.rejection.body
