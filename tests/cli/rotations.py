"""What happens to certificates in a cluster, for the tests of those who make them and of those who take what others provide. Not a test."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable
from pathlib import Path
from typing import Final

import pytest

from poblano.admission.certificates import Pair, new_authority, now, sign
from poblano.admission.certifying.bundles import bundle
from poblano.client import Resources, connect
from poblano.core.certificates import Lifetimes
from tests.cli.certified import CONFIGURATION, Deployment, own_address
from tests.pepr.pods import write_pair

NEEDS: Final = (
    pytest.mark.timeout(600),
    pytest.mark.skipif(not own_address(), reason="cannot run here: this machine has no address but its loopback's"),
)
"""The marks of all tests of it."""

SECONDS = 400.0
"""How long all of a test may take, on a machine that has much to do."""

LOOKS: Final = 30
"""How often it is looked before more time goes by: a pod may have begun to count only now."""

_numbers = itertools.count()


@contextlib.asynccontextmanager
async def deployed(kubeconfig: Path, folder: Path, *options: str) -> AsyncGenerator[Deployment]:
    name = f"certified-{next(_numbers)}"
    async with connect(kubeconfig) as client:
        made = Deployment(Resources(client), kubeconfig, folder / name, name, name)
        made.options = options or made.options
        try:
            async with asyncio.timeout(SECONDS):
                await made.install()
                yield made
                await made.api.delete(CONFIGURATION, made.names.base)
        except TimeoutError:
            raise AssertionError(f"not in {SECONDS} s:\n{await made.told()}") from None
        finally:
            await made.close()


async def in_time(made: Deployment, is_so: Callable[[], Awaitable[bool]]) -> None:
    """It is so once every API server has had the time to hear of everything, which goes by at once."""
    for looks in itertools.count():
        if await is_so():
            return
        if looks % LOOKS == 0:
            await made.passes(Lifetimes().settle)
        await asyncio.sleep(0.1)


async def until_served(made: Deployment, certificate: bytes) -> None:
    """All pods serve it."""
    (wanted,) = bundle(certificate)
    der = ssl.PEM_cert_to_DER_cert(wanted.pem.decode())
    for pod in made.pods:
        while await made.serves(pod, await made.bundle()) != der:
            await asyncio.sleep(0.1)


async def used(made: Deployment) -> None:
    """Somebody has gone on to use the cluster, and nothing has failed."""
    before = made.created
    while made.created < before + 20:
        await asyncio.sleep(0.1)
    assert made.failed == [], made.failed


async def in_order(made: Deployment) -> None:
    """All pods say so, and when what they serve ends."""
    found = await made.secret()
    ends = {which: bundle(found[key])[0].ends for which, key in (("served", "tls.crt"), ("authority", "ca.crt"))}
    for pod in made.pods:
        page = (await pod.page("/readyz?verbose")).body.decode()
        assert page == "[+]webhook ok\n[+]certificate ok\n[+]bundle ok\nreadyz check passed\n"
        metrics = await pod.metrics()
        assert {which: metrics["poblano_cert_not_after_seconds", which] for which in ends} == ends
        assert "PRIVATE KEY" not in pod.said()


def files(folder: Path) -> tuple[str, ...]:
    return "--cert", str(folder / "tls.crt"), "--key", str(folder / "tls.key")


def provided(made: Deployment) -> tuple[Pair, Pair]:
    names = made.names.service_names(made.space)
    authority = new_authority("somebody's", names, now().replace(year=2100))
    return authority, sign(authority, names, now().replace(year=2099))


def put(folder: Path, authority: Pair, pair: Pair) -> None:
    (folder / "ca.crt").write_bytes(authority.certificate)
    write_pair(folder, pair)
