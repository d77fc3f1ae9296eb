"""A cluster that is killed under writes, again and again, and what has to be there afterwards.

`python -m tests.cluster.killing 20` kills it twenty times.
"""

from __future__ import annotations

import http.client
import json
import random
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Generator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from poblano.cluster.serving.served import DATABASE
from poblano.cluster.storage.sqlite import SqliteJournal
from tests.cluster.speaking import Speaker
from tests.eventually import eventually

MAPS = "/api/v1/namespaces/default/configmaps"
WRITERS = 4

State = tuple[str, str] | None
"""The resourceVersion of an object and what it says; None where there is none."""


@dataclass
class Writer:
    """Writes to objects of its own, and remembers what was acknowledged and what was under way."""

    number: int
    chance: random.Random
    known: dict[str, State] = field(default_factory=dict[str, State])
    under_way: tuple[str, str | None] | None = None
    acknowledged: int = 0

    def run(self, speaker: Speaker, enough: threading.Semaphore) -> None:
        """Until the server is gone."""
        with closing(speaker):
            while True:
                try:
                    self._write(speaker)
                except (OSError, http.client.HTTPException):
                    return
                enough.release()

    def _write(self, speaker: Speaker) -> None:
        name = f"w{self.number}-{self.chance.randrange(8)}"
        text = f"{self.chance.random()}"
        state = self.known.get(name)
        if state is None:
            self.under_way = (name, text)
            reply = speaker("POST", MAPS, {"metadata": {"name": name}, "data": {"text": text}})
        elif self.chance.random() < 0.3:
            self.under_way = (name, None)
            reply = speaker("DELETE", f"{MAPS}/{name}")
        else:
            self.under_way = (name, text)
            reply = speaker("PUT", f"{MAPS}/{name}", {"metadata": {"name": name}, "data": {"text": text}})
        assert reply.status in (200, 201), reply.body
        document = reply.document
        is_gone = document["kind"] == "Status"
        self.known[name] = None if is_gone else (document["metadata"]["resourceVersion"], text)
        self.under_way = None
        self.acknowledged += 1

    def settle(self, found: dict[str, State]) -> None:
        """Compare with what is there after the kill: all that was acknowledged; what was under way may be, or not."""
        for name, state in self.known.items():
            there = found.get(name)
            if self.under_way is not None and self.under_way[0] == name and there != state:
                assert (there[1] if there else None) == self.under_way[1], (name, there, self.under_way)
                continue
            assert there == state, (name, there, state)
        if self.under_way is not None and self.under_way[0] not in self.known:
            there = found.get(self.under_way[0])
            assert there is None or there[1] == self.under_way[1]
        self.under_way = None
        mine = {name: state for name, state in found.items() if name.startswith(f"w{self.number}-")}
        self.known = {**dict.fromkeys(self.known), **mine}


@dataclass(frozen=True, slots=True)
class Alive:
    """A running cluster."""

    process: subprocess.Popen[bytes]
    url: str
    token: str

    def speaker(self) -> Speaker:
        return Speaker(self.url, self.token)

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


def command(folder: Path, kubeconfig: Path) -> list[str]:
    """What runs a cluster on the data in a folder."""
    options = ["--listen", "127.0.0.1:0", "--data-dir", str(folder), "--kubeconfig-out", str(kubeconfig)]
    return [sys.executable, "-m", "poblano.cli", "cluster", *options]


