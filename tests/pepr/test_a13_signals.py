"""A13: in Pepr's image SIGTERM reaches a parent only; the child that serves is killed in the midst of its work."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from dataclasses import dataclass, field
from pathlib import Path

from poblano.admission.server import GRACE_SECONDS
from tests.admission.serving import Answer, connected, issued, post
from tests.build.planned import admitting, container, following, plan_of, pod_spec
from tests.cli.developing import write_project
from tests.core.driving import review
from tests.pepr.pods import Pod, running, started, write_pair
from tests.pepr.test_a01_metrics import CODE
from tests.pepr.watchers import PATIENCE

GRACE = 2.0

STARTING = """
import time
from pathlib import Path

Path("imported").touch()
time.sleep(3600)
"""


def children(pid: int) -> list[int]:
    """The processes that a process has started and not yet buried."""
    found: list[int] = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            _, _, rest = status.read_text().rpartition(")")
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(rest.split()[1]) == pid:
            found.append(int(status.parent.name))
    return found


@dataclass
class ApiServer:
    """Asks again and again, on a connection for as long as it lives, and stops once it is told to go."""

    pod: Pod
    answers: list[Answer] = field(default_factory=list)

    async def run(self) -> None:
        async with connected(self.pod) as client:
            while not (self.answers and self.answers[-1].closes):
                self.answers.append(await client.ask(post(review())))
                await asyncio.sleep(0.005)


async def ended(pod: Pod) -> int:
    return await asyncio.wait_for(pod.process.wait(), 90)


async def test_a13_the_process_that_is_signalled_is_the_one_that_serves(tmp_path: Path):
    async with running(tmp_path, CODE) as pod:
        assert (await pod.ask(review())).status == 200
        assert children(pod.process.pid) == []
        assert f"socket:[{listening(pod.port)}]" in sockets(pod.process.pid)


def sockets(pid: int) -> set[str]:
    """What the file descriptors of a process are."""
    return {str(file.readlink()) for file in Path(f"/proc/{pid}/fd").iterdir() if file.is_symlink()}


def listening(port: int) -> str:
    """The inode of the socket that listens at a port of 127.0.0.1."""
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    (inode,) = (line[9] for line in lines if line[1] == f"0100007F:{port:04X}" and line[3] == "0A")
    return inode


async def test_a13_readiness_goes_first_and_it_serves_on(tmp_path: Path):
    async with running(tmp_path, CODE, tuned={"grace": 3600}) as pod:
        assert (await pod.page("/readyz")).status == 200
        pod.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(float(os.environ.get(PATIENCE, "60"))):
            while (ready := await pod.page("/readyz")).status == 200:
                await asyncio.sleep(0.01)
        assert ready.body.startswith(b"[-]webhook failed: it drains\n")
        assert (await pod.page("/healthz")).status == 200
        answer = await pod.ask(review())
        assert (answer.status, answer.closes) == (200, True)
        pod.process.send_signal(signal.SIGTERM)
        assert await ended(pod) == 0


async def test_a13_no_request_fails_while_it_goes(tmp_path: Path):
    async with running(tmp_path, CODE, tuned={"grace": GRACE}) as pod:
        clients = [ApiServer(pod) for _ in range(4)]
        asking = [asyncio.create_task(client.run()) for client in clients]
        while not all(client.answers for client in clients):
            await asyncio.sleep(0.01)
        pod.process.send_signal(signal.SIGTERM)
        await asyncio.gather(*asking)
        assert await ended(pod) == 0

    assert {answer.status for client in clients for answer in client.answers} == {200}
    assert all(client.answers[-1].closes for client in clients)


async def test_a13_the_signal_is_heard_while_it_starts(tmp_path: Path):
    """A process that is the first of its container does not hear a signal for which it has no handler."""
    folder = write_project(tmp_path / "module", "shop", STARTING)
    (tmp_path / "tls").mkdir()
    write_pair(tmp_path / "tls", issued().pair)
    process = await started(tmp_path, folder, tmp_path / "tls", {})
    try:
        while not (folder / "imported").exists():
            assert process.returncode is None, (tmp_path / "log").read_text()
            await asyncio.sleep(0.02)
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), float(os.environ.get(PATIENCE, "60"))) == 130
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def test_a13_the_pod_has_the_time_to_drain():
    plan = plan_of(admitting(timeout=30), following())

    # What is under way when the drain is over is answered as well: by then nobody waits for longer than the longest timeout.
    assert pod_spec(plan)["terminationGracePeriodSeconds"] >= GRACE_SECONDS + 30
    assert pod_spec(plan, "watcher")["terminationGracePeriodSeconds"] >= 30


def test_a13_the_container_is_the_process_that_is_signalled():
    plan = plan_of(admitting(), following())

    for role in ("admission", "watcher"):
        assert container(plan, role)["command"] == ["poblano", "run"]
        assert "shareProcessNamespace" not in pod_spec(plan, role)
