"""Server processes under measurement: started on one core, watched through /proc, ended by us."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
ALL_CORES = os.sched_getaffinity(0)
SERVER_CORE = min(ALL_CORES)
"""The core that every server under measurement runs on."""
CLIENT_CORE = max(ALL_CORES)
"""The core of the client; another than the servers' where there are two."""


class NotReady(Exception):
    """A server did not come up; the message ends with the last lines of its log."""


@dataclass(frozen=True, slots=True)
class Running:
    """A started server.

    Args:
        name: what reports call it.
        pid: its process.
        log: the file that takes what it writes.
    """

    name: str
    pid: int
    log: Path

    def cpu_seconds(self) -> float:
        """CPU time of the process and its descendants since they started, user and system."""
        return sum(_cpu_ticks(pid) for pid in family(self.pid)) / _TICKS

    def rss_mb(self) -> float:
        """Resident memory of the process and its descendants, in MB of a million bytes."""
        return sum(_resident_pages(pid) for pid in family(self.pid)) * _PAGE / 1e6

    def peak_mb(self) -> float:
        """The most that was ever resident of the process, and of each of its living descendants, in MB."""
        return sum(_peak_kib(pid) for pid in family(self.pid)) * 1024 / 1e6

    def tail(self, lines: int = 5) -> str:
        """The end of its log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])


@contextmanager
def running(
    name: str,
    command: Sequence[str | Path],
    *,
    log: Path,
    cores: set[int],
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> Generator[Running]:
    """Run a command on the given cores for the length of a `with` block, then end its whole process group."""
    with log.open("wb") as sink:
        process = subprocess.Popen(
            [str(part) for part in command],
            stdout=sink,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            cwd=cwd,
            env={**os.environ, **(env or {})},
            start_new_session=True,
            preexec_fn=lambda: os.sched_setaffinity(0, cores),  # noqa: PLW1509 -- the benchmarks have no threads
        )
    try:
        yield Running(name, process.pid, log)
    finally:
        _end(process)


def until_ready(server: Running, ready: Callable[[], bool], *, seconds: float = 30.0, pause: float = 0.05) -> float:
    """Wait until `ready`, asked every `pause` seconds, says yes; returns the seconds it took.

    Raises:
        NotReady: it ended, or did not come up in `seconds`.
    """
    start = time.monotonic()
    while time.monotonic() - start < seconds:
        if not Path(f"/proc/{server.pid}/stat").exists() or _state(server.pid) == "Z":
            raise NotReady(f"{server.name} ended before it was ready:\n{server.tail()}")
        if ready():
            return time.monotonic() - start
        time.sleep(pause)
    raise NotReady(f"{server.name} was not ready after {seconds:g} s:\n{server.tail()}")


def family(pid: int) -> list[int]:
    """A process and all its living descendants."""
    found = [pid]
    for parent in found:
        for children in Path(f"/proc/{parent}/task").glob("*/children"):
            found += [int(child) for child in _read(children).split()]
    return found


class Bystanders:
    """How much of the machine went to processes that are none of ours, since this was made."""

    def __init__(self) -> None:
        self._machine, self._ours = _machine_ticks(), self._own()

    def share(self) -> float:
        """Their part of all cores' time, 0 to 1."""
        busy, total = (now - then for now, then in zip(_machine_ticks(), self._machine, strict=True))
        return max(0.0, busy - (self._own() - self._ours)) / total if total else 0.0

    def _own(self) -> int:
        return sum(_cpu_ticks(pid) for pid in family(os.getpid()))


def busy_and_total(stat: str) -> tuple[int, int]:
    """Ticks that all cores spent busy, and altogether, from the text of /proc/stat.

    >>> busy_and_total("cpu  10 1 5 100 4 0 0 7 0 0\\ncpu0 1")
    (23, 127)
    """
    ticks = [int(field) for field in stat.splitlines()[0].split()[1:9]]
    idle = ticks[3] + ticks[4]  # idle and iowait; the eighth, steal, is time that others on the host had
    return sum(ticks) - idle, sum(ticks)


def _machine_ticks() -> tuple[int, int]:
    return busy_and_total(Path("/proc/stat").read_text())


def pin(pids: Iterable[int], cores: set[int]) -> None:
    """Move processes, with all their threads, to the given cores."""
    for pid in pids:
        for thread in Path(f"/proc/{pid}/task").glob("*"):
            with suppress(ProcessLookupError):  # a thread may end meanwhile
                os.sched_setaffinity(int(thread.name), cores)


def stat_fields(stat: str) -> list[str]:
    """The fields of /proc/PID/stat from the third on; the second, a name, may hold anything.

    >>> stat_fields("7 (a b) c) S 1 7")
    ['S', '1', '7']
    """
    return stat.rpartition(")")[2].split()


def _state(pid: int) -> str:
    return (stat_fields(_read(Path(f"/proc/{pid}/stat"))) or ["Z"])[0]


def _cpu_ticks(pid: int) -> int:
    fields = stat_fields(_read(Path(f"/proc/{pid}/stat")))
    # utime, stime, cutime, cstime: fields 14 to 17 of proc(5), counted from 1.
    return sum(int(field) for field in fields[11:15])


def _resident_pages(pid: int) -> int:
    return int((_read(Path(f"/proc/{pid}/statm")).split() or ["0", "0"])[1])


def _peak_kib(pid: int) -> int:
    lines = _read(Path(f"/proc/{pid}/status")).splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:  # the process ended meanwhile
        return ""


def _end(process: subprocess.Popen[bytes]) -> None:
    # A second SIGTERM ends a server that still drains after the first.
    for sign, patience in ((signal.SIGTERM, 1), (signal.SIGTERM, 5), (signal.SIGKILL, 10)):
        try:
            os.killpg(process.pid, sign)
            process.wait(timeout=patience)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            continue
        return
    process.wait(timeout=10)
