"""Work that lasts as long as the embedded cluster: its end ends the work, and is told."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from poblano.cli.target import ClusterEnded, Target, embedded, given
from poblano.client import Access
from poblano.client.access import Cluster
from poblano.core.errors import InvalidSettings

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator


@pytest.fixture
async def target() -> AsyncGenerator[Target]:
    async with embedded() as opened:
        yield opened


async def after(seconds: float) -> str:
    await asyncio.sleep(seconds)
    return "done"


async def fail() -> None:
    raise InvalidSettings("mine")


def kill(target: Target) -> None:
    assert target.is_reachable
    assert target.process is not None
    assert target.process._process is not None
    target.process._process.kill()


async def test_while_it_lives_work_ends_as_it_does(target: Target) -> None:
    assert await target.while_it_lives(after(0)) == "done"
    with pytest.raises(InvalidSettings, match="mine"):
        await target.while_it_lives(fail())
    assert await target.while_it_lives(after(0)) == "done"


async def test_its_end_ends_the_work_and_is_told(target: Target) -> None:
    cancelled = asyncio.Event()

    async def endless() -> None:
        kill(target)
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            cancelled.set()
            raise

    with pytest.raises(ClusterEnded, match=r"ended by itself \(killed by signal 9\); what it held went with it: start"):
        await target.while_it_lives(endless())
    assert cancelled.is_set()
    assert not target.is_reachable


async def test_a_failure_that_its_end_caused_is_not_what_is_told(target: Target) -> None:
    async def loses() -> None:
        kill(target)
        raise InvalidSettings("no answer")

    with pytest.raises(ClusterEnded):
        await target.while_it_lives(loses())


async def test_who_is_cancelled_cancels_the_work(target: Target) -> None:
    waiting = asyncio.ensure_future(target.while_it_lives(after(3600)))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert target.is_reachable


async def test_a_cluster_that_is_there_anyway_needs_no_invitation() -> None:
    access = Access(Cluster("https://10.0.0.1:6443"))
    async with given(access, "config", "prod") as target:
        assert await target.while_it_lives(after(0)) == "done"
        assert (target.kubeconfig, target.context, target.is_reachable) == ("config", "prod", True)
        assert target.invitation("kubectl get pods") == []


async def test_the_embedded_one_invites_with_a_line_for_a_shell(tmp_path: Path) -> None:
    folder = tmp_path / "two words"
    async with embedded(folder) as target:
        _, export, example = target.invitation("kubectl get pods")
        assert export == f"export KUBECONFIG='{folder}/kubeconfig'"
        assert example == "kubectl get pods"
        assert len(target.invitation("")) == 2
