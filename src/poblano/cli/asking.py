"""Asking whether it is to be done."""

from __future__ import annotations

import click


def sure(question: str) -> None:
    """Ask, and end the command when the answer is no.

    Ctrl-C and SIGTERM end it at once: on an event loop they would only be noticed after the answer.

    Raises:
        click.Abort: it is.
        click.ClickException: there is nobody who could answer, as in a pipeline.
    """
    import signal
    import sys

    from poblano.admission.signals import ending_at_once

    try:
        with ending_at_once(signal.SIGINT), ending_at_once():
            answer = click.confirm(question)
    except click.Abort:
        if sys.stdin.isatty():
            click.echo(err=True)
            raise
        raise click.ClickException("nobody answered, and nothing was done; with --yes it does not ask") from None
    if not answer:
        raise click.Abort
