"""A cluster in a process of its own: it lives as long as whoever started it."""

from __future__ import annotations

import asyncio
import os
import signal
import ssl
import subprocess
import sys
import urllib.request
from typing import TYPE_CHECKING

import pytest

from poblano.cluster.serving.process import ClusterProcess
from poblano.cluster.serving.served import CannotServe, Settings
from poblano.cluster.serving.sockets import Address
from tests.eventually import eventually

if TYPE_CHECKING:
    from pathlib import Path

PARENT = """
import asyncio
from pathlib import Path
from poblano.cluster.serving.process import ClusterProcess
from poblano.cluster.serving.served import Settings

async def main():
    async with ClusterProcess(Settings(kubeconfig=Path({place!r}))) as cluster:
        print(cluster._process.pid, flush=True)
        await asyncio.sleep(600)

asyncio.run(main())
"""


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def connects(url: str) -> bool:
    host, _, port = url.removeprefix("https://").rpartition(":")
    try:
        _, writer = await asyncio.open_connection(host, int(port))
    except OSError:
        return False
    writer.close()
    await writer.wait_closed()
    return True


async def test_it_is_there_within_the_block(tmp_path: Path) -> None:
    place = tmp_path / "kubeconfig"
    async with ClusterProcess(Settings(kubeconfig=place)) as cluster:
        assert cluster.kubeconfig == place
        assert cluster.url in place.read_text()
        assert await connects(cluster.url)
    assert not await connects(cluster.url)


async def test_it_answers_while_whoever_started_it_is_held_up() -> None:
    async with ClusterProcess(Settings(rbac=True)) as cluster:
        context = ssl._create_unverified_context()
        # Blocking on purpose: this loop stands still until the cluster has answered.
        with urllib.request.urlopen(f"{cluster.url}/readyz", context=context, timeout=60) as answer:  # noqa: ASYNC210
            assert answer.read() == b"ok"


async def test_why_it_cannot_start_is_told(tmp_path: Path) -> None:
    (tmp_path / "config").write_text("mine")
    with pytest.raises(CannotServe, match="holds something else already; give another --kubeconfig-out"):
        async with ClusterProcess(Settings(kubeconfig=tmp_path / "config", address=Address("127.0.0.1", 0))):
            pass


def test_it_ends_with_whoever_started_it_however_that_ends(tmp_path: Path) -> None:
    code = PARENT.format(place=str(tmp_path / "kubeconfig"))
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert is_alive(child)
        parent.kill()
    eventually(lambda: not is_alive(child), "it ends with its parent", pause=0.02)


FORKING = """
import asyncio, os, time
from pathlib import Path
from poblano.cluster.serving.process import ClusterProcess
from poblano.cluster.serving.served import Settings

async def main():
    async with ClusterProcess(Settings(kubeconfig=Path({place!r}))) as cluster:
        forked = os.fork()
        if not forked:
            time.sleep(600)
        print(cluster._process.pid, forked, flush=True)
        await asyncio.sleep(600)

asyncio.run(main())
"""


def test_it_ends_also_when_somebody_else_holds_the_pipe_open(tmp_path: Path) -> None:
    code = FORKING.format(place=str(tmp_path / "kubeconfig"))
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child, forked = map(int, parent.stdout.readline().split())
        parent.kill()
    try:
        eventually(lambda: not is_alive(child), "it ends with its parent")
        assert is_alive(forked)
    finally:
        os.kill(forked, signal.SIGKILL)


async def test_its_end_is_told_and_nothing_of_it_stays() -> None:
    async with ClusterProcess(Settings()) as cluster:
        assert cluster.is_running
        assert cluster._process is not None
        cluster._process.kill()
        assert await cluster.ended() == "killed by signal 9"
        assert not cluster.is_running
        assert cluster.kubeconfig.exists()
    assert not cluster.kubeconfig.parent.exists()
