"""What looks after the certificates of a process, and what is said when it does not."""

from __future__ import annotations

import asyncio
import sys
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from poblano.admission import tls
from poblano.admission.certificates import Pair
from poblano.admission.certifying.replica import Replica
from poblano.admission.certifying.tended import Tended
from poblano.admission.health import Checks
from poblano.cli import certificates
from poblano.cli.certificates import (
    BUNDLE,
    CERTIFICATE,
    MAKERS,
    Chosen,
    Maker,
    Place,
    Process,
    _going_on,
    _source,
    certified,
    chosen,
    interim,
)
from poblano.cli.project import load_project
from poblano.cli.run import _serve
from poblano.core.deployed import Names
from poblano.core.errors import InvalidSettings
from poblano.metrics import new_registry
from tests.admission.certifying.made import authority, leaf
from tests.cli.developing import write_project
from tests.pepr.pods import write_pair
from tests.watch.clusters import until

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from poblano.admission.tls import LiveCertificate


class Ending:
    """Ends when it is begun, and goes on when it is begun again."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.begun = 0
        monkeypatch.setattr(tls, "follow", self._follow)

    async def _follow(self, *_: object) -> None:
        self.begun += 1
        if self.begun == 1:
            raise RuntimeError("can't start new thread")
        await asyncio.Event().wait()


def serves(certificate: LiveCertificate) -> SimpleNamespace:
    """A process, as far as its certificate goes."""
    return SimpleNamespace(
        server=SimpleNamespace(certificate=certificate), readiness=Checks("readyz"), registry=new_registry()
    )


async def test_what_has_ended_is_begun_again_and_keeps_no_pod_from_its_callers_whose_certificate_is_good(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ending, process = Ending(monkeypatch), serves(interim())
    async with certified(Chosen(None, Path("tls.crt"), Path("tls.key"), None), process):
        await until(lambda: ending.begun == 2, "it goes on")
        assert process.readiness.failures() == {}


async def test_readyz_names_what_has_ended_where_there_is_no_good_certificate() -> None:
    async def breaks() -> None:
        raise RuntimeError("can't start new thread")

    readiness = Checks("readyz")
    async with _going_on(readiness, lambda: "there is none", Tended("what makes it", breaks)):
        said = "there is none; what makes it has ended (RuntimeError: can't start new thread) and is begun again"
        await until(lambda: readiness.failures() == {"certificate": said}, "it is named")


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


CODE = """
    from poblano import Capability, Module, a

    shop = Capability("shop")
    shop.when(a.Pod).is_created().validate(lambda pod: pod.approve(), name="first")
    module = Module(shop)
"""


class Asked(Exception):
    """Enough is known: the process may end."""


@pytest.mark.parametrize("maker", [*MAKERS, None])
async def test_a_pod_is_not_ready_before_anybody_looks_after_its_certificate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, maker: Maker | None
) -> None:
    """Its ports are there before: whoever asks then would be led to a certificate that nobody believes."""
    failures: dict[str, str] = {}

    @asynccontextmanager
    async def asked_before(_: Chosen, process: Process) -> AsyncGenerator[None]:
        failures.update(process.readiness.failures())
        raise Asked
        yield

    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(certificates, "certified", asked_before)
    write_pair(tmp_path, interim().pair)
    what = chosen(maker, tmp_path / "tls.crt", tmp_path / "tls.key", None)
    project = load_project(write_project(tmp_path, "shop", CODE))
    with pytest.raises(Asked):
        await asyncio.create_task(_serve(project, "127.0.0.1", 0, 0, what, None))
    sys.modules.pop("rules")
    assert failures == (dict.fromkeys((CERTIFICATE, BUNDLE), "it is not known yet") if maker else {})
