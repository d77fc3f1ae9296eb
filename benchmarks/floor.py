"""The floor: Poblano's own server and certificate with a constant answer behind it and no log.

`python -m benchmarks.floor --port P --cert FILE --key FILE --answer FILE` serves that file as the answer of /floor.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import sys
from collections.abc import Collection, Generator
from contextlib import contextmanager
from pathlib import Path

from benchmarks import https
from benchmarks.certificates import ServingCertificate
from benchmarks.processes import Running, running, until_ready
from poblano.admission.app import Reply
from poblano.admission.server import AdmissionServer, loop_factory, until_signalled
from poblano.admission.tls import LiveCertificate, read_pair

PATH = "/floor"
MUTATE, VALIDATE = "/mutate", "/validate"
"""For the API server, which insists on its own uid: a constant patch, and a constant consent."""
PATCH = base64.b64encode(b'[{"op":"add","path":"/metadata/labels/got-jokes","value":"true"}]')


class Constant:
    """A reviewer that gives every review the same answer, but for the uid where the API server asks."""

    def __init__(self, answer: bytes) -> None:
        self._reply = Reply(200, answer)
        head = b'{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":{"allowed":true,'
        self._heads = {
            MUTATE: head + b'"patchType":"JSONPatch","patch":"' + PATCH + b'","uid":"',
            VALIDATE: head + b'"uid":"',
        }

    def paths(self) -> Collection[str]:
        """The one path of the constant answer, and the two of the API server."""
        return [PATH, MUTATE, VALIDATE]

    def review(self, path: str, body: bytes, timeout: float) -> Reply:
        """The answer."""
        if path == PATH:
            return self._reply
        uid = body.partition(b'"uid":"')[2].partition(b'"')[0]
        return Reply(200, self._heads[path] + uid + b'"}}')

    def refuse(self, path: str, body: bytes, status: int, message: str) -> Reply:
        """What a request gets that is no review."""
        return Reply(status, b"{}")


@contextmanager
def serving(
    answer: Path, port: int, tls: ServingCertificate, *, log: Path, cores: set[int], module: str = "benchmarks.floor"
) -> Generator[Running]:
    """Run the floor until the block ends."""
    command: list[str | Path] = [
        sys.executable,
        "-m",
        module,
        "--port",
        str(port),
        "--cert",
        tls.cert,
        "--key",
        tls.key,
    ]
    with running(module.rpartition(".")[2], [*command, "--answer", answer], log=log, cores=cores) as server:
        until_ready(server, lambda: https.listens(port))
        yield server


async def serve(answer: bytes, port: int, cert: Path, key: Path) -> None:
    """Serve until SIGTERM."""
    server = AdmissionServer(Constant(answer), LiveCertificate(read_pair(cert, key)), port=port, grace=0.0)
    async with server:
        await until_signalled(server)


def options(program: str) -> argparse.Namespace:
    """The command line of a server with a constant answer."""
    made = argparse.ArgumentParser(prog=program)
    made.add_argument("--port", type=int, required=True)
    for file in ("--cert", "--key", "--answer"):
        made.add_argument(file, type=Path, required=True)
    return made.parse_args()


def main() -> None:
    """Read the command line and serve."""
    given = options("python -m benchmarks.floor")
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(serve(given.answer.read_bytes(), given.port, given.cert, given.key))


if __name__ == "__main__":
    main()
