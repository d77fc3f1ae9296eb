"""Heads seen before: remembered exactly, and not too many."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from poblano.admission.app import AdmissionApp, Reply
from poblano.admission.familiar import REMEMBERED, Heads, split
from tests.admission.serving import PATH, Constant, post, request


@given(st.binary(max_size=300))
def test_a_whole_request_is_split_into_head_and_body(body: bytes) -> None:
    found = split(post(body))
    assert found is not None
    assert found[1] == body


@given(st.binary(max_size=50), st.binary(max_size=50))
def test_requests_that_differ_in_their_body_only_have_one_template(a: bytes, b: bytes) -> None:
    one, other = split(post(a)), split(post(b))
    assert one is not None
    assert other is not None
    assert one[0] == other[0]


@given(st.binary(max_size=300))
def test_any_bytes_are_split_or_not(data: bytes) -> None:
    found = split(data)
    if found is not None:
        (before, after), body = found
        assert data == before + b"\r\nContent-Length: " + data[len(before) + 18 :].split(b"\r\n")[0] + after + (
            b"\r\n\r\n" + body
        )


def test_what_is_not_exactly_one_request_takes_the_long_way() -> None:
    whole = post(b"{}")
    for data in (
        whole[:-1],
        whole + b"x",
        whole + whole,
        whole.replace(b"Length: 2", b"Length:2"),
        whole.replace(b"Length: 2", b"Length: +2"),
        whole.replace(b"Length: 2", b"Length: 2 "),
        whole.replace(b"Length: 2", b"Length: 000000002"),
        whole.replace(b"Content-Length: 2", b"Transfer-Encoding: chunked"),
        request("GET / HTTP/1.1", "Host: a"),
        b"",
        b"\r\n\r\n",
    ):
        assert split(data) is None


def test_a_head_that_has_not_ended_is_no_request_however_long_it_says_its_body_is() -> None:
    unfinished = b"POST /a HTTP/1.1\r\nContent-Length: 43\r\nHost: bX"

    assert len(unfinished) == 43 + len(b"\r\n\r\n") - 1
    assert split(unfinished) is None


def test_only_so_many_and_only_short_ones_are_remembered() -> None:
    call = AdmissionApp(Constant()).admit(b"POST", PATH.encode(), {b"content-type": b"application/json"})
    assert not isinstance(call, Reply)
    heads = Heads()
    for i in range(REMEMBERED * 3):
        heads.remember((b"%d" % i, b""), call)
    assert len(heads._calls) <= REMEMBERED
    heads.remember((b"x" * 3000, b""), call)
    assert heads.call_of((b"x" * 3000, b"")) is None
    heads.forget()
    assert not heads._calls
