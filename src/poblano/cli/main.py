"""``poblano``: the command line.

Exit codes: 0 all is well; 1 the module, its settings or the cluster is not as it must be, and the message says what to
do; 2 the command line is wrong; 3 a replica has lost its lease and is to be started again; 130 interrupted.
"""

from __future__ import annotations

import os
import sys
import threading
from importlib import import_module
from typing import NoReturn

import click

from poblano import __version__
from poblano.core.errors import LeadershipLost, PoblanoError
from poblano.core.printable import printable_lines

COMMANDS = {
    "build": "Write what a cluster is given: manifests, a Helm chart and more.",
    "cluster": "Run a small Kubernetes cluster: its API, on this machine.",
    "crd": "Print the CustomResourceDefinitions of the module's own kinds.",
    "demo": "Apply the samples to a small cluster, and show what the module does.",
    "deploy": "Put the module into a cluster, and wait until it works there.",
    "dev": "Serve the module from here to a cluster, and reload it on save.",
    "init": "Make a project: a module with first rules, samples and tests.",
    "doctor": "Find out why a module in a cluster is not asked.",
    "monitor": "Follow what a module says to the requests of a cluster.",
    "rbac": "See what the module may do in a cluster, and record what it needs to.",
    "run": "Run the module in a pod: its webhooks, its watches, or both.",
    "schedule": "See and steer the schedules of the module, in a cluster.",
    "store": "Read and write the stores of the module, in a cluster.",
    "update": "Bring the project up to a newer Poblano.",
    "uninstall": "Take a module out of a cluster: its webhooks first.",
    "uuid": "List the modules of a cluster.",
}
"""What each does, in a line: the first of its help, said here so that ``poblano --help`` need not import them all."""

LOST = 3
"""The exit status of a replica that has lost its lease: whoever runs it is to start it again."""

ACTION_THREADS = "poblano-action"
"""How the threads of `poblano.admission.actions` are named."""


class Commands(click.Group):
    """Imports the file of a command when somebody asks for it."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in the order of the help text."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, or None when there is none of that name."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"poblano.cli.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 all is well, 1 something is wrong with the module, its settings or the cluster, "
    "2 the command line is wrong, 3 a replica lost its lease, 130 interrupted.",
)
@click.version_option(__version__, message="poblano %(version)s")
@click.option("--debug", is_flag=True, help="Show the whole traceback of an error.")
def cli(debug: bool) -> None:  # noqa: FBT001 -- click passes by name
    """Kubernetes admission control in typed Python.

    Run it in the folder of a module: where the pyproject.toml with [tool.poblano] is. `poblano cluster` runs anywhere.
    """


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run a command and exit. Mistakes of the user's end in one message, never in a traceback.

    Args:
        arguments: the command line without the program; None takes ``sys.argv``.
    """
    given = sys.argv[1:] if arguments is None else arguments
    try:
        code = cli.main(given, prog_name="poblano", standalone_mode=False)
    except click.UsageError as error:
        error.show()
        code = error.exit_code
    except click.ClickException as error:
        code = _told(error.format_message(), error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        code = 130
    except Exception as error:
        if "--debug" in given:
            raise
        code = ended_by(error)
    _leave(code if isinstance(code, int) else 0)


def _leave(code: int) -> NoReturn:
    """Exit, even when a thread is still in an action that never ends: Python would wait for it."""
    for thread in threading.enumerate():
        if thread.name.startswith(ACTION_THREADS):
            thread.join(0.5)
            if thread.is_alive():
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(code)
    sys.exit(code)


def ended_by(error: Exception) -> int:
    """Say what has ended a command; the exit code."""
    return _told(_said(error), LOST if isinstance(error, LeadershipLost) else 1)


def _said(error: Exception) -> str:
    if isinstance(error, PoblanoError):
        return str(error)
    return f"{type(error).__name__}: {error}; this is a fault of Poblano's: poblano --debug shows where"


def _told(text: str, code: int) -> int:
    """Say what is wrong, as click says what is wrong with a command line."""
    click.echo(f"Error: {printable_lines(text)}", err=True)
    return code
