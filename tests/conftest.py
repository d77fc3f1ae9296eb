"""What all tests share: the control plane, and the rule that nothing is skipped in silence."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest
from hypothesis import HealthCheck, settings

from tests import control_plane as real

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

# A test that no run on this machine could make says so with a reason that begins like the first of these; the second is
# pytest's about a docstring whose examples are all marked +SKIP. Every other skip fails continuous integration.
EXPECTED = ("cannot run here: ", "all tests skipped by +SKIP option")

# No wall-clock limits: the machine may be busy. In continuous integration the same examples every time, elsewhere new ones.
settings.register_profile(
    "poblano",
    deadline=None,
    derandomize=bool(os.environ.get("CI")),
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("poblano")


@pytest.fixture(autouse=True)
def _what_is_logged_and_how_ends_with_the_test() -> Generator[None]:
    """A command says it for its process, and a test that calls one would say it for all that come after."""
    from poblano import log

    before = log._output
    yield
    log._output = before


StartControlPlane: TypeAlias = "Callable[[], contextlib.AbstractContextManager[real.ControlPlane]]"


@pytest.fixture(scope="session")
def start_control_plane(tmp_path_factory: pytest.TempPathFactory) -> StartControlPlane:
    """For what needs a real API server to itself, which may be left in disorder."""

    @contextlib.contextmanager
    def started() -> Generator[real.ControlPlane]:
        with contextlib.ExitStack() as stack:
            try:
                assets = real.find_assets()
                cluster = stack.enter_context(real.running(assets, tmp_path_factory.mktemp("control-plane")))
            except real.Unavailable as reason:
                if os.environ.get("POBLANO_REQUIRE_CONTROL_PLANE"):
                    pytest.fail(str(reason))
                pytest.skip(str(reason))
            yield cluster

    return started


@pytest.fixture(scope="session")
def control_plane(start_control_plane: StartControlPlane) -> Generator[real.ControlPlane]:
    """A real API server with controllers, one for all tests of a process: use names and namespaces of your own."""
    with start_control_plane() as cluster:
        yield cluster


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Ten thousand tests are no garbage: the collector looks at none of them, neither meanwhile nor whenever a test calls it."""
    from poblano.watch.collecting import settled, uncollected

    with uncollected():
        outcome = yield
    settled()
    return outcome


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Generator[None, object, object]:
    """Let `-m control_plane` choose the tests that need one, and run their files last: each process has one of its own from
    the first such test to its end, and that takes a sixteenth of a processor also while nothing is asked of it."""
    for item in items:
        if "start_control_plane" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.control_plane)
    outcome = yield
    needing = {item.path for item in items if item.get_closest_marker("control_plane")}
    last = needing - {item.path for item in items if item.get_closest_marker("xdist_group")}
    items.sort(key=lambda item: item.path in last)
    return outcome


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_node_collection_finished(node: Any, ids: Sequence[str]) -> None:
    """Tests of one group rely on what those before them have left; a pytest that xdist does not know loses the groups in silence."""
    if node.config.getoption("dist") == "loadgroup" and not any("@" in one for one in ids):
        raise pytest.UsageError("pytest-xdist keeps no groups together: pyproject.toml says with which pytest it does")


def _unexpected_skips(config: pytest.Config) -> list[str]:
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or not os.environ.get("CI"):
        return []
    skips = [(report.nodeid, str(report.longrepr[-1])) for report in reporter.stats.get("skipped", [])]
    return [
        f"{nodeid}: {reason}" for nodeid, reason in skips if not reason.removeprefix("Skipped: ").startswith(EXPECTED)
    ]


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """In continuous integration a test that could have run and did not is a failure."""
    if session.exitstatus == pytest.ExitCode.OK and _unexpected_skips(session.config):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Name the skips for which the run fails, above pytest's closing line."""
    if skips := _unexpected_skips(config):
        terminalreporter.section("skipped, which continuous integration forbids", red=True)
        for skip in skips:
            terminalreporter.write_line(skip)
