"""What `poblano monitor` makes of the lines of a log, whoever has written them."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from poblano.cli.logged import Shown, as_json
from poblano.cli.terminal import Terminal
from poblano.fluent.logs import LogLine


def shown(said: dict[str, Any]) -> str:
    file = io.StringIO()
    Shown(Terminal(file), everything=True).line(LogLine("first", "server", json.dumps(said)))
    return file.getvalue()


@pytest.mark.parametrize(
    "said",
    [
        {"level": "info", "message": "review", "changes": 3},
        {"level": "info", "message": "review", "phase": None},
        {"level": "info", "message": "review", "phase": "mutate", "denials": None},
        {"level": ["info"], "message": "started"},
        {"level": 30, "message": {"text": "started"}},
    ],
)
def test_what_only_looks_like_a_review_of_ours_is_shown_as_it_is(said: dict[str, Any]) -> None:
    assert str(said["message"]) in shown(said)
    assert as_json(LogLine("first", "server", json.dumps(said)), everything=False) is None
