"""The faults run when they are asked for by name (`make faults`, `make soak`): they take minutes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from poblano.client import Access
from poblano.client.access import Cluster, Material, User
from tests import control_plane as real
from tests.faults.middleman import Middleman
from tests.faults.pace import PACE
from tests.faults.scene import closing_all
from tests.faults.targets import EmbeddedTarget, RealTarget, Target
from tests.faults.wire import Wire
from tests.handshakes import forgotten_transports_are_collected_here, may_be_cancelled  # noqa: F401 -- a fixture

HERE = Path(__file__).parent
COLUMNS = "{:<56} {:>22} {:>22}"


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """`pytest` and `pytest tests` pass this folder over."""
    asked = [Path(one.partition("::")[0]).resolve() for one in config.args]
    return None if any(one == HERE or HERE in one.parents for one in asked) else True


def pytest_configure(config: pytest.Config) -> None:
    """Without xdist nobody else does it."""
    config.addinivalue_line("markers", "xdist_group(name): tests that share one server, and run in one process")


@pytest.hookimpl(tryfirst=True)  # xdist reads the groups in its own
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    may_be_cancelled(item for item in items if HERE in item.path.parents)
    for item in items:
        if HERE in item.path.parents:
            found = getattr(item, "callspec", None)
            item.add_marker(pytest.mark.xdist_group(str(found.params.get("target")) if found else "any"))
            item.add_marker(pytest.mark.timeout(600 + 2 * PACE.chaos))
        elif item.get_closest_marker("xdist_group") is None:  # a file that runs with these keeps its servers to itself
            item.add_marker(pytest.mark.xdist_group(item.path.name))


@pytest.fixture(scope="session")
def embedded_target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    target = EmbeddedTarget(tmp_path_factory.mktemp("embedded"))
    yield target
    target.kill()


@pytest.fixture(scope="session")
def real_target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    try:
        assets = real.find_assets()
    except real.Unavailable as reason:
        if os.environ.get("POBLANO_REQUIRE_CONTROL_PLANE"):
            pytest.fail(str(reason))
        pytest.skip(str(reason))
    with closing_all(target := RealTarget(assets, tmp_path_factory.mktemp("real"))):
        yield target


BOTH = [
    pytest.param("embedded_target", id="embedded"),
    pytest.param("real_target", id="real", marks=pytest.mark.control_plane),
]


@pytest.fixture(params=BOTH)
def target(request: pytest.FixtureRequest) -> Target:
    """An API server that can be killed; the other tests of this process use it too."""
    found: Target = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def wire(target: Target) -> Iterator[Wire]:
    with closing_all(made := Wire(("127.0.0.1", target.port))):
        yield made


@pytest.fixture
def by_wire(target: Target, wire: Wire) -> Access:
    """TLS, end to end, over a path that can break."""
    authority = Material(data=target.ca.encode())
    return Access(Cluster(f"https://127.0.0.1:{wire.port}", certificate_authority=authority), User(token=target.token))


@pytest.fixture
def middleman(target: Target) -> Iterator[Middleman]:
    with closing_all(made := Middleman(target.url, target.ca, target.token)):
        yield made


@pytest.fixture
def by_middleman(target: Target, middleman: Middleman) -> Access:
    return Access(Cluster(middleman.url), User(token="first"))


@pytest.fixture
def direct(target: Target) -> Access:
    authority = Material(data=target.ca.encode())
    return Access(Cluster(target.url, certificate_authority=authority), User(token=target.token))


@pytest.fixture
def note(record_property, target: Target):
    """Have an outcome in the table at the end."""

    def noted(fault: str, outcome) -> None:
        found = outcome.counts["recovered"]
        cell = f"{outcome.recovery:.1f} s" + (f", {found} by a list" if found else "")
        record_property("fault", (fault, target.name, cell))

    return noted


@pytest.fixture
def note_seconds(record_property, target: Target):
    """Have one duration in the table at the end."""
    return lambda fault, seconds: record_property("fault", (fault, target.name, f"{seconds:.1f} s"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The table."""
    reports = [report for found in ("passed", "failed") for report in terminalreporter.stats.get(found, [])]
    cells = {(row[0], row[1]): row[2] for one in reports for name, row in one.user_properties if name == "fault"}
    if not cells:
        return
    servers = sorted({server for _, server in cells})
    terminalreporter.section("what was survived, and how soon all was known again")
    terminalreporter.write_line(COLUMNS.format("", *servers, *([""] * (2 - len(servers)))).rstrip())
    for fault in sorted({fault for fault, _ in cells}, key=str.lower):
        row = [cells.get((fault, server), "-") for server in servers]
        terminalreporter.write_line(COLUMNS.format(fault, *row, *([""] * (2 - len(row)))).rstrip())
    terminalreporter.write_line("")
    terminalreporter.write_line("by a list: so many changes that no watch told were found by comparison with one")
    terminalreporter.write_line(
        f"bound: {PACE.bound:g} s; watches last {PACE.lasting[0]:g} to {PACE.lasting[1]:g} s, outages {PACE.outage:g} s"
    )
