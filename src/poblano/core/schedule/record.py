"""What is kept of a schedule between processes: a line of JSON in the module's store, never deleted.

>>> record = Record(since=datetime(2026, 3, 1, 12, tzinfo=UTC))
>>> record.json()
'{"since":"2026-03-01T12:00:00Z"}'
>>> Record.of(record.json()) == record
True
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal, TypeAlias

import msgspec

from poblano.core.errors import PoblanoError

Result: TypeAlias = Literal["succeeded", "failed", "timed out", "cut off", "replaced"]
"""What came of an attempt. Cut off: its process ended before it did."""

MESSAGE_LIMIT = 300


class Attempt(msgspec.Struct, frozen=True, omit_defaults=True):
    """An attempt that has begun and of which no end is known.

    Attributes:
        fire: the time it is for.
        began: when it began.
        process: who runs it.
        number: which attempt of its time it is, from 1.
        asked: somebody asked for it; it is none of the schedule's own.
    """

    fire: datetime
    began: datetime
    process: str
    number: int = 1
    asked: bool = False


class Ended(msgspec.Struct, frozen=True, omit_defaults=True):
    """The newest attempt that has ended. `message` is for people: the error of one that failed."""

    fire: datetime
    began: datetime
    at: datetime
    result: Result
    number: int = 1
    message: str = ""


class Retry(msgspec.Struct, frozen=True):
    """An attempt that is to be made once `at` has come."""

    fire: datetime
    at: datetime
    number: int


class Record(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is known of a schedule.

    Attributes:
        since: when it was first known.
        passed: the newest of its times that was dealt with; what is due comes after it.
        completed: times whose run has ended, however it ended, retries included.
        skipped: times that came while a run was under way, or nobody was there, and were passed over.
        running: the attempts under way.
        retry: the attempt that is to follow one that failed.
        last: the newest attempt that has ended.
        succeeded: when the newest successful one ended.
        paused: nothing runs until somebody says so.
        asked: somebody wants a run beside the times it has.
    """

    since: datetime
    passed: datetime | None = None
    completed: int = 0
    skipped: int = 0
    running: tuple[Attempt, ...] = ()
    retry: Retry | None = None
    last: Ended | None = None
    succeeded: datetime | None = None
    paused: bool = False
    asked: datetime | None = None

    def json(self) -> str:
        """As it is kept."""
        return msgspec.json.encode(self).decode()

    @staticmethod
    def of(text: str) -> Record:
        """What was kept. What a later version may have added is passed over.

        Raises:
            UnreadableRecord: it is something else.
        """
        try:
            return msgspec.json.decode(text, type=Record)
        except msgspec.MsgspecError as error:
            raise UnreadableRecord(f"the record of a schedule cannot be read: {error}") from None

    def but(self, **changes: object) -> Record:
        """The record, changed."""
        return msgspec.structs.replace(self, **changes)


class UnreadableRecord(PoblanoError):
    """The record of a schedule is not one."""


def first_known(now: datetime) -> Record:
    """The record of a schedule that has none."""
    return Record(since=now.astimezone(UTC))