@contextmanager
def alive(folder: Path) -> Generator[Alive]:
    """A cluster in a process of its own, which is killed at the end of the ``with`` if not before."""
    kubeconfig = folder / "kubeconfig"
    kubeconfig.unlink(missing_ok=True)
    process = subprocess.Popen(command(folder, kubeconfig), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        eventually(lambda: kubeconfig.exists() or process.poll() is not None, "it serves", seconds=60)
        assert process.poll() is None, "the cluster did not start"
        config = yaml.safe_load(kubeconfig.read_text())
        yield Alive(process, config["clusters"][0]["cluster"]["server"], config["users"][0]["user"]["token"])
    finally:
        process.kill()
        process.wait()


def listed(speaker: Speaker) -> tuple[int, dict[str, State]]:
    """The revision, and every object of the writers."""
    found = speaker("GET", MAPS).document
    items = [item for item in found["items"] if item["metadata"]["name"].startswith("w")]
    states = {item["metadata"]["name"]: (item["metadata"]["resourceVersion"], item["data"]["text"]) for item in items}
    return int(found["metadata"]["resourceVersion"]), dict(states)


def watched(speaker: Speaker, revision: int) -> list[Any]:
    """The events since a revision."""
    reply = speaker("GET", MAPS, query={"watch": "1", "resourceVersion": revision, "timeoutSeconds": 1})
    assert reply.status == 200
    return [json.loads(line) for line in reply.body.splitlines()]


def replayed(states: dict[str, State], events: list[Any]) -> dict[str, State]:
    """What becomes of objects by these events."""
    after = dict(states)
    for event in events:
        metadata = event["object"]["metadata"]
        name = metadata["name"]
        assert (event["type"] == "ADDED") == (after.get(name) is None), event
        after[name] = (
            None if event["type"] == "DELETED" else (metadata["resourceVersion"], event["object"]["data"]["text"])
        )
    return {name: state for name, state in after.items() if state is not None}


def check_file(folder: Path) -> int:
    """Read the file as the next life will; gives its revision."""
    journal = SqliteJournal(folder / DATABASE)
    try:
        contents = journal.load()
    finally:
        journal.close()
    revisions = [event.revision for event in contents.events]
    assert revisions == list(range(contents.compacted + 1, contents.revision + 1)), "the log has holes"
    newest = {(event.bucket, event.record.key): event for event in contents.events}
    kept = {(bucket, record.key): record for bucket, record in contents.objects}
    for at, event in newest.items():
        assert kept.get(at) == (None if event.type == "DELETED" else event.record)
    return contents.revision


def kill_under_writes(folder: Path, rounds: int, seed: int) -> int:
    """Kill it so many times; gives how many writes were acknowledged in all."""
    chance = random.Random(seed)
    writers = [Writer(number, random.Random(chance.random())) for number in range(WRITERS)]
    revision, states = 0, dict[str, State]()
    for _ in range(rounds):
        with alive(folder) as cluster, closing(cluster.speaker()) as speaker:
            before = revision
            revision, found = listed(speaker)
            assert revision >= before
            if before:
                events = watched(speaker, before)
                seen = [int(event["object"]["metadata"]["resourceVersion"]) for event in events]
                assert seen == sorted(set(seen)), "an event came twice, or out of order"
                assert replayed(states, events) == found
            for writer in writers:
                writer.settle(found)
            states = found
            _write_until_killed(cluster, writers, chance.randrange(50, 150))
        assert check_file(folder) >= revision
    with alive(folder) as cluster, closing(cluster.speaker()) as speaker:
        for writer in writers:
            writer.settle(listed(speaker)[1])
    return sum(writer.acknowledged for writer in writers)


def _write_until_killed(cluster: Alive, writers: list[Writer], writes: int) -> None:
    enough = threading.Semaphore(0)
    threads = [threading.Thread(target=writer.run, args=(cluster.speaker(), enough)) for writer in writers]
    for thread in threads:
        thread.start()
    for _ in range(writes):
        assert enough.acquire(timeout=60)
    cluster.kill()
    for thread in threads:
        thread.join()


def main() -> None:
    """As many kills as the command line says."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    with tempfile.TemporaryDirectory(prefix="poblano-killed-") as folder:
        acknowledged = kill_under_writes(Path(folder), rounds, seed=random.randrange(1 << 32))
    sys.stdout.write(
        f"killed {rounds} times under writes: each of {acknowledged} acknowledged writes was there afterwards\n"
    )


if __name__ == "__main__":
    main()
