"""A pytest plugin: run each test of a row with each behaviour of Pepr's that must break it, and write down how it fared.

pytest -p tests.pepr.put_in --pepr-report FILE tests/pepr
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.pepr.behaviour import Behaviour, behaviours
from tests.pepr.pods import BEHAVIOUR

if TYPE_CHECKING:
    from collections.abc import Generator

_fared: list[dict[str, str]] = []


def pytest_addoption(parser: pytest.Parser) -> None:
    """Where to write how the tests fared."""
    parser.addoption("--pepr-report", type=Path, required=True)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Each test once for each behaviour that it must notice; once with none, to be named in the report, when there is none."""
    name = metafunc.function.__name__
    breaking = [known for known in behaviours().values() if name in known.breaks]
    metafunc.parametrize("pepr", breaking or [None], indirect=True, ids=lambda known: known.name if known else "none")


@pytest.fixture(autouse=True)
def pepr(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the behaviour in, here and in every process that the test starts."""
    known: Behaviour | None = request.param
    if known is not None:
        monkeypatch.setenv(BEHAVIOUR, known.name)
        known.put_in(monkeypatch)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
    """Note what came of a test."""
    report = yield
    if report.when == "call" or not report.passed:
        assert isinstance(item, pytest.Function)
        known: Behaviour | None = item.callspec.params["pepr"]
        _fared.append(
            {
                "test": item.originalname,
                "behaviour": known.name if known else "",
                "when": report.when,
                "outcome": report.outcome,
                "error": repr(call.excinfo.value)[:500] if call.excinfo else "",
            }
        )
    return report


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the report."""
    session.config.getoption("--pepr-report").write_text(json.dumps(_fared))
