"""The network of a node: each pod has an address of its own, and all reach the API server at the first address of the Services."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import shutil
import signal
import subprocess
import tempfile
import threading
from contextlib import suppress
from pathlib import Path
from typing import Self

API_SERVER = "10.0.0.1"
"""Of the Service `kubernetes`: the first of --service-cluster-ip-range, and in the certificate of the API server."""

SUBNET = "10.77"

OURS = "pbl"
"""How the names of all namespaces and links of such networks begin."""


def missing() -> str | None:
    """Why there can be no such network on this machine; None when there can."""
    if shutil.which("ip") is None:
        return "there is no ip(8)"
    name = f"probe{os.getpid()}"
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True, text=True, check=False)
    if made.returncode:
        return f"a network namespace cannot be made: {made.stderr.strip()}"
    ip("netns", "del", name)
    return None


def ip(*arguments: str) -> str:
    """What ip(8) prints."""
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"ip {' '.join(arguments)}: {done.stderr}"
    return done.stdout


def sweep() -> None:
    """Take away what a network has left whose process was killed. Only for who has the machine's pods to itself."""
    for name in [one["name"] for one in _listed("netns") if one["name"].startswith(OURS)]:
        for process in ip("netns", "pids", name).split():
            with suppress(ProcessLookupError):
                os.kill(int(process), signal.SIGKILL)
        ip("netns", "del", name)
    for name in [one["ifname"] for one in _listed("link") if one["ifname"].startswith(OURS)]:
        # The kernel may be about to take it away with its namespace.
        subprocess.run(["ip", "link", "del", name], capture_output=True, check=False)


def _listed(what: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = json.loads(ip("-json", what, "list") or "[]")
    return found


class Network:
    """There for as long as the block lasts. A machine has one at a time; who comes second waits.

    Args:
        port: of the API server on this machine's loopback.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self._pods: dict[str, int] = {}
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, name="to the API server")

    def __enter__(self) -> Self:
        self._lock = Path(tempfile.gettempdir(), "poblano-pods.lock").open("w")
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        sweep()
        ip("addr", "replace", f"{API_SERVER}/32", "dev", "lo")
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(self, *_: object) -> None:
        for name in tuple(self._pods):
            self.remove(name)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        ip("addr", "del", f"{API_SERVER}/32", "dev", "lo")
        self._lock.close()

    def add(self, name: str) -> str:
        """A namespace of that name, and its address."""
        number = next(free for free in range(1, 250) if free not in self._pods.values())
        self._pods[name] = number
        here, there = f"{OURS}{number}h", f"{OURS}{number}p"
        ip("netns", "add", name)
        ip("link", "add", here, "type", "veth", "peer", "name", there)
        ip("link", "set", there, "netns", name)
        ip("addr", "add", f"{SUBNET}.{number}.1/30", "dev", here)
        ip("link", "set", here, "up")
        for command in (
            ("link", "set", "lo", "up"),
            ("addr", "add", f"{SUBNET}.{number}.2/30", "dev", there),
            ("link", "set", there, "up"),
            ("route", "add", "default", "via", f"{SUBNET}.{number}.1"),
        ):
            ip("-n", name, *command)
        return f"{SUBNET}.{number}.2"

    def remove(self, name: str) -> None:
        """Take it away, with its connections."""
        ip("netns", "del", name)
        # The other end goes with it, in its own time.
        subprocess.run(["ip", "link", "del", f"{OURS}{self._pods.pop(name)}h"], capture_output=True, check=False)

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._forward, API_SERVER, 443))
        self._ready.set()
        self._loop.run_forever()
        server.close()
        tasks = asyncio.all_tasks(self._loop)
        for task in tasks:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        self._loop.close()

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self._port)
            await asyncio.gather(_pump(reader, there_writer), _pump(there_reader, writer))


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()
