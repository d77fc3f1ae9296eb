"""What is no TLS, or not ours: the connection ends, the server does not."""

from __future__ import annotations

import asyncio
import os
import ssl

import pytest

from poblano.admission.certificates import issue
from poblano.admission.limits import Limits
from tests.admission.serving import ANSWER, Client, at_any_pace, connected, post, serving, trusting, until

BOTH_LOOPS = True


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(post(), id="plain HTTP"),
        pytest.param(b"\x00" * 4096, id="zeros"),
        pytest.param(os.urandom(4096), id="noise"),
        pytest.param(b"\x16\x03\x01\x40\x00" + b"\xff" * 4096, id="a hello of garbage"),
        pytest.param(b"\x16\x03\x01\x02\x00", id="a hello cut short"),
        pytest.param(b"SSH-2.0-OpenSSH_9.6\r\n", id="ssh"),
        pytest.param(b"", id="nothing"),
    ],
)
@at_any_pace
async def test_what_is_no_handshake_is_cut(data: bytes, seconds: float) -> None:
    async with serving(limits=Limits(handshake_seconds=seconds)) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(data)
        await Client(reader, writer).closed()
        writer.close()
        async with connected(server) as other:
            assert (await other.ask(post())).body == ANSWER
        assert server.app.connections.buffered == 0


def context(**attributes: object) -> ssl.SSLContext:
    made = trusting()
    for name, value in attributes.items():
        setattr(made, name, value)
    return made


async def test_the_versions_and_the_protocol_that_are_spoken() -> None:
    async with serving() as server:
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            async with connected(server, context(minimum_version=version, maximum_version=version)) as client:
                tls = client.writer.get_extra_info("ssl_object")
                assert tls.version() == str(version.name).replace("_", ".")
                assert tls.selected_alpn_protocol() == "http/1.1"
                assert (await client.ask(post())).status == 200


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
async def test_an_old_version_is_refused() -> None:
    old = context(minimum_version=ssl.TLSVersion.TLSv1, maximum_version=ssl.TLSVersion.TLSv1_1)
    old.set_ciphers("ALL:@SECLEVEL=0")
    async with serving() as server:
        with pytest.raises((ssl.SSLError, ConnectionError)):
            async with connected(server, old):
                pass
        async with connected(server) as client:
            assert (await client.ask(post())).status == 200


async def test_who_speaks_only_http2_is_told_off_in_http1() -> None:
    only = trusting()
    only.set_alpn_protocols(["h2"])
    async with serving() as server, connected(server, only) as client:
        assert client.writer.get_extra_info("ssl_object").selected_alpn_protocol() is None
        assert (await client.ask(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")).status == 400


async def test_a_client_that_does_not_trust_us_leaves_nothing_behind() -> None:
    async with serving() as server:
        with pytest.raises(ssl.SSLError):
            async with connected(server, trusting(issue(["localhost"]).authority)):
                pass
        async with connected(server) as client:
            assert (await client.ask(post())).status == 200
        await until(lambda: len(server.app.connections) == 0)


async def test_a_client_certificate_nobody_asked_for_is_no_obstacle(tmp_path: object) -> None:
    from pathlib import Path

    pair = issue(["someone"]).pair
    file = Path(str(tmp_path)) / "client.pem"
    file.write_bytes(pair.certificate + pair.key)
    carrying = trusting()
    carrying.load_cert_chain(file)
    async with serving() as server, connected(server, carrying) as client:
        assert (await client.ask(post())).status == 200
