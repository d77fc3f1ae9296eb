"""`poblano init`: what it makes passes its own checks, and demo, dev and build work in it."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner

from poblano.cli import init
from poblano.cli.template_files import RECORD, TEMPLATES, Answers, Record, project
from poblano.core.errors import InvalidSettings, PoblanoError
from poblano.settings import load_settings
from tests.cli.developing import POBLANO, environment, started

QUICK = Answers(name="shop-rules", description="d", on_error="audit", uuid="shop")


def call(*arguments: str, cwd: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        arguments, cwd=cwd, env=environment() | environ, capture_output=True, text=True, check=False, timeout=170
    )


def expanded(snippet: dict[str, object]) -> str:
    """What an editor makes of a snippet for somebody who takes what it suggests."""
    text = "\n".join(snippet["body"])
    return re.sub(r"\$\{\d+:([^}]*)\}", r"\1", text).replace("$0", "")


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """A project with an awkward description, and every snippet that it has, used once."""
    place = tmp_path_factory.mktemp("init")
    done = call(*POBLANO, "init", "-y", "-n", "Shop Rules", "-d", 'What "the shop"\'s \\o/ wants: é @@', cwd=place)
    assert done.returncode == 0, done.stderr
    folder = place / "shop-rules"
    snippets = json.loads((folder / ".vscode" / "poblano.code-snippets").read_text())
    first, *others = (expanded(snippet) for snippet in snippets.values())
    names = "from poblano import Context, Log, MutateRequest, Phase\n"
    code = first.replace("from poblano import", f"{names}from poblano import", 1) + "\n\n".join(["", *others])
    (folder / "shop_rules" / "snippets.py").write_text(code)
    return folder


def test_it_says_what_it_made_and_how_to_go_on(tmp_path):
    done = call(*POBLANO, "init", "--yes", "--name", "shop", "--uuid", "x", "-e", "ignore", cwd=tmp_path)
    lines = done.stdout.splitlines()
    assert lines[0] == "made shop:"
    there = {path.relative_to(tmp_path).as_posix() for path in (tmp_path / "shop").rglob("*") if path.is_file()}
    assert {line.strip() for line in lines if line.startswith("  shop/")} == {p for p in there if "/.git/" not in p}
    assert lines[-6:] == [
        "made a git repository, with nothing committed yet",
        "go on with:",
        "  cd shop",
        "  python3 -m venv .venv && . .venv/bin/activate",
        "  pip install --editable '.[dev]'",
        "  poblano demo",
    ]
    assert call("git", "branch", "--show-current", cwd=tmp_path / "shop").stdout == "main\n"
    settings = load_settings(tmp_path / "shop", {})
    assert (settings.uuid, settings.module, settings.on_error) == ("x", "shop:module", "ignore")
    assert sorted(tmp_path.iterdir()) == [tmp_path / "shop"], "nothing is left beside it"


@pytest.mark.parametrize(
    "check",
    [
        (
            "ruff",
            "check",
            "--no-cache",
            "--config",
            "pyproject.toml",
            "--extend-ignore",
            "I001",
            "shop_rules/snippets.py",
        ),
        ("ruff", "check", "--no-cache", "--exclude", "snippets.py"),
        ("ruff", "format", "--no-cache", "--check", "--exclude", "snippets.py"),
        ("mypy", "--no-incremental"),
        ("pyright", "--pythonpath", sys.executable),
        ("pytest", "-q", "-p", "no:cacheprovider", "-W", "ignore::pytest.PytestDeprecationWarning"),
    ],
    ids=lambda check: "-".join(check[:2]),
)
def test_it_passes_its_own_checks(made, check):
    done = call(sys.executable, "-m", *check, cwd=made, PYRIGHT_PYTHON_IGNORE_WARNINGS="1")
    assert done.returncode == 0, done.stdout + done.stderr


def test_demo_shows_its_rules_at_work(made):
    done = call(*POBLANO, "demo", cwd=made)
    assert done.returncode == 0, done.stdout + done.stderr
    for line in (
        "mutate   house-rules/note-owner changed",
        "validate house-rules/pinned-images denied",
        "pin the version of nginxinc/nginx-unprivileged:latest",
    ):
        assert line in done.stdout


def test_dev_serves_it(made):
    with started("dev", folder=made) as dev:
        dev.says("registered")
        dev.ends(signal.SIGTERM)


def test_build_takes_it(made, tmp_path):
    done = call(*POBLANO, "build", "-o", str(tmp_path / "dist"), cwd=made)
    assert done.returncode == 0, done.stdout + done.stderr
    assert [*(tmp_path / "dist").iterdir()]


def test_its_continuous_integration_runs_what_is_run_here(made):
    steps = re.findall(r"^ +- run: (.*)", (made / ".github" / "workflows" / "checks.yaml").read_text(), re.MULTILINE)
    assert steps[1:] == ["ruff check", "ruff format --check", "mypy", "pytest", "poblano demo", "poblano build"]
    extra = tomllib.loads((made / "pyproject.toml").read_text())["project"]["optional-dependencies"]["dev"]
    assert {step.split()[0] for step in steps[1:]} - {"poblano"} <= {re.split(r"\W", one)[0] for one in extra}


def test_who_has_a_terminal_is_asked(tmp_path):
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*POBLANO, "init", "--skip-post-init", "--uuid", "asked"],
        cwd=tmp_path, env=environment(), stdin=theirs, stdout=theirs, stderr=theirs, close_fds=True,
    )  # fmt: skip
    os.close(theirs)
    os.write(ours, b"no\nos\nShop Rules\nHouse rules\nperhaps\naudit\n")
    shown = b""
    while True:
        try:
            part = os.read(ours, 4096)
        except OSError:  # Linux: nobody is at the other end any more
            break
        if not part:
            break
        shown += part
    os.close(ours)
    assert process.wait(120) == 0, shown.decode()
    text = shown.decode()
    assert "'no' is no name for a module: it takes 3 letters or more" in text
    assert "'os' is no name for a module" in text
    assert "'perhaps' is none of reject, audit, ignore" in text
    settings = load_settings(tmp_path / "shop-rules", {})
    assert (settings.uuid, settings.on_error, settings.description) == ("asked", "audit", "House rules")
    assert not (tmp_path / "shop-rules" / ".git").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["-n", "json"], "there is a Python package json already"),
        (["-n", "poblano"], "there is a Python package poblano already"),
        (["-n", "lambda"], "there is a Python package lambda already"),
        (["-n", "Tests"], "there is a Python package tests already"),
        (["-n", "7up"], "'7up' is no name for a module"),
        (["-n", "there"], "there is there already; choose another name, or go to another folder"),
        (["-n", "shop", "-e", "explode"], "'explode' is none of reject, audit, ignore"),
        (["-n", "shop", "-u", "Shop"], "'Shop' is no uuid for a module"),
        (["-n", "shop", "-u", "x" * 37], "takes up to 36 lower-case letters"),
        (["-n", "shop", "-d", "two\nlines"], "a description is one line"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_made(tmp_path, monkeypatch, arguments, words):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there").mkdir()
    result = CliRunner().invoke(init.command, ["-y", *arguments])
    assert isinstance(result.exception, InvalidSettings)
    assert words in str(result.exception)
    assert [*tmp_path.iterdir()] == [tmp_path / "there"]


def test_without_a_name_and_without_anybody_to_ask_it_says_so(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(init.command, [])
    assert (result.exit_code, "--name missing: nobody can be asked" in result.output) == (2, True)


def test_in_a_repository_and_without_git_none_is_made(tmp_path, monkeypatch):
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    init.write(QUICK, tmp_path / "shop-rules")
    assert init.make_repository(tmp_path / "shop-rules") == "it lies in a git repository already: no other was made"
    monkeypatch.setenv("PATH", str(tmp_path))
    assert init.make_repository(tmp_path / "shop-rules") == "no git here: no repository was made"
    assert not (tmp_path / "shop-rules" / ".git").exists()


def test_what_cannot_be_written_is_said_and_leaves_nothing(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(PoblanoError, match="cannot be made: Not a directory; go to a folder of yours"):
        init.write(QUICK, tmp_path / "file" / "shop-rules")


def test_an_environment_that_cannot_be_made_says_how_to_go_on(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(PoblanoError, match=r"the project is there.*; go on in .*: /bin/false -m venv .venv"):
        init.make_environment(tmp_path)


def test_the_record_tells_what_was_made(tmp_path):
    init.write(QUICK, tmp_path / "shop-rules")
    record = Record.read(tmp_path / "shop-rules")
    assert record == Record.of(QUICK, project(QUICK))
    assert set(record.hashes) == {path.format(package="shop_rules") for path in TEMPLATES}
    assert Record.read(tmp_path) is None
    (tmp_path / RECORD).write_text('{"answers": []}')
    with pytest.raises(InvalidSettings, match="is damaged; take it from your version control, or delete it"):
        Record.read(tmp_path)


def test_every_template_is_used():
    folder = Path(init.__file__).parent / "template"
    assert {path.name for path in folder.iterdir()} == {f"{name}.template" for name in TEMPLATES.values()}
