"""A8: Pepr's private key lies in its dist folder, is the same until the next build, has serial 01 and lives for a year."""

from __future__ import annotations

import base64
import os
import re
import socket
import ssl
import subprocess
import tempfile
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from poblano.admission.certificates import issue, now
from poblano.admission.tls import LiveCertificate
from tests.admission.certifying.years import World
from tests.admission.serving import connected, issued, post, serving, trusting
from tests.cli.developing import POBLANO, developing, write_project
from tests.core.driving import review
from tests.pepr.pods import hooked, running
from tests.pepr.test_a01_metrics import CODE

if TYPE_CHECKING:
    from pathlib import Path

    from poblano.client import ApiClient
    from tests.control_plane import ControlPlane

SPACE = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n---\n"
SAMPLE = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: db\n  namespace: shop\nspec:\n  containers: [{name: db, image: pg}]\n"


def files(folder: Path) -> set[str]:
    """What a module's folder holds, but for compiled code."""
    found = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return {str(path) for path in found if path.suffix != ".pyc"}


def shows_no_key(text: str) -> bool:
    return "-----BEGIN" not in text and "PRIVATE KEY" not in text


def test_a8_demo_neither_keeps_nor_prints_a_key(tmp_path: Path):
    folder = write_project(tmp_path / "module", "keyless", CODE)
    (folder / "pod.samples.yaml").write_text(SPACE + SAMPLE)
    before = files(folder)
    done = subprocess.run([*POBLANO, "demo"], cwd=folder, env=hooked(), capture_output=True, text=True, check=True)

    assert files(folder) == before
    assert shows_no_key(done.stdout + done.stderr)


async def test_a8_run_neither_keeps_nor_prints_a_key(tmp_path: Path):
    async with running(tmp_path, CODE, POBLANO_LOG_LEVEL="debug") as pod:
        before = files(pod.folder)
        assert (await pod.ask(review())).status == 200

    assert files(pod.folder) == before == {"pyproject.toml", "rules.py"}
    assert shows_no_key(pod.said())


def test_a8_each_start_of_dev_has_a_key_of_its_own_and_keeps_it_nowhere(
    control_plane: ControlPlane, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("PYTHONPATH", hooked()["PYTHONPATH"])
    folder = write_project(tmp_path / "module", "keyless", CODE)
    before = files(folder)
    served: list[x509.Certificate] = []
    for _ in range(2):
        with developing(control_plane, folder) as dev:
            port = int(re.findall(r"https://localhost:(\d+), Ctrl-C", dev.says("registered"))[0])
            served.append(certificate(port, registered(control_plane)))
            assert files(folder) == before
    first, second = served

    assert first.public_key() != second.public_key()
    assert first.serial_number != second.serial_number
    assert files(folder) == before
    assert shows_no_key("".join(dev.lines))


def registered(cluster: ControlPlane) -> str:
    """The authority that the API server is told to trust, as PEM."""
    found = cluster.kubectl("get", "validatingwebhookconfiguration", "poblano-keyless-dev", "-o", "yaml").stdout
    client: dict[str, Any] = yaml.safe_load(found)["webhooks"][0]["clientConfig"]
    return base64.b64decode(client["caBundle"]).decode()


def certificate(port: int, authority: str) -> x509.Certificate:
    """What is served at a port of this machine, to a client that trusts only `authority`."""
    context = ssl.create_default_context(cadata=authority)
    with (
        socket.create_connection(("localhost", port)) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as wire,
    ):
        found = wire.getpeercert(binary_form=True)
    assert found is not None
    return x509.load_der_x509_certificate(found)


def test_a8_a_certificate_is_short_lived_modern_and_unlike_any_other():
    pairs = [issue(["localhost"], ["127.0.0.1"]) for _ in range(2)]
    found = [x509.load_pem_x509_certificate(made.pair.certificate) for made in pairs]
    found += [x509.load_pem_x509_certificate(made.authority) for made in pairs]

    assert len({one.serial_number for one in found}) == 4
    assert min(one.serial_number.bit_length() for one in found) > 64
    for one in found:
        key = one.public_key()
        assert isinstance(key, ec.EllipticCurvePublicKey)
        assert isinstance(key.curve, ec.SECP256R1)
        assert one.not_valid_after_utc - now() <= timedelta(days=90)
    names = found[0].extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost"]
    assert [str(address) for address in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1"]


async def test_a8_a_new_certificate_needs_no_restart():
    later = issue(["localhost"])
    async with serving() as server, connected(server) as before:
        server.certificate.swap(later.pair)
        async with connected(server, trusting(later.authority)) as after:
            assert (await after.ask(post())).status == 200
        assert (await before.ask(post())).status == 200
        with pytest.raises(ssl.SSLCertVerificationError):
            async with connected(server, trusting(issued().authority)):
                pass


async def test_a8_what_is_served_is_renewed_in_time_and_so_is_who_has_signed_it(client: ApiClient):
    world = World(client)
    await world.install()
    await world.settle(world.leaders[0])
    authorities = {one.id for one in (await world.contents()).authorities}
    for _ in range(14):
        world.days += 28
        await world.settle(world.leaders[0])
        authorities |= {one.id for one in (await world.contents()).authorities}
        assert world.replica.expired() is None

    assert len(authorities) == 2


async def test_a8_whoever_applies_the_manifest_again_takes_no_trust_away(client: ApiClient):
    world = World(client)
    await world.install()
    await world.settle(world.leaders[0])
    before = [one.trusted for one in await world.webhooks()]
    await world.apply()
    await world.settle(world.leaders[0])

    assert [one.trusted for one in await world.webhooks()] == before
    assert await world.policies() == {"Fail"}
    assert world.replica.doubted() is None


async def test_a8_a_pod_that_is_not_believed_is_not_ready(client: ApiClient):
    world = World(client)
    await world.install()
    await world.settle(world.leaders[0])
    text = base64.b64encode(issued().authority).decode()
    await world.apply(caBundle=text)
    await world.hear()

    assert world.replica.doubted() is not None


@pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="cannot run here: the system has no files in memory")
def test_a8_serving_a_key_writes_it_to_no_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "absent"))
    live = LiveCertificate(issued().pair)
    live.swap(issue(["localhost"]).pair)

    assert live.swaps == 1
