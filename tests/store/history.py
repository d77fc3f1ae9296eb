"""Whether what several processes did to a store, and what the API server had of it, go together.

The processes say what they begin and how it ended; an observer notes each version of the object. From that `faults` finds all
that must not be: a write that was acknowledged and is lost, one that is applied twice, or out of order, half a transaction.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

COUNTER = "counter"
ACCOUNTS = tuple(f"account-{number}" for number in range(4))
CREDIT = 100
"""Of each account at first: what they have together stays what it is."""

Outcome: TypeAlias = Literal["acknowledged", "refused", "unknown"]


@dataclass(frozen=True, slots=True)
class Write:
    """What a process did to a key.

    Attributes:
        process: who.
        number: of its writes, in order.
        key: which.
        value: None takes it away. No two writes have the same, but for those.
        began, ended: seconds of one clock for all.
        outcome: how it ended: unknown, when nothing was awaited or the process was killed.
    """

    process: str
    number: int
    key: str
    value: str | None
    began: float
    ended: float
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Version:
    """What the API server had, and when the observer heard of it."""

    seen: float
    items: Mapping[str, str]


def faults(writes: Sequence[Write], counted: Sequence[Outcome], versions: Sequence[Version]) -> list[str]:
    """All that must not be.

    Args:
        writes: to the keys that are neither the counter nor an account.
        counted: how each increment of the counter ended.
        versions: each one of the object, in order.
    """
    by_key: dict[str, list[Write]] = defaultdict(list)
    for write in writes:
        by_key[write.key].append(write)
    found = [*_counter(counted, versions), *_accounts(versions)]
    for key in {key for one in versions for key in one.items} - {COUNTER, *ACCOUNTS} | by_key.keys():
        found += _key(key, by_key[key], versions)
    return found


def _key(key: str, writes: Sequence[Write], versions: Sequence[Version]) -> Iterator[str]:
    runs = _runs([one.items.get(key) for one in versions])
    first = {value: place for place, value in reversed(runs) if value is not None}
    known = {write.value: write for write in writes if write.value is not None}
    yield from (f"{key}: {value} was written by nobody" for value in first if value not in known)
    shown = [value for _, value in runs if value is not None]
    yield from (f"{key}: {value} came back" for value in set(shown) if shown.count(value) > 1)
    yield from _order(key, [known[value] for value in shown if value in known])
    for write in writes:
        if write.outcome == "acknowledged":
            if write.value is None and not _was_away(key, write, versions):
                yield f"{key}: it was taken away by {write.process} and is still there"
            elif write.value is not None and write.value not in first:
                yield f"{key}: {write.value} was acknowledged and is lost"
    yield from _overtaken(key, writes, first)


def _order(key: str, shown: Iterable[Write]) -> Iterator[str]:
    """What a process wrote later comes later."""
    newest: dict[str, int] = {}
    for write in shown:
        if write.number < newest.get(write.process, -1):
            yield f"{key}: {write.value} came after what {write.process} wrote later"
        newest[write.process] = write.number


def _was_away(key: str, write: Write, versions: Sequence[Version]) -> bool:
    """Whether the key was absent when it was taken away, or some time after that."""
    before = [one for one in versions if one.seen < write.began]
    later = [one for one in versions if one.seen >= write.began]
    return any(key not in one.items for one in [*before[-1:], *later])


def _overtaken(key: str, writes: Sequence[Write], first: Mapping[str, int]) -> Iterator[str]:
    """A write that began when another was acknowledged comes after it."""
    certain = [
        write
        for write in writes
        if write.outcome == "acknowledged" and write.value is not None and write.value in first
    ]
    for earlier in certain:
        for later in certain:
            if earlier.ended < later.began and first[str(earlier.value)] > first[str(later.value)]:
                yield f"{key}: {earlier.value} came after {later.value}, which began when it was acknowledged"


def _counter(counted: Sequence[Outcome], versions: Sequence[Version]) -> Iterator[str]:
    values = [int(one.items.get(COUNTER, "0")) for one in versions]
    for before, after in zip([0, *values], values, strict=False):
        if after - before not in {0, 1}:
            yield f"the counter went from {before} to {after}"
    least, most = counted.count("acknowledged"), len(counted) - counted.count("refused")
    last = values[-1] if values else 0
    if not least <= last <= most:
        yield f"the counter is {last}, and {least} increments were acknowledged of {most} that may have been made"


def _accounts(versions: Sequence[Version]) -> Iterator[str]:
    begun = False
    for one in versions:
        held = [int(one.items[name]) for name in ACCOUNTS if name in one.items]
        begun = begun or bool(held)
        if begun and (len(held), sum(held)) != (len(ACCOUNTS), CREDIT * len(ACCOUNTS)):
            yield f"half of a transaction was seen: {held}"


def _runs(values: Sequence[str | None]) -> list[tuple[int, str | None]]:
    """Where each value begins, as long as it stays the same."""
    return [(place, value) for place, value in enumerate(values) if not place or value != values[place - 1]]
