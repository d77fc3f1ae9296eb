"""The command line: what it costs, what it says, and that a user's mistake ends in one message."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import click
import pytest
from click.testing import CliRunner

from poblano import __version__
from poblano.cli.main import COMMANDS, cli, main
from poblano.core.errors import PoblanoError
from tests.cli.developing import POBLANO, environment, write_project

if TYPE_CHECKING:
    from pathlib import Path

HEAVY = ("aiohttp", "cryptography", "msgspec", "orjson", "prometheus_client", "rich", "structlog", "uvicorn", "yaml")


def poblano(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*POBLANO, *arguments],
        cwd=folder,
        env=environment() | {"HOME": str(folder)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("arguments", (["--help"], *([command, "--help"] for command in COMMANDS)))
def test_help_loads_nothing_heavy(arguments: list[str]) -> None:
    code = f"""
import sys
from poblano.cli.main import main
try:
    main({arguments!r})
except SystemExit as exit:
    assert exit.code == 0
print("loaded:", *[name for name in {HEAVY!r} if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.splitlines()[-1].strip() == "loaded:"


def test_the_list_of_commands_imports_none_of_them() -> None:
    code = """
import sys
from poblano.cli.main import main
try:
    main(["--help"])
except SystemExit:
    print("loaded:", sorted(name for name in sys.modules if name == "asyncio" or name.startswith("poblano.cli.")))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.splitlines()[-1] == "loaded: ['poblano.cli.main']"


def test_the_help_names_every_command_with_what_it_does() -> None:
    shown = " ".join(CliRunner().invoke(cli, ["--help"]).output.split())
    for name, does in COMMANDS.items():
        assert f" {name} {does} " in shown
        assert cli.get_command(click.Context(cli), name).get_short_help_str(limit=120) == does
    assert "Exit codes: 0 all is well" in shown


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_completes_commands_and_options(tmp_path: Path, shell: str) -> None:
    def asked(words: str, number: int) -> str:
        given = {"COMP_WORDS": words, "COMP_CWORD": words if shell == "fish" else str(number)}
        environ = {**environment(), "_POBLANO_COMPLETE": f"{shell}_complete", **given}
        command = [sys.executable, "-m", "poblano.cli"]
        done = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True, check=True)
        return done.stdout

    if shell == "fish":
        assert "plain,monitor" in asked("mon", 1)
        return
    assert "monitor" in asked("poblano mon", 1)
    assert "--kubeconfig" in asked("poblano monitor --kube", 2)


def test_the_version_is_the_package_s(tmp_path: Path) -> None:
    assert poblano(tmp_path, "--version").stdout == f"poblano {__version__}\n"


def test_an_unknown_command_is_2(tmp_path: Path) -> None:
    done = poblano(tmp_path, "serve")
    assert done.returncode == 2
    assert "No such command 'serve'" in done.stderr


def test_a_folder_without_a_module_is_1_and_says_what_to_write(tmp_path: Path) -> None:
    done = poblano(tmp_path, "demo")
    assert done.returncode == 1
    assert done.stderr.startswith("Error: no pyproject.toml with a [tool.poblano] table in ")
    assert done.stderr.count("\n") == 1


def test_an_error_in_the_user_s_code_names_file_and_line(tmp_path: Path) -> None:
    folder = write_project(tmp_path / "module", "wrong", "import os\nboat = 1 / 0\n")
    done = poblano(folder, "demo")
    assert done.returncode == 1
    assert f"{folder / 'rules.py'}:2: ZeroDivisionError: division by zero" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_wrong_definition_names_file_line_and_cure(tmp_path: Path) -> None:
    code = "from poblano import Capability, a\nc = Capability('c')\nc.when(a.Pod).mutate(print)\n"
    folder = write_project(tmp_path / "module", "wrong", code)
    done = poblano(folder, "demo")
    assert f"{folder / 'rules.py'}:3: the rule for Pod does not say when; write is_created()" in done.stderr
    assert done.stderr.count("\n") == 1


def test_debug_shows_the_traceback(tmp_path: Path) -> None:
    folder = write_project(tmp_path / "module", "wrong", "boat = 1 / 0\n")
    done = poblano(folder, "--debug", "demo")
    assert done.returncode == 1
    assert "Traceback" in done.stderr
    assert "ZeroDivisionError" in done.stderr


def test_a_kubeconfig_that_is_not_there_is_named(tmp_path: Path) -> None:
    folder = write_project(tmp_path / "module", "lonely", "from poblano import Module\nmodule = Module()\n")
    done = poblano(folder, "dev", "--kubeconfig", "nowhere")
    assert done.returncode == 1
    assert done.stderr.startswith("Error: nowhere: ")
    assert done.stderr.count("\n") == 1


def test_a_cluster_that_does_not_answer_is_1(tmp_path: Path) -> None:
    folder = write_project(tmp_path / "module", "lonely", "from poblano import Module\nmodule = Module()\n")
    (folder / "config").write_text(
        """{"current-context": "c", "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": {"server": "https://127.0.0.1:1"}}], "users": [{"name": "u", "user": {}}]}"""
    )
    done = poblano(folder, "dev", "--kubeconfig", "config", "--port", "0")
    assert done.returncode == 1
    assert "https://127.0.0.1:1" in done.stderr or "127.0.0.1:1" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "error", [PoblanoError("no\x1b[2J"), click.ClickException("no\x1b[2J")], ids=["ours", "click's"]
)
def test_every_mistake_is_told_in_one_way(
    error: Exception, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(cli, "main", fails)
    with pytest.raises(SystemExit) as ended:
        main(["uuid"])
    assert (ended.value.code, capsys.readouterr().err) == (1, "Error: no\\x1b[2J\n")


@pytest.mark.parametrize("host", ["", "https://localhost", "localhost:8443", "two words", "-x"])
def test_a_host_that_no_address_can_have_is_refused_before_anything_is_registered(host: str) -> None:
    done = CliRunner().invoke(cli, ["dev", f"--host={host}"])
    assert done.exit_code == 2
    assert "is neither a name nor an address; write it alone: --host localhost" in done.output


def test_what_a_cluster_says_in_an_error_is_not_obeyed_by_the_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise PoblanoError("denied\x1b[2J\nsay why")

    monkeypatch.setattr(cli, "main", refused)
    with pytest.raises(SystemExit) as ended:
        main(["uuid"])
    assert ended.value.code == 1
    assert capsys.readouterr().err == "Error: denied\\x1b[2J\nsay why\n"
