"""Addresses."""

from __future__ import annotations

import socket

import pytest

from poblano.admission.listener import bind
from tests.admission.serving import Constant, issued


def ports(sockets: list[socket.socket]) -> list[int]:
    return [listening.getsockname()[1] for listening in sockets]


def closed(sockets: list[socket.socket]) -> list[socket.socket]:
    for listening in sockets:
        listening.close()
    return sockets


def test_localhost_is_every_loopback_there_is_on_one_port() -> None:
    sockets = bind("localhost", 0)
    addresses = {listening.getsockname()[0] for listening in sockets}
    numbers = set(ports(sockets))
    closed(sockets)
    assert "127.0.0.1" in addresses
    assert addresses <= {"127.0.0.1", "::1"}
    assert len(numbers) == 1


def test_no_host_is_every_address() -> None:
    sockets = bind("", 0)
    addresses = {listening.getsockname()[0] for listening in sockets}
    closed(sockets)
    assert "0.0.0.0" in addresses


def test_a_taken_port_is_said_to_be_taken() -> None:
    first = bind("127.0.0.1", 0)
    with pytest.raises(OSError, match="in use"):
        bind("127.0.0.1", ports(first)[0])
    closed(first)


def test_a_port_taken_on_one_of_the_addresses_is_not_half_had() -> None:
    first = bind("127.0.0.1", 0)
    with pytest.raises(OSError, match="in use"):
        bind("localhost", ports(first)[0])
    closed(first)


def test_a_host_that_is_none_is_an_error() -> None:
    with pytest.raises(OSError, match=r"\w"):
        bind("no.such.host.invalid", 0)


async def test_a_server_says_where_it_listens() -> None:
    from poblano.admission.server import AdmissionServer
    from poblano.admission.tls import LiveCertificate

    server = AdmissionServer(Constant(), LiveCertificate(issued().pair), host="localhost", port=0)
    assert server.addresses == []
    async with server:
        assert f"127.0.0.1:{server.port}" in server.addresses
        assert all(address.endswith(f":{server.port}") for address in server.addresses)
    assert server.addresses == []
