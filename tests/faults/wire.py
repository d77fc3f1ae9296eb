"""A path between client and server that can break: a TCP proxy in a process of its own, which knows nothing of HTTP or TLS.

What can happen to it (`Wire.tell`):

=========== ============================================================================================================
drop        a dropped path: the connections there are stay open at both ends, and nothing comes through any more
forget      half-open TCP: as drop, but the client's peer has forgotten the connection, without a FIN or RST. This takes
            ``TCP_REPAIR`` and so CAP_NET_ADMIN; where that is missing, the server's end is closed and the client's is kept
reset       each connection is reset
end         each connection is closed properly, wherever the answer is
hold, go    nothing comes through, old connections and new; then all does, late
unanswered  as hold, and new connections do not even come into being: nobody answers a SYN
trickle N   N bytes a second come through each connection; 0 is no limit
=========== ============================================================================================================

`Wire.stop` and `Wire.go_on` stop the process itself: the kernel goes on to accept and to acknowledge. After `Wire.replace`
it stays stopped, and another process takes the new connections.

Only the standard library, so that it starts at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import struct
import subprocess
import sys
from dataclasses import dataclass, field

TCP_REPAIR = 19  # linux/tcp.h
BLOCK = 65536


@dataclass(eq=False)
class _Link:
    """One connection of the client, and what belongs to it at the server."""

    client: socket.socket
    server: socket.socket
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    async def cut(self) -> None:
        """Nothing comes through any more. Nobody may wait for a socket that is then closed: its number is soon another's."""
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    def close(self) -> None:
        self.client.close()
        self.server.close()

    def reset(self) -> None:
        self.client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()


class _Proxy:
    """The process's side."""

    def __init__(self, listener: socket.socket, server: tuple[str, int]) -> None:
        self._listener = listener
        self._server = server
        self._links: set[_Link] = set()
        self._dead: list[_Link] = []
        self._open = asyncio.Event()
        self._open.set()
        self._rate = 0
        self._fillers: list[socket.socket] = []
        self._accepting: asyncio.Task[None] | None = None
        self._opening: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        orders = asyncio.StreamReader()
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
        self._accepting = asyncio.create_task(self._accept())
        while line := await orders.readline():
            name, *rest = line.decode().split()
            answer = await getattr(self, f"do_{name}")(*rest) or "done"
            sys.stdout.write(answer + "\n")
            sys.stdout.flush()

    # ------------------------------------------------------------------ orders

    async def do_drop(self) -> None:
        self._dead += await self._taken()

    async def do_forget(self) -> str:
        how = "forgotten"
        for link in await self._taken():
            link.server.close()
            try:
                link.client.setsockopt(socket.SOL_TCP, TCP_REPAIR, 1)
                link.client.close()
            except OSError:
                how = "kept"
                self._dead.append(link)
        return how

    async def do_reset(self) -> None:
        for link in await self._taken():
            link.reset()

    async def do_end(self) -> None:
        for link in await self._taken():
            link.close()

    async def do_hold(self) -> None:
        self._open.clear()

    async def do_unanswered(self) -> None:
        self._open.clear()
        assert self._accepting is not None
        self._accepting.cancel()
        self._listener.listen(0)
        for _ in range(8):  # the first few fill the queue; the kernel then ignores whoever else knocks
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(self._listener.getsockname())
            self._fillers.append(filler)

    async def do_go(self) -> None:
        self._open.set()
        if self._fillers:
            for filler in self._fillers:
                filler.close()
            self._fillers.clear()
            self._listener.listen(128)
            self._accepting = asyncio.create_task(self._accept())

    async def do_trickle(self, rate: str) -> None:
        self._rate = int(rate)

    async def _taken(self) -> list[_Link]:
        links, self._links = list(self._links), set()
        for link in links:
            await link.cut()
        return links

    # ------------------------------------------------------------------ what comes through

    async def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            client, _ = await loop.sock_accept(self._listener)
            task = asyncio.create_task(self._connect(client))
            self._opening.add(task)
            task.add_done_callback(self._opening.discard)

    async def _connect(self, client: socket.socket) -> None:
        await self._open.wait()
        server = socket.socket()
        server.setblocking(False)
        link = _Link(client, server)
        try:
            await asyncio.get_running_loop().sock_connect(server, self._server)
        except OSError:  # no server: as if the client had been refused, as near as a proxy can say so
            link.reset()
            return
        self._links.add(link)
        both = [asyncio.create_task(self._pump(client, server)), asyncio.create_task(self._pump(server, client))]
        link.tasks += both
        ended, _ = await asyncio.wait(both, return_when=asyncio.FIRST_EXCEPTION)
        if link in self._links:
            self._links.discard(link)
            await link.cut()
            link.reset() if any(task.exception() for task in ended) else link.close()

    async def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while block := await loop.sock_recv(source, min(self._rate, BLOCK) or BLOCK):
            await self._open.wait()
            await loop.sock_sendall(sink, block)
            if self._rate:
                await asyncio.sleep(len(block) / self._rate)
        sink.shutdown(socket.SHUT_WR)


class Wire:
    """The other side: starts the process, tells it what to do.

    Args:
        server: host and port that the path leads to.
    """

    def __init__(self, server: tuple[str, int]) -> None:
        self._server = server
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._stopped: list[subprocess.Popen[str]] = []
        self._process = self._start()

    def tell(self, order: str) -> str:
        """Give an order; gives back what was done."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(order + "\n")
        self._process.stdin.flush()
        return self._process.stdout.readline().strip()

    def stop(self) -> None:
        """Stop the process where it is."""
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it go on."""
        self._process.send_signal(signal.SIGCONT)

    def replace(self) -> None:
        """Stop the process for good. New connections, at the same port, are another's."""
        self.stop()
        self._stopped.append(self._process)
        self._process = self._start()

    def close(self) -> None:
        """End every process."""
        self._listener.close()
        for process in (self._process, *self._stopped):
            process.kill()
            process.communicate()

    def _start(self) -> subprocess.Popen[str]:
        host, port = self._server
        return subprocess.Popen(
            [sys.executable, "-S", __file__, str(self._listener.fileno()), host, str(port)],
            pass_fds=[self._listener.fileno()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={"PATH": os.environ["PATH"]},
        )


def main() -> None:
    """The process: the number of a listening socket, and where to."""
    descriptor, host, port = sys.argv[1:]
    listener = socket.socket(fileno=int(descriptor))
    listener.setblocking(False)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_Proxy(listener, (host, int(port))).run())


if __name__ == "__main__":
    main()
