"""Log lines for somebody who watches a terminal."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from poblano.core.printable import printable
from poblano.log_lines import Line


def console_renderer(*, colors: bool) -> Callable[[Line], bytes]:
    """A renderer of one readable line each; the places that led to an error are lines of their own."""
    import structlog

    render = structlog.dev.ConsoleRenderer(
        colors=colors, event_key="message", timestamp_key="time", sort_keys=False, pad_event_to=0
    )

    def rendered(line: Line) -> bytes:
        shown = {key: _printable(value) for key, value in line.items()}
        places = shown.pop("trace", ())
        head = render(None, "", shown)
        return "\n".join([head, *(f"    {place}" for place in places), ""]).encode("utf-8", "replace")

    return rendered


def _printable(value: Any) -> Any:
    """Nothing that a terminal would obey: names come from whoever may write to the cluster."""
    if isinstance(value, datetime):
        return value.astimezone().strftime("%H:%M:%S.%f")[:-3]
    return printable(value) if isinstance(value, str) else value
