"""100 000 mixed reviews at one server, and what it does to the server's memory: `python -m benchmarks.soak` (`make soak`)."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import certificates, https, machine, material, ours, tables, wrk
from benchmarks.certificates import ServingCertificate
from benchmarks.figures import Bound, compact, growth
from benchmarks.processes import SERVER_CORE, Running

MODULE = Path(__file__).parent / "everything"
MIXED = wrk.HERE / "mixed.lua"
REQUESTS = 100_000
WARM_UP = 20_000
STEP_SECONDS = 2
MOST_STEPS = 300
CONNECTIONS = 16


@dataclass(frozen=True, slots=True)
class Step:
    """The server after so many answers: its resident megabytes, and how fast the last of them came."""

    answered: int
    rss_mb: float
    rate: float


def main(arguments: Sequence[str] | None = None) -> int:
    """Soak and print; 1 where the memory grew by more than 5 %."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.soak", description="Many mixed reviews at one server, watching its memory."
    )
    parser.add_argument(
        "--requests", type=int, default=REQUESTS, help=f"how many after the warm-up (default: {REQUESTS})"
    )
    parser.add_argument("--warm-up", type=int, default=WARM_UP, help=f"how many before it (default: {WARM_UP})")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="poblano-soak-") as scratch:
        folder, port = Path(scratch), https.free_port()
        tls = certificates.make(folder)
        with ours.serving(MODULE, port, tls, log=folder / "poblano.log", cores={SERVER_CORE}) as server:
            bound = _soaked(server, port, tls, _listed(folder), options.warm_up, options.requests)
    print(f"\n{tables.bounds([bound])}\n\n{machine.describe()}")
    return 0 if bound.holds else 1


def _soaked(server: Running, port: int, tls: ServingCertificate, listed: Path, warm_up: int, requests: int) -> Bound:
    url, idle = f"https://localhost:{port}", server.rss_mb()
    _check_each(url, tls, listed)
    print(f"idle: {idle:.1f} MB")
    *_, warm = _steps(server, url, listed, warm_up, "warm-up")
    *_, last = _steps(server, url, listed, requests, "soak")
    _check_each(url, tls, listed)
    print(
        f"idle {idle:.1f} MB, warm {warm.rss_mb:.1f} MB, after {compact(last.answered)} more {last.rss_mb:.1f} MB; no request failed"
    )
    return Bound("growth of memory while soaked", growth(warm.rss_mb, last.rss_mb) * 100, 5, "at most", "%")


def _steps(server: Running, url: str, listed: Path, requests: int, name: str) -> Iterator[Step]:
    """Load the server in short steps until it has answered so many.

    Raises:
        FailedLoad: a request failed, or it takes unreasonably many steps.
    """
    answered = 0
    for _ in range(MOST_STEPS):
        load = wrk.run(url, str(listed), script=MIXED, connections=CONNECTIONS, seconds=STEP_SECONDS)
        answered += load.requests
        step = Step(answered, server.rss_mb(), load.rate)
        print(f"{name}: {compact(answered):>8} answered, {step.rss_mb:.1f} MB, {compact(step.rate)}/s", flush=True)
        yield step
        if answered >= requests:
            return
    raise wrk.FailedLoad(f"only {answered} of {requests} requests were answered in {MOST_STEPS} steps")


def _listed(folder: Path) -> Path:
    """The list that mixed.lua reads: every recorded review, as compact as an API server sends it."""
    lines: list[str] = []
    for recorded in sorted(material.RECORDED.glob("*.json")):
        phase = recorded.name.partition("-")[0]
        body = folder / recorded.name
        body.write_text(json.dumps(json.loads(recorded.read_bytes()), separators=(",", ":"), ensure_ascii=False))
        lines.append(f"{ours.path(phase)}?timeout=10s {body}")
    listed = folder / "reviews.txt"
    listed.write_text("\n".join(lines) + "\n")
    return listed


def _check_each(url: str, tls: ServingCertificate, listed: Path) -> None:
    """See that every review is answered under its own uid."""
    for line in listed.read_text().splitlines():
        path, _, body = line.partition(" ")
        asked = Path(body).read_bytes()
        answer = https.call(url + path, ca=tls.ca, method="POST", body=asked)
        if answer.status != 200 or json.loads(answer.body)["response"]["uid"] != json.loads(asked)["request"]["uid"]:
            raise wrk.FailedLoad(f"{Path(body).name}: {answer.status} {answer.body[:300]!r}")


if __name__ == "__main__":
    sys.exit(main())
