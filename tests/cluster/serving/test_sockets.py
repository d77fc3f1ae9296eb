"""Where to listen."""

from __future__ import annotations

import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poblano.cluster.serving.sockets import Address, bind, parse

HOSTS = st.sampled_from(["", "localhost", "127.0.0.1", "::1", "box.example.org"])


@given(HOSTS, st.integers(0, 65535))
def test_an_address_is_read_back(host: str, port: int) -> None:
    assert parse(str(Address(host, port))) == Address(host, port)


@pytest.mark.parametrize(
    "text", ["", "6443", "localhost", "localhost:", "localhost:http", "::1:6443", "h:65536", "h:-1", "h:²"]
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"HOST:PORT|is not a port"):
        parse(text)


@pytest.mark.parametrize(
    ("host", "reached"),
    [
        ("", "127.0.0.1:1"),
        ("0.0.0.0", "127.0.0.1:1"),
        ("::", "[::1]:1"),
        ("localhost", "localhost:1"),
        ("::1", "[::1]:1"),
    ],
)
def test_a_listener_is_reached_from_this_machine(host: str, reached: str) -> None:
    assert Address(host, 1).reached_at == reached


def test_all_addresses_of_a_host_have_one_port() -> None:
    sockets = bind(Address("localhost", 0))
    try:
        assert len({one.getsockname()[1] for one in sockets}) == 1
    finally:
        for one in sockets:
            one.close()


def test_a_port_that_is_taken_is_not_had() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError, match="in use"):
        bind(Address("127.0.0.1", taken.getsockname()[1]))


def test_a_host_that_is_not_there_is_not_had() -> None:
    with pytest.raises(OSError, match=r".+"):
        bind(Address("198.51.100.1", 0))
