"""``poblano init``: a new project, with rules, samples, tests and checks."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from poblano.core.errors import InvalidSettings, PoblanoError

if TYPE_CHECKING:
    from poblano.cli.template_files import Answers

T = TypeVar("T")

DESCRIPTION = "Rules and reactions for Kubernetes."


@click.command(name="init")
@click.option("-n", "--name", help="What it is called: its folder, and the package in it. At least 3 characters.")
@click.option("-d", "--description", help="What it is for, in a sentence.")
@click.option(
    "-e",
    "--error-behavior",
    metavar="reject|audit|ignore",
    help="What it means when a rule of it fails: refuse the request, let it pass with a note, or let it pass.  [default: reject]",
)
@click.option(
    "-u", "--uuid", help="What everything in a cluster is named after, up to 36 characters.  [default: the name]"
)
@click.option("-s", "--skip-post-init", is_flag=True, help="Write the files, and do no more: no git repository.")
@click.option("-y", "--yes", is_flag=True, help="Ask nothing: what is not given is as by default.")
def command(
    name: str | None,
    description: str | None,
    error_behavior: str | None,
    uuid: str | None,
    skip_post_init: bool,  # noqa: FBT001 -- click passes by name
    yes: bool,  # noqa: FBT001
) -> None:
    """Make a project: a module with first rules, samples and tests.

    It is a folder in the current one. What is not given is asked for. At the end a git repository is made of it, and, if
    you say so, a virtual environment; without being asked (--yes, or no terminal) none is made.
    """
    asking = not yes and sys.stdin.isatty()
    answers = _answers(name, description, error_behavior, uuid, asking=asking)
    folder = Path.cwd() / answers.name
    made = write(answers, folder)
    click.echo(f"made {click.style(answers.name, bold=True)}:")
    for path in made:
        click.echo(f"  {answers.name}/{path}")
    has_environment = False
    if not skip_post_init:
        click.echo(make_repository(folder))
        has_environment = asking and click.confirm(
            "Make a virtual environment in it, and install what it needs?", default=True
        )
        if has_environment:
            make_environment(folder)
    _tell(answers, has_environment=has_environment)


def _answers(
    name: str | None, description: str | None, on_error: str | None, uuid: str | None, *, asking: bool
) -> Answers:
    from poblano.cli.answers import ON_ERROR, UUID_LIMIT, description_of, on_error_of, uuid_of
    from poblano.cli.template_files import Answers

    if name is None and not asking:
        raise click.UsageError("--name missing: nobody can be asked for it here")
    # Whatever is given is looked at before anything is asked.
    given: dict[str, Any] = {
        key: check(value)
        for key, value, check in (
            ("name", name, _free_name),
            ("description", description, description_of),
            ("on_error", on_error, on_error_of),
            ("uuid", uuid, uuid_of),
        )
        if value is not None
    }

    def answer(key: str, question: str, default: str | None, check: Callable[[str], T]) -> T:
        if key in given:
            checked: T = given[key]
            return checked
        return _asked(question, default, check) if asking else check(default or "")

    chosen = answer("name", "Name", None, _free_name)
    return Answers(
        name=chosen,
        description=answer("description", "What is it for, in a sentence?", DESCRIPTION, description_of),
        on_error=answer(
            "on_error", f"What does it mean when a rule fails ({', '.join(ON_ERROR)})?", ON_ERROR[0], on_error_of
        ),
        uuid=answer("uuid", "What is everything in a cluster named after?", chosen[:UUID_LIMIT].strip("-"), uuid_of),
    )


def _free_name(text: str) -> str:
    from poblano.cli.answers import name_of

    name = name_of(text)
    if os.path.lexists(name):
        raise InvalidSettings(f"{Path.cwd() / name} is there already; choose another name, or go to another folder")
    return name


def _asked(question: str, default: str | None, check: Callable[[str], T]) -> T:
    """Ask until the answer will do."""

    def checked(text: str) -> T:
        try:
            return check(text)
        except InvalidSettings as error:
            raise click.BadParameter(str(error)) from None

    answer: T = click.prompt(question, default=default, value_proc=checked)
    return answer


def write(answers: Answers, folder: Path) -> list[str]:
    """Make the files of a project: all of them, or none.

    Args:
        answers: about it.
        folder: which must not be there.

    Returns:
        their paths in it.
    """
    from poblano.cli.template_files import RECORD, Record, project

    made = project(answers)
    texts = {**made, RECORD: Record.of(answers, made).text()}
    try:
        with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as name:
            for path, text in texts.items():
                target = Path(name, "made", path)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(text, encoding="utf-8")
            Path(name, "made").rename(folder)
    except OSError as error:
        raise PoblanoError(f"{folder} cannot be made: {error.strerror or error}; go to a folder of yours") from None
    return sorted(texts)


def make_repository(folder: Path) -> str:
    """Make a git repository of a project, where there is none around it; says what was done."""
    git = shutil.which("git")
    if git is None:
        return "no git here: no repository was made"
    around = subprocess.run([git, "rev-parse", "--is-inside-work-tree"], cwd=folder, capture_output=True, check=False)
    if around.returncode == 0:
        return "it lies in a git repository already: no other was made"
    made = subprocess.run(
        [git, "init", "--quiet", "--initial-branch=main"], cwd=folder, capture_output=True, text=True, check=False
    )
    if made.returncode:
        return f"git made no repository: {' '.join(made.stderr.split())}"
    return "made a git repository, with nothing committed yet"


def make_environment(folder: Path) -> None:
    """Make a virtual environment in a project, with what the project needs.

    Raises:
        PoblanoError: it could not be made; says how to go on.
    """
    for step in (
        [sys.executable, "-m", "venv", ".venv"],
        [str(folder / ".venv" / "bin" / "python"), "-m", "pip", "install", "--quiet", "--editable", ".[dev]"],
    ):
        if subprocess.run(step, cwd=folder, check=False).returncode:
            raise PoblanoError(
                f"the project is there, and its virtual environment is not; go on in {folder}: {' '.join(step)}"
            )


def _tell(answers: Answers, *, has_environment: bool) -> None:
    make = "" if has_environment else "python3 -m venv .venv && "
    install = [] if has_environment else ["pip install --editable '.[dev]'"]
    click.echo("go on with:")
    for line in (f"cd {answers.name}", f"{make}. .venv/bin/activate", *install, "poblano demo"):
        click.echo(f"  {line}")
