"""Logs: one JSON object a line, on the standard output, that know which rule speaks about which object.

>>> Log.info("told", count=3)  # doctest: +SKIP
{"time":"2026-01-01T00:00:00.000000Z","level":"info","message":"told","count":3}

An object may come first: its kind, namespace and name are logged, and never what it contains::

    Log.info(pod, "has no tier", wanted=["data", "web"])

Within an action, the line also has ``capability``, ``rule`` and the request's ``uid``. What is under a name such as
``password`` or ``data``, bytes, and parts of objects are withheld: see `poblano.redaction`.

A module that has loggers of structlog or of the standard library may use these as well: once a command has called `configure`,
their lines look the same, and `Log`'s have what is bound to structlog's context variables. For one that does not, structlog is
not loaded: it takes 5 MB.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, cast, overload

from poblano.core.requests import Request
from poblano.core.review import AdmissionRequest
from poblano.core.structs import Struct
from poblano.log_lines import LEVELS, Descriptor, Level, Line, Output, error_fields, json_line, line, to_stdout
from poblano.once_loaded import once_loaded
from poblano.redaction import reference_of, text

if TYPE_CHECKING:
    from structlog.typing import EventDict

About: TypeAlias = "Struct | Request[Any] | AdmissionRequest | BaseException | Mapping[str, Any]"
"""What a line may be about: an object, a request, or an error; any other map becomes the field ``about``."""

Format: TypeAlias = Literal["json", "console"]

_STDOUT: Final = 1

_output = Output(LEVELS["info"], json_line, to_stdout)


class Logger:
    """What `Log` is. `bind` makes another one, with fields that all its lines have."""

    __slots__ = ("_fields",)

    def __init__(self, **fields: object) -> None:
        self._fields = fields

    def bind(self, **fields: object) -> Logger:
        """A logger whose lines also have `fields`."""
        return Logger(**{**self._fields, **fields})

    @overload
    def debug(self, message: str, /, **fields: object) -> None: ...
    @overload
    def debug(self, about: About, message: str = "", /, **fields: object) -> None: ...
    def debug(self, /, *said: object, **fields: object) -> None:
        """Say what only somebody who looks for a fault wants to know."""
        self._say("debug", said, fields)

    @overload
    def info(self, message: str, /, **fields: object) -> None: ...
    @overload
    def info(self, about: About, message: str = "", /, **fields: object) -> None: ...
    def info(self, /, *said: object, **fields: object) -> None:
        """Say what happened.

        Args:
            said: the message; or what it is about, then the message.
            fields: what else to put into the line.
        """
        self._say("info", said, fields)

    @overload
    def warning(self, message: str, /, **fields: object) -> None: ...
    @overload
    def warning(self, about: About, message: str = "", /, **fields: object) -> None: ...
    def warning(self, /, *said: object, **fields: object) -> None:
        """Say what somebody should look at some day."""
        self._say("warning", said, fields)

    @overload
    def error(self, message: str, /, **fields: object) -> None: ...
    @overload
    def error(self, about: About, message: str = "", /, **fields: object) -> None: ...
    def error(self, /, *said: object, **fields: object) -> None:
        """Say what failed."""
        self._say("error", said, fields)

    @overload
    def exception(self, message: str, /, **fields: object) -> None: ...
    @overload
    def exception(self, about: About, message: str = "", /, **fields: object) -> None: ...
    def exception(self, /, *said: object, **fields: object) -> None:
        """Say what failed, with the error that is being handled and where it came from."""
        self._say("error", said, {"exc_info": True, **fields})

    def _say(self, level: Level, said: tuple[object, ...], fields: Mapping[str, object]) -> None:
        if LEVELS[level] < _output.least:
            return
        given: dict[str, object] = {**self._fields, **fields}
        given = {f"{key}_" if key in ("event", "method_name", "self") else key: value for key, value in given.items()}
        message = _gathered(said, given)
        try:
            _writer.msg(_rendered(None, level, {**_around(), **given, "event": message}))
        except Exception:  # noqa: BLE001 -- a log line is no reason to fail a request
            _output.emit(line("error", "a log line could not be made", {"of": text(message)}))


Log: Final = Logger()
"""The log of the module."""


def configure(
    level: Level,
    *,
    format: Format = "json",
    colors: bool | None = None,
    write: Callable[[bytes], object] | None = None,
) -> None:
    """Say once, in a command, what is logged and how: by `Log`, by structlog's loggers, and by the standard library's.

    Args:
        level: this and what is worse. Libraries' own loggers begin at warning.
        format: ``json``; or ``console``, readable, for somebody who watches a terminal.
        colors: in the console format; by default when the standard output is a terminal.
        write: takes a line; by default it is written to the standard output, at once.
    """
    global _output  # noqa: PLW0603 -- what a process logs is a matter of the process
    render = json_line if format == "json" else _console(colors=os.isatty(_STDOUT) if colors is None else colors)
    _output = Output(LEVELS[level], render, write or Descriptor(_STDOUT))
    once_loaded("structlog", lambda: _configure_structlog(level))
    _take_standard_logging(level)


def _configure_structlog(level: Level) -> None:
    import structlog

    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, _rendered],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        logger_factory=_Writer,
        cache_logger_on_first_use=False,
    )


def emit_all(made: Sequence[Line]) -> None:
    """Write lines that are ready, in one piece."""
    _output.emit_all(made)


def enabled(level: Level) -> bool:
    """Whether lines of `level` are written."""
    return LEVELS[level] >= _output.least


def _around() -> dict[str, Any]:
    """What is bound to structlog's context variables, if the module uses it."""
    contextvars = sys.modules.get("structlog.contextvars")
    return contextvars.get_contextvars() if contextvars is not None else {}


