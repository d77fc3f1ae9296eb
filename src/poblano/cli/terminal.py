"""What the commands print: one line for each review, notes and mistakes. Colours on a terminal only."""

from __future__ import annotations

import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, TypeAlias

from rich.console import Console
from rich.text import Text

from poblano.cli.debugging import is_debugged
from poblano.core.entries import Entry
from poblano.core.printable import printable
from poblano.core.review import AdmissionRequest, Answer, Review
from poblano.core.verdict import RuleResult, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

STYLES: Final = {
    "allowed": "green",
    "unchanged": "dim",
    "changed": "yellow",
    "warned": "magenta",
    "audited": "magenta",
    "denied": "red",
    "error": "bold red",
}


Part: TypeAlias = "str | tuple[str, str]"
"""A text, or a text and its style."""

MEASURE: Final = 20
"""Columns that words are given however narrow the terminal is."""


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Go on: rich would end the process, and with it the reviews under way."""


class Terminal:
    """Prints lines, at once.

    Args:
        file: where to; None is the standard output.
        width: at which the lines of the demo wrap; None takes the terminal's.
        clock: says the time of day, as text.
    """

    def __init__(
        self, file: IO[str] | None = None, width: int | None = None, clock: Callable[[], str] | None = None
    ) -> None:
        if file is None and (reconfigure := getattr(sys.stdout, "reconfigure", None)) is not None:
            # A name in the cluster may hold what this terminal cannot show; that is no reason to fail a review.
            reconfigure(errors="backslashreplace")
        self._console = _Console(file=file, width=width, highlight=False, markup=False, emoji=False, soft_wrap=True)
        self._clock = clock or (lambda: time.strftime("%H:%M:%S"))

    def line(self, *parts: Part) -> None:
        """A line of texts, or of pairs of a text and its style."""
        self._print(_made(parts))

    def hanging(self, parts: Sequence[Part], indent: int) -> None:
        """The same over as many lines as it takes at this width, all but the first of them indented."""
        made = _made(parts)
        if made.cell_len <= self._console.width:
            self._print(made)
            return
        lead, rest = made.divide([indent])
        for line in rest.wrap(self._console, max(self._console.width - indent, MEASURE)):
            line.rstrip()
            self._print(Text.assemble(lead, line))
            lead = Text(" " * indent)

    def _print(self, made: Text) -> None:
        # The reader of a pipe may have gone.
        with suppress(BrokenPipeError):
            self._console.print(made)
            self._console.file.flush()

    def note(self, text: str) -> None:
        """What Poblano did."""
        self.line((self._clock(), "dim"), " ", (text, "bold"))

    def mistake(self, text: str) -> None:
        """What is wrong, for the user to mend."""
        self.line((self._clock(), "dim"), " ", (text, "bold red"))

    def review(self, entry: Entry, review: Review, verdict: Verdict, answer: Answer, seconds: float) -> None:
        """A review that was answered: see `poblano.admission.reviewer.Observer`."""
        request = review.request
        self.line(
            (self._clock(), "dim"),
            f" {entry.phase:8} {asked(request)} by {request.user_info.username or 'nobody'}: ",
            said(answer),
            *(part for result in verdict.results for part in (", ", *ran(result))),
            (f"  {seconds * 1000:.1f} ms", "dim"),
        )
        if not answer.allowed:
            self.line(f"         {answer.message}")
        for warning in answer.warnings:
            self.line(("         warning: ", "magenta"), warning)
        for result in verdict.results:
            if result.error is not None:
                self.line(("         ", ""), (broken(result, secret=verdict.about_secret), "red"))

    def blocked(self, action: str, seconds: float) -> None:
        """An action held the event loop; at a breakpoint, that is what it is for."""
        if is_debugged():
            return
        self.mistake(
            f"{action} held the server for {seconds * 1000:.0f} ms: from now on it runs in a thread; "
            "make it async def, or quicker"
        )


def _made(parts: Sequence[Part]) -> Text:
    made = Text()
    for part in parts:
        text, style = part if isinstance(part, tuple) else (part, "")
        made.append(printable(text), style)
    return made


def asked(request: AdmissionRequest) -> str:
    """What a request is about, in one line.

    >>> asked(AdmissionRequest("u", "CREATE", namespace="shop", name="db", dry_run=True))
    'CREATE object shop/db (dry run)'
    """
    kind = request.kind.kind or "object"
    if request.sub_resource:
        kind = f"{request.resource.resource}/{request.sub_resource}"
    name = request.name or _name_in(request)
    place = f"{request.namespace}/{name}" if request.namespace and kind != "Namespace" else name
    return f"{request.operation} {kind} {place}{' (dry run)' if request.dry_run else ''}"


def said(answer: Answer) -> tuple[str, str]:
    """The answer in a word or two, and its style."""
    if not answer.allowed:
        return f"denied {answer.code}", "red"
    return ("changed", "yellow") if answer.patch else ("allowed", "green")


def ran(result: RuleResult) -> tuple[Part, ...]:
    """A rule and what came of it, as parts of a line."""
    return f"{result.capability}/{result.rule} ", (result.result, STYLES[result.result])


def broken(result: RuleResult, *, secret: bool) -> str:
    """What a rule raised, and the line of the user's that did; of a Secret not the words, they may hold its values."""
    from poblano.core.verdict import described
    from poblano.log_lines import places_of

    assert result.error is not None
    places = [place for place in places_of(result.error) if not place.startswith(_PACKAGE)]
    where = f" at {places[-1]}" if places else ""
    return f"{result.capability}/{result.rule} raised {described(result.error, secret=secret)}{where}"


_PACKAGE = f"{Path(__file__).resolve().parents[1]}/"


def _name_in(request: AdmissionRequest) -> str:
    """The name that a request without one is about: of a deletecollection, or what will be generated."""
    found: dict[str, Any] = (request.old_object if request.operation == "DELETE" else request.object) or {}
    metadata = found.get("metadata")
    if not isinstance(metadata, dict):
        return ""
    return str(metadata.get("name") or f"{metadata.get('generateName', '')}…")  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
