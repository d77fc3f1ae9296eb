"""What the pods of a module have logged, for people and for programs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import orjson

from poblano.cli.terminal import STYLES, Part, Terminal
from poblano.core.jsonvalue import Document, as_map

if TYPE_CHECKING:
    from poblano.fluent.logs import LogLine

LOUD: Final = frozenset({"warning", "error", "critical"})
INDENT: Final = "         "
_SIGNS: Final = {"+": "green", "-": "red", "~": "yellow"}
_KNOWN: Final = frozenset({"time", "level", "message"})


class Shown:
    """Prints reviews as ``poblano dev`` does, and what else is logged at warning or worse.

    Args:
        terminal: where to.
        everything: also what is logged below warning.
    """

    def __init__(self, terminal: Terminal, *, everything: bool) -> None:
        self._terminal = terminal
        self._everything = everything

    def line(self, line: LogLine) -> None:
        """Show one line of a log, if it is to be shown."""
        said = parsed(line.text)
        if said is None:
            if self._everything:
                self._terminal.line((f"{line.pod} ", "dim"), line.text)
        elif _is_review(said):
            self._review(line.pod, said)
        elif self._everything or _is_loud(said):
            self._other(line.pod, said)

    def _review(self, pod: str, said: Document) -> None:
        verdict = str(said.get("verdict"))
        self._terminal.line(
            (_time(said), "dim"),
            f" {said['phase']:8} {_asked(said)} by {said.get('user') or 'nobody'}: ",
            (verdict, STYLES.get(verdict, "")),
            *_rules(said),
            (f"  {said.get('ms')} ms  {pod}", "dim"),
        )
        for change in said.get("changes", ()):
            self._terminal.line(INDENT, (str(change), _SIGNS.get(str(change)[:1], "dim")))
        for key in ("denials", "errors"):
            for text in said.get(key, ()):
                self._terminal.line(INDENT, (str(text), "red"))

    def _other(self, pod: str, said: Document) -> None:
        rest = "".join(f" {key}={_plain(value)}" for key, value in said.items() if key not in _KNOWN)
        level = str(said.get("level", "info"))
        style = "red" if level in {"error", "critical"} else "yellow" if level == "warning" else ""
        self._terminal.line(
            (_time(said), "dim"), " ", (f"{level:8}", style), f" {said.get('message', '')}{rest}  ", (pod, "dim")
        )


def as_json(line: LogLine, *, everything: bool) -> str | None:
    """The line with its pod and container, as one line of JSON; None where it is not asked for."""
    said = parsed(line.text)
    if said is None:
        said = {"message": line.text}
    if not everything and not _is_review(said) and not _is_loud(said):
        return None
    return orjson.dumps({"pod": line.pod, "container": line.container, **said}).decode()


def parsed(text: str) -> Document | None:
    """A line of a log as its fields; None when it is not one of ours."""
    if not text.startswith("{"):
        return None
    try:
        found: Any = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    return as_map(found)


def _is_review(said: Document) -> bool:
    """Whether it tells of a review: what the code of a module logs may be called so as well."""
    lists = all(isinstance(said.get(key, []), list) for key in ("changes", "denials", "errors", "rules"))
    return said.get("message") == "review" and isinstance(said.get("phase"), str) and lists


def _is_loud(said: Document) -> bool:
    return str(said.get("level")) in LOUD


def _time(said: Document) -> str:
    """The time of day on this machine."""
    try:
        return datetime.fromisoformat(str(said.get("time"))).astimezone().strftime("%H:%M:%S")
    except ValueError:
        return "--:--:--"


def _asked(said: Document) -> str:
    kind, name, namespace = said.get("kind") or "object", said.get("name") or "…", said.get("namespace")
    sub = f"/{said['subresource']}" if said.get("subresource") else ""
    place = f"{namespace}/{name}" if namespace and kind != "Namespace" else name
    return f"{said.get('operation')} {kind}{sub} {place}{' (dry run)' if said.get('dry_run') else ''}"


def _rules(said: Document) -> Iterator[Part]:
    """The rules that said something."""
    for rule in said.get("rules", ()):
        title, _, result = str(rule).rpartition(": ")
        yield f", {title} "
        yield (result, STYLES.get(result, ""))


def _plain(value: object) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()
