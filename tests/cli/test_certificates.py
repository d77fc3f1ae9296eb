"""What looks after the certificates of a process, and what is said when it does not."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import pytest

from poblano.admission import tls
from poblano.admission.certificates import Pair
from poblano.admission.certifying.replica import Replica
from poblano.admission.health import Checks
from poblano.cli.certificates import Chosen, Place, _source, certified, chosen, interim
from poblano.core.deployed import Names
from poblano.core.errors import InvalidSettings
from poblano.metrics import new_registry
from tests.admission.certifying.made import authority, leaf
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


@pytest.mark.parametrize(
    ("name", "signs", "said"),
    [
        ("else.where.svc", True, "tls.crt is not for poblano-unfit.shop.svc, by which API servers call"),
        ("poblano-unfit.shop.svc", False, "ca.crt has not signed "),
        ("poblano-unfit.shop.svc", True, ""),
    ],
)
def test_what_is_provided_and_nobody_would_believe_is_said_at_the_start(tmp_path, name, signs, said):
    root, other = authority("root"), authority("other")
    server = leaf(root, name)
    (tmp_path / "ca.crt").write_bytes(root.pem if signs else other.pem)
    what = chosen("provided", tmp_path / "tls.crt", tmp_path / "tls.key", None)
    place = Place(Names("unfit"), "shop")
    replica = Replica(interim(), frozenset(place.service_names[:1]))
    replica.swap(Pair(server.pem, server.key_pem))
    with pytest.raises(InvalidSettings, match=said) if said else nullcontext():
        _source(what, place, replica)
