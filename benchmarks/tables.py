"""Markdown tables of what was measured: the same on the terminal and in the README."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from benchmarks.admission import Memory, Row
from benchmarks.creates import Rate
from benchmarks.embedded import Served
from benchmarks.failover import Gaps
from benchmarks.figures import Bound, Spread, compact
from benchmarks.micro import Cost
from benchmarks.stores import Kept
from benchmarks.turns import Reconciled, spread


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table whose columns are as wide as their widest cell.

    >>> print(table(["a", "b"], [["1", "long"]]))
    | a | b    |
    |---|------|
    | 1 | long |
    """
    lines = [list(head), *map(list, rows)]
    widths = [max(len(line[at]) for line in lines) for at in range(len(head))]
    drawn = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in lines
    ]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([drawn[0], rule, *drawn[1:]])


def span(spread: Spread) -> str:
    """A median with the smallest and the largest value behind it.

    >>> span(Spread(2.0, 1.0, 3.5))
    '2 (1 – 3.5)'
    """
    return f"{compact(spread.middle)} ({compact(spread.low)} – {compact(spread.high)})"


def admission(rows: Iterable[Row]) -> str:
    """Throughput, latency and CPU time of each server."""
    return table(
        ["server", "connections", "requests/s", "p50 ms", "p99 ms", "CPU µs a request"],
        ([r.name, str(r.connections), span(r.rate), span(r.p50_ms), span(r.p99_ms), span(r.cpu_us)] for r in rows),
    )


def memory(rows: Iterable[Memory]) -> str:
    """Memory of each server."""
    return table(
        ["server", "idle MB", "after load MB", "requests answered"],
        ([m.name, compact(m.idle_mb), compact(m.loaded_mb), compact(m.answered)] for m in rows),
    )


def creates(rows: Iterable[Rate]) -> str:
    """Creates through the API server."""
    return table(
        ["webhooks", "at once", "creates/s", "of the rate without"],
        ([r.name, str(r.at_once), span(r.rate), f"{r.of_none:.0%}"] for r in sorted(rows, key=lambda r: r.at_once)),
    )


def embedded(rows: Iterable[Served]) -> str:
    """What the embedded cluster and the real control plane do in a second."""
    return table(
        ["server", "watchers", "creates/s", "of the real", "events/s", "listed/s", "listed by pages/s"],
        (
            [
                row.server,
                str(row.watchers),
                span(row.creates),
                f"{row.of_real:.0%}",
                span(row.events) if row.watchers else "",
                span(row.listed),
                span(row.paged),
            ]
            for row in sorted(rows, key=lambda row: row.watchers)
        ),
    )


def reconciles(found: Reconciled, *, applies: bool) -> str:
    """From the first LIST to the last call."""
    head = ["who", "objects", "first s", "last s", "objects/s", "CPU s", "peak MB", "MB then"]
    return table(
        [*head, "connections"] if applies else head,
        (
            [
                name,
                compact(work.objects),
                span(spread(turns, lambda turn: turn.first)),
                span(spread(turns, lambda turn: turn.last)),
                span(spread(turns, lambda turn: turn.rate)),
                span(spread(turns, lambda turn: turn.cpu)),
                span(spread(turns, lambda turn: turn.peak_mb)),
                span(spread(turns, lambda turn: turn.after_mb)),
                *([str(found.connections[name])] if applies else []),
            ]
            for name, work, turns in found.rows(applies=applies)
        ),
    )


def updates(found: Reconciled) -> str:
    """A stream of updates, until the action had the last of each object."""
    return table(
        ["who", "updates/s", "CPU µs an update"],
        (
            [
                name,
                span(spread(turns, lambda turn: turn.updates or 0.0)),
                span(spread(turns, lambda turn: turn.update_cpu_us or 0.0)),
            ]
            for name, work, turns in found.rows(applies=False)
            if work.streams
        ),
    )


def failover(gaps: Gaps) -> str:
    """How long nobody worked."""
    return table(
        ["the leader is", "s without one", "runs meanwhile", "twice at once"],
        [
            ["killed", span(gaps.killed), compact(gaps.runs), str(gaps.overlaps)],
            ["told to go", span(gaps.told), "", ""],
        ],
    )


def stores(found: Mapping[str, Kept]) -> str:
    """What the stores came to."""
    return table(
        ["store of", "writes/s accepted", "items a flush", "s until seen", "s until heard", "s for an awaited write"],
        [
            [name, compact(kept.accepted), *map(span, (kept.flushed, kept.arrives, kept.heard, kept.awaited))]
            for name, kept in found.items()
        ],
    )


def costs(rows: Iterable[Cost]) -> str:
    """Micro-benchmarks, each beside its peer."""
    return table(
        ["in one process", "Poblano", "bound", "beside", "that costs"],
        (
            [
                c.what,
                f"{span(c.ours)} {c.unit}",
                "" if c.limit is None else f"{compact(c.limit)} {c.unit}",
                c.peer,
                "" if c.theirs is None else f"{compact(c.theirs.middle)} {c.unit}",
            ]
            for c in rows
        ),
    )


def bounds(held: Iterable[Bound]) -> str:
    """Every promise, what was found, and whether it holds."""
    return table(
        ["promise", "measured", "bound", "holds"],
        (
            [
                b.promise,
                f"{compact(b.measured)} {b.unit}".strip(),
                f"{b.side} {compact(b.limit)} {b.unit}".strip(),
                "yes" if b.holds else "NO",
            ]
            for b in held
        ),
    )
