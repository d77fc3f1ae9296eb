"""uvicorn as it comes: its own protocol and a bare ASGI callable with a constant answer, the same certificate, no log.

The floor that a server of uvicorn's would have; Poblano's own protocol is an answer to it.
`python -m benchmarks.stock --port P --cert FILE --key FILE --answer FILE`
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator, MutableMapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks import floor
from benchmarks.certificates import ServingCertificate
from benchmarks.processes import Running

Message = MutableMapping[str, Any]


class Constant:
    """An ASGI application that reads the body and gives the one answer."""

    def __init__(self, answer: bytes) -> None:
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(answer))]
        self._start: Message = {"type": "http.response.start", "status": 200, "headers": headers}
        self._body: Message = {"type": "http.response.body", "body": answer}

    async def __call__(
        self, scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
    ) -> None:
        """Answer one request."""
        while (await receive()).get("more_body"):
            pass
        await send(self._start)
        await send(self._body)


@contextmanager
def serving(answer: Path, port: int, tls: ServingCertificate, *, log: Path, cores: set[int]) -> Generator[Running]:
    """Run it until the block ends."""
    with floor.serving(answer, port, tls, log=log, cores=cores, module="benchmarks.stock") as server:
        yield server


def main() -> None:
    """Read the command line and serve."""
    import uvicorn

    given = floor.options("python -m benchmarks.stock")
    uvicorn.run(
        Constant(given.answer.read_bytes()),
        host="localhost",
        port=given.port,
        ssl_certfile=given.cert,
        ssl_keyfile=given.key,
        http="httptools",
        loop="uvloop",
        lifespan="off",
        log_config=None,
        access_log=False,
        timeout_keep_alive=120,
    )


if __name__ == "__main__":
    main()
