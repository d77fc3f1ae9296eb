"""``poblano update``: a newer Poblano for a project, and with it what is new in the files that it was made of."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from poblano.core.errors import PoblanoError

if TYPE_CHECKING:
    from poblano.cli.refreshing import Change

COLOURS = {"+": "green", "-": "red", "@": "cyan"}


@click.command(name="update")
@click.option("-s", "--skip-template-update", is_flag=True, help="Leave the files of the project as they are.")
@click.option(
    "--no-upgrade", is_flag=True, help="Install nothing: bring the project up to the Poblano that is installed."
)
@click.option("-y", "--yes", is_flag=True, help="Ask nothing: take all changes to files that you have not changed.")
def command(skip_template_update: bool, no_upgrade: bool, yes: bool) -> None:  # noqa: FBT001 -- click passes by name
    """Bring the project up to a newer Poblano.

    \b
    1. the newest Poblano is installed where this one is, with pip (not with --no-upgrade);
    2. the dependency in pyproject.toml is raised to it;
    3. files that are as poblano init made them become as it would make them now. Each change is
       shown, and taken if you say so. What you have changed, or deleted, stays: what is new
       there is shown, for you to take over.
    """
    from poblano.cli.upgrading import upgrade
    from poblano.settings import find_project

    folder = find_project(Path.cwd())
    if not no_upgrade:
        upgrade(folder)
        # The version that was installed just now goes on: it has the templates.
        flags = [*(["-s"] if skip_template_update else []), *(["-y"] if yes else [])]
        sys.exit(
            subprocess.run(
                [sys.executable, "-m", "poblano.cli", "update", "--no-upgrade", *flags], check=False
            ).returncode
        )
    ask = Asking(yes=yes)
    _raise_dependency(folder, ask)
    if not skip_template_update:
        _refresh(folder, ask)
    if ask.unasked:
        raise PoblanoError(
            "there is nobody to ask here, so none of these changes was made: poblano update --yes makes them"
        )


class Asking:
    """Whether a change is to be made; `unasked` tells of some that nobody could be asked about.

    Args:
        yes: all are.
    """

    def __init__(self, *, yes: bool) -> None:
        self._yes = yes
        self.unasked = False

    def __call__(self, question: str) -> bool:
        if self._yes:
            return True
        if not sys.stdin.isatty():
            self.unasked = True
            return False
        return click.confirm(question, default=True)


def _raise_dependency(folder: Path, ask: Asking) -> None:
    from poblano import __version__
    from poblano.cli.refreshing import Change, take
    from poblano.cli.upgrading import pin
    from poblano.settings import FILE

    before, after = pin(folder, __version__)
    if before == after:
        click.echo(f"{FILE} takes poblano {__version__}")
        return
    change = Change(FILE, "as made", before, after)
    _show(change.diff())
    if ask(f"Raise the dependency to poblano {__version__}?"):
        take(folder, change)
        click.echo(f"{FILE}: raised to {__version__}")


def _refresh(folder: Path, ask: Asking) -> None:
    from poblano.cli.refreshing import changes, note, take
    from poblano.cli.template_files import RECORD, Record, project

    record = Record.read(folder)
    if record is None:
        click.echo(f"there is no {RECORD} here, which poblano init leaves: no file was looked at")
        return
    made = project(record.answers)
    found = changes(folder, record, made)
    declined: set[str] = set()
    for change in found:
        _show(change.diff())
        if change.state == "changed":
            click.echo(
                f"{change.path}: you have changed it, so it stays as it is; above is what the template has otherwise"
            )
        elif ask(_question(change)):
            take(folder, change)
            click.echo(f"{change.path}: taken")
        else:
            declined.add(change.path)
    if not found:
        click.echo("nothing is new in the files that poblano init made")
    if not ask.unasked:
        note(folder, record, made, declined)


def _question(change: Change) -> str:
    return (
        f"Add {change.path}?" if change.state == "new" else f"Bring {change.path} up to date? You have not changed it."
    )


def _show(lines: Iterable[str]) -> None:
    for line in lines:
        click.secho(line, fg=COLOURS.get(line[:1]), bold=line.startswith(("+++", "---")))
