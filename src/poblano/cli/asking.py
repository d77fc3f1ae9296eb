"""Asking whether it is to be done."""

from __future__ import annotations

import click


def sure(question: str) -> None:
    """Ask, and end the command when the answer is no.

    Raises:
        click.Abort: it is.
        click.ClickException: there is nobody who could answer, as in a pipeline.
    """
    import sys

    try:
        answer = click.confirm(question)
    except click.Abort:
        if sys.stdin.isatty():
            raise
        raise click.ClickException("nobody answered, and nothing was done; with --yes it does not ask") from None
    if not answer:
        raise click.Abort
