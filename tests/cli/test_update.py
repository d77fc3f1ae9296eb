"""`poblano update`: what a project's owner has changed stays, what is as it was made becomes as it would be made now."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

import poblano
from poblano.cli import template_files, update, upgrading
from poblano.cli.init import write
from poblano.cli.refreshing import changes
from poblano.cli.template_files import RECORD, Answers, Record, hash_of
from poblano.cli.upgrading import pinned, upgrade
from poblano.core.errors import PoblanoError

ANSWERS = Answers(name="shop-rules", description="d", on_error="reject", uuid="shop")
OLD, NEW = {"a": "one\n", "b": "one\n"}, {"a": "two\n", "b": "one\n", "c": "new\n"}


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """A project of an older version, in which all but one of the files differ by a line."""
    write(ANSWERS, tmp_path / "shop-rules")
    now = template_files.project(ANSWERS)
    newer = {path: text if path == "README.md" else f"{text}\n# newer\n" for path, text in now.items()}
    newer[".editorconfig"] = "root = true\n"
    monkeypatch.setattr(template_files, "project", lambda answers: newer)
    monkeypatch.setattr(poblano, "__version__", "0.7.0")
    monkeypatch.chdir(tmp_path / "shop-rules")
    return tmp_path / "shop-rules"


def updated(*flags: str) -> Result:
    return CliRunner().invoke(update.command, ["--no-upgrade", *flags])


def test_what_is_as_it_was_made_is_brought_up_to_date_and_shown(folder):
    result = updated("--yes")
    assert result.exit_code == 0, result.output
    assert (folder / ".gitignore").read_text().endswith("\n# newer\n")
    assert (folder / ".editorconfig").read_text() == "root = true\n"
    assert "+++ .gitignore\n" in result.output
    assert "+# newer\n" in result.output
    assert '"poblano~=0.7.0", # `poblano update` raises it' in (folder / "pyproject.toml").read_text()
    assert "# newer" not in (folder / "pyproject.toml").read_text()
    assert "README.md" not in result.output
    again = updated()
    assert again.output == "pyproject.toml takes poblano 0.7.0\nnothing is new in the files that poblano init made\n"


def test_what_its_owner_has_changed_or_deleted_stays(folder):
    (folder / ".gitignore").write_text("mine\n")
    (folder / "shop_rules" / "house_rules.py").unlink()
    (folder / ".editorconfig").write_text("mine\n")
    result = updated("--yes")
    assert result.exit_code == 0, result.output
    assert (folder / ".gitignore").read_text() == (folder / ".editorconfig").read_text() == "mine\n"
    assert not (folder / "shop_rules" / "house_rules.py").exists()
    assert (
        ".gitignore: you have changed it, so it stays as it is; above is what the template has otherwise"
        in result.output
    )
    # It was told of once.
    assert "mine" not in updated("--yes").output


def test_with_nobody_to_ask_nothing_is_changed(folder):
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    result = updated()
    assert "there is nobody to ask here" in str(result.exception)
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_what_is_declined_is_asked_again(folder, monkeypatch):
    monkeypatch.setattr(update.Asking, "__call__", lambda self, question: "house_rules.py" not in question)
    assert updated().exit_code == 0
    assert "newer" not in (folder / "shop_rules" / "house_rules.py").read_text()
    assert "--- shop_rules/house_rules.py\n" in updated().output
    assert "--- .gitignore\n" not in updated().output


def test_files_may_be_left_out(folder):
    result = updated("--skip-template-update", "-y")
    assert result.exit_code == 0
    assert "newer" not in (folder / ".gitignore").read_text()
    assert "0.7.0" in (folder / "pyproject.toml").read_text()


def test_a_project_that_init_did_not_make_has_its_dependency_raised(folder):
    (folder / RECORD).unlink()
    result = updated("-y")
    assert (result.exit_code, f"there is no {RECORD} here" in result.output) == (0, True)


TEXTS = st.sampled_from(["one\n", "two\n", "three\n"])


@given(made=TEXTS, now=TEXTS | st.none(), after=TEXTS, recorded=st.booleans())
def test_a_file_that_is_not_as_it_was_made_is_never_taken_for_one_that_is(tmp_path_factory, made, now, after, recorded):
    folder = tmp_path_factory.mktemp("project")
    if now is not None:
        (folder / "a").write_text(now)
    record = Record(ANSWERS, {"a": hash_of(made)} if recorded else {})
    states = [change.state for change in changes(folder, record, {"a": after})]
    if now is not None and not (recorded and now == made):
        assert states in ([], ["changed"])
    elif now is None:
        assert states == ([] if recorded else ["new"])
    else:
        assert states == ([] if after == made else ["as made"])


# ---------------------------------------------------------------- the dependency


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('"poblano~=0.1.0"', '"poblano~=0.7.0"'),
        ("'poblano==0.1.0'", "'poblano==0.7.0'"),
        ('"poblano[otel] ~= 0.1"', '"poblano[otel] ~= 0.7.0"'),
        ('"poblano"', '"poblano"'),
        ('"poblano>=0.1,<1"', '"poblano>=0.1,<1"'),
        ('"poblano-labels~=0.1.0"', '"poblano-labels~=0.1.0"'),
        ('"poblano>=0.1,<0.7"', None),
    ],
)
def test_the_dependency_is_raised_and_the_rest_stays_to_the_letter(before, after):
    text = '# "poblano~=0.1.0"\n[project]\nname = "x" # \'poblano==0.1.0\'\ndependencies = [\n    {}, # why\n]\n'
    assert pinned(text.format(before), "0.7.0") == (after and text.format(after))


def test_a_range_that_must_be_changed_is_left_to_its_owner(folder):
    file = folder / "pyproject.toml"
    file.write_text(file.read_text().replace("poblano~=0.1.0", "poblano>=0.1,<0.2"))
    result = updated("-y")
    assert 'write "poblano~=0.7.0" among the dependencies' in str(result.exception)


# ---------------------------------------------------------------- the environment


class Installed:
    """Poblano as it may have been installed."""

    def __init__(self, origin: object = None) -> None:
        self._origin = origin

    def read_text(self, name: str) -> str | None:
        return json.dumps(self._origin) if self._origin else None


@pytest.fixture
def python(tmp_path, monkeypatch) -> Path:
    """A stand-in for Python that notes its arguments; the file of the notes."""
    notes, program = tmp_path / "notes", tmp_path / "python"
    program.write_text(f'#!/bin/sh\necho "$@" >> {notes}\ncase "$*" in *"$FAILING"*) exit 4;; esac\n')
    program.chmod(0o755)
    monkeypatch.setenv("FAILING", "nothing fails")
    monkeypatch.setattr(sys, "executable", str(program))
    monkeypatch.setattr(upgrading, "distribution", lambda name: Installed())
    return notes


def test_the_newest_is_installed_and_goes_on_by_itself(folder, python):
    result = CliRunner().invoke(update.command, ["-y"])
    assert result.exit_code == 0, result.output
    assert python.read_text().splitlines() == [
        "-m pip install --quiet --upgrade poblano",
        "-m poblano.cli update --no-upgrade -y",
    ]


@pytest.mark.parametrize(("failing", "code", "calls"), [("pip", 1, 1), ("--no-upgrade", 4, 2)])
def test_where_a_step_fails_it_ends(folder, python, monkeypatch, failing, code, calls):
    monkeypatch.setenv("FAILING", failing)
    assert CliRunner().invoke(update.command, ["-s"]).exit_code == code
    assert len(python.read_text().splitlines()) == calls


@pytest.mark.parametrize("lock", [*upgrading.LOCKED])
def test_an_environment_that_another_tool_keeps_is_left_to_it(folder, lock):
    (folder / lock).touch()
    with pytest.raises(PoblanoError, match=f"{lock} says what is installed.*then poblano update --no-upgrade"):
        upgrade(folder)


def test_one_that_is_no_release_is_left_alone(folder, monkeypatch):
    monkeypatch.setattr(upgrading, "distribution", lambda name: Installed({"url": "file:///src"}))
    with pytest.raises(PoblanoError, match="poblano was installed from file:///src: install it anew from there"):
        upgrade(folder)
    monkeypatch.setattr(upgrading, "distribution", lambda name: Installed())
    monkeypatch.setattr(upgrading, "find_spec", lambda name: None)
    with pytest.raises(PoblanoError, match="there is no pip in "):
        upgrade(folder)


def test_the_answers_are_kept(folder):
    updated("-y")
    record = Record.read(folder)
    assert record is not None
    assert record.answers == replace(ANSWERS)
