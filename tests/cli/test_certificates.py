"""What looks after the certificates of a process, and what is said when it does not."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace

from poblano.admission import tls
from poblano.admission.health import Checks
from poblano.cli.certificates import Chosen, certified, interim
from poblano.metrics import new_registry
from tests.watch.clusters import until


async def test_readyz_names_what_has_ended_until_it_is_begun_again(monkeypatch):
    begun = []

    async def follow(*_: object) -> None:
        begun.append(1)
        if len(begun) == 1:
            raise RuntimeError("can't start new thread")
        await asyncio.Event().wait()

    monkeypatch.setattr(tls, "follow", follow)
    readiness = Checks("readyz")
    process = SimpleNamespace(
        server=SimpleNamespace(certificate=interim()), readiness=readiness, registry=new_registry()
    )
    async with certified(Chosen(None, Path("tls.crt"), Path("tls.key"), None), process):
        await until(readiness.failures, "it has ended")
        assert readiness.failures() == {
            "certificate": "what reads the files of the certificate has ended (RuntimeError: can't start new thread) "
            "and is begun again"
        }
        await until(lambda: not readiness.failures(), "it goes on")
    assert len(begun) == 2
