"""Log lines, one JSON object each: how a line is put together, encoded and written.

Every line begins with ``time``, ``level`` and ``message``. What writes it must neither fail nor lose one.
"""

from __future__ import annotations

import os
import select
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from traceback import walk_tb
from typing import Any, Final, Literal, TypeAlias

import orjson

from poblano.core.context import Running, running
from poblano.core.tokens import WITHHELD
from poblano.redaction import Plain, names_a_secret, redacted, text

Level: TypeAlias = Literal["debug", "info", "warning", "error"]
Line: TypeAlias = "dict[str, Any]"
"""A line before it is encoded: plain JSON, and the time as a datetime."""

LEVELS: Final[Mapping[Level, int]] = {"debug": 10, "info": 20, "warning": 30, "error": 40}

_RESERVED: Final = frozenset({"time", "level", "message"})
_FRAMES: Final = 20
_OURS: Final = f"{Path(__file__).parent}{os.sep}"
_STANDARD: Final = f"{Path(os.__file__).parent}{os.sep}"
_PATIENCE_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True)
class Output:
    """Where lines go.

    Args:
        least: the level from which on a line is written, as a number.
        render: makes bytes of a line, with the line end.
        write: takes these bytes.
    """

    least: int
    render: Callable[[Line], bytes]
    write: Callable[[bytes], object]

    def emit(self, line: Line) -> None:
        """Write `line`, whatever becomes of it: a log that cannot be written is no reason to fail a request."""
        try:
            self.write(self.render(line))
        except Exception:  # noqa: BLE001 -- there is nobody left to tell
            return

    def emit_all(self, lines: Sequence[Line]) -> None:
        """Write `lines` in one piece."""
        try:
            self.write(b"".join(map(self.render, lines)))
        except Exception:  # noqa: BLE001 -- one of them may be at fault: the others are written
            for one in lines:
                self.emit(one)


def line(level: Level, message: str, fields: Mapping[str, object], about: Running | None = None) -> Line:
    """A line of what somebody said while `about` (by default what runs now) was running.

    Fields are redacted; those named like a part of every line get an underscore.
    """
    about = about or running.get()
    made: Line = {"time": datetime.now(UTC), "level": level, "message": text(message)}
    if about is not None:
        made["capability"], made["rule"] = about.capability, about.rule
        for name in ("kind", "namespace", "name", "uid"):
            if value := getattr(about, name):
                made[name] = text(value, 256)
    for key, value in fields.items():
        made[f"{key}_" if key in _RESERVED else text(key, 128)] = redacted(value, key=key, about=about)
    if "value" in made and names_a_secret(fields):
        made["value"] = WITHHELD
    return made


def error_fields(error: BaseException, about: Running | None = None) -> dict[str, Plain]:
    """An error as fields of a line: what it is, what caused it, and the lines that led to it."""
    about = about or running.get()
    fields: dict[str, Plain] = {"error": redacted(error, about=about)}
    if error.__cause__ is not None:
        fields["cause"] = redacted(error.__cause__, about=about)
    if places := places_of(error):
        fields["trace"] = list[Plain](places)
    return fields


def places_of(error: BaseException) -> list[str]:
    """Where `error` came from: the places of its traceback, outermost first, without source text or values.

    They are those of the user's code: what called that is left out, and of what it called in Poblano the first place and the last
    are there. An error that no user's code has to do with shows all.
    """
    frames = [(frame.f_code, number) for frame, number in walk_tb(error.__traceback__)]
    ours = [_is_ours(code.co_filename) for code, _ in frames]
    if not all(ours):
        frames = [frames[at] for at in _telling(ours)]
    return [f"{code.co_filename}:{number} in {code.co_name}" for code, number in frames[-_FRAMES:]]


def _is_ours(file: str) -> bool:
    """Whether a place is in Poblano or in Python itself, which says little to whoever has written a rule."""
    return file.startswith(_OURS) or (file.startswith(_STANDARD) and "-packages" not in file[len(_STANDARD) :])


def _telling(ours: Sequence[bool]) -> Iterator[int]:
    """Which frames say something: all that are not ours, and the ends of what is ours behind them.

    >>> list(_telling([True, True, False, True, True, True, False, True]))
    [2, 3, 5, 6, 7]
    """
    begun = False
    for at, is_ours in enumerate(ours):
        begun = begun or not is_ours
        inner = at + 1 < len(ours) and ours[at - 1] and ours[at + 1]
        if begun and not (is_ours and inner):
            yield at


def json_line(line: Line) -> bytes:
    r"""`line` as JSON with a line end.

    >>> json_line({"level": "info", "message": "ready"})
    b'{"level":"info","message":"ready"}\n'
    """
    try:
        return orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z)
    except TypeError:
        clean = {
            text(str(key)): value if isinstance(value, datetime) else redacted(value) for key, value in line.items()
        }
        return orjson.dumps(clean, option=orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z)


def to_stdout(line: bytes) -> None:
    """Write to whatever ``sys.stdout`` is now: what happens before a command has said where to log."""
    sys.stdout.write(line.decode("utf-8", "replace"))
    sys.stdout.flush()


class Descriptor:
    """Writes to a file descriptor, at once and each line whole: nothing is buffered, so nothing is lost.

    A reader that does not read holds the writer up, as with any standard output. Only where the descriptor was made
    not to block is it given up after a second, and the rest of the line is dropped.
    """

    def __init__(self, number: int) -> None:
        self._number = number
        self._lock = threading.Lock()

    def __call__(self, line: bytes) -> None:
        with self._lock:
            written = self._written(line)
            while written < len(line):
                written += self._written(line[written:])

    def _written(self, part: bytes) -> int:
        try:
            return os.write(self._number, part)
        except BlockingIOError:
            _, ready, _ = select.select((), (self._number,), (), _PATIENCE_SECONDS)
            return 0 if ready else len(part)
