"""The network of a node: each pod has an address of its own, and all reach the API server at the first address of the Services."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import threading
from contextlib import suppress
from typing import Self

API_SERVER = "10.0.0.1"
"""Of the Service `kubernetes`: the first of --service-cluster-ip-range, and in the certificate of the API server."""

SUBNET = "10.77"


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


def ip(*arguments: str) -> None:
    """Run ip(8)."""
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"ip {' '.join(arguments)}: {done.stderr}"


class Network:
    """There for as long as the block lasts.

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

    def add(self, name: str) -> str:
        """A namespace of that name, and its address."""
        number = next(free for free in range(1, 250) if free not in self._pods.values())
        self._pods[name] = number
        here, there = f"pbl{number}h", f"pbl{number}p"
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
        subprocess.run(["ip", "link", "del", f"pbl{self._pods.pop(name)}h"], capture_output=True, check=False)

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