class _Writer:
    """What structlog calls with the rendered line."""

    def __init__(self, *_names: str) -> None: ...

    def msg(self, line: bytes) -> None:
        try:
            _output.write(line)
        except Exception:  # noqa: BLE001 -- there is nobody left to tell
            return

    debug = info = warning = warn = error = critical = exception = fatal = failure = err = log = msg


_writer: Final = _Writer()


def _rendered(_logger: object, method: str, event: EventDict) -> bytes:
    """What was gathered, as a line: structlog's last processor."""
    fields = dict(event)
    message = fields.pop("event", "")
    error = _error(fields.pop("exc_info", None))
    if error is not None:
        fields |= error_fields(error)
    return _output.render(line(_level(method), message if isinstance(message, str) else "", fields))


def _error(info: object) -> BaseException | None:
    if isinstance(info, BaseException):
        return info
    if isinstance(info, tuple):
        return cast("tuple[Any, BaseException | None, Any]", info)[1]
    return sys.exc_info()[1] if info else None


def _level(method: str) -> Level:
    match method:
        case "debug" | "info" | "error":
            return method
        case "warning" | "warn":
            return "warning"
        case _:
            return "error"


def _gathered(said: tuple[object, ...], fields: dict[str, object]) -> str:
    """The message in `said`; what it is about goes into `fields`."""
    message = ""
    for part in said:
        if isinstance(part, str) and not message:
            message = part
        elif (reference := reference_of(part)) is not None:
            fields.update(reference)
        elif isinstance(part, BaseException):
            fields["exc_info"] = part
        else:
            fields["about"] = part
    return message


def _console(*, colors: bool) -> Callable[[Line], bytes]:
    from poblano.log_console import console_renderer

    return console_renderer(colors=colors)


class _Handler(logging.Handler):
    """Takes the lines of the standard library's loggers."""

    def emit(self, record: logging.LogRecord) -> None:
        extra = {key: value for key, value in vars(record).items() if key not in _RECORD}
        error = _error(record.exc_info)
        if error is not None:
            extra |= error_fields(error)
        try:
            message = record.getMessage()
        except Exception:  # noqa: BLE001 -- a library's wrong arguments
            message = str(record.msg)
        level = _level_of(record.levelno)
        _output.emit(line(level, message, {"logger": record.name, **extra}))


def _level_of(number: int) -> Level:
    worst: Level = "debug"
    for level, least in LEVELS.items():
        if number >= least:
            worst = level
    return worst


_RECORD: Final = frozenset({*vars(logging.makeLogRecord({})), "message", "asctime", "taskName", "color_message"})


def _take_standard_logging(level: Level) -> None:
    root = logging.getLogger()
    root.handlers = [handler for handler in root.handlers if not isinstance(handler, _Handler)] + [_Handler()]
    root.setLevel(max(LEVELS[level], LEVELS["warning"]))
    logging.getLogger("poblano").setLevel(LEVELS[level])
