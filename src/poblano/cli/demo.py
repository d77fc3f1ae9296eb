"""``poblano demo``: a cluster of its own, and what a module does to the samples applied to it."""

from __future__ import annotations

from pathlib import Path

import click

from poblano.core.errors import InvalidSettings

HELLO = Path("examples", "hello")


@click.command(name="demo")
@click.argument("folder", type=click.Path(file_okay=False, exists=True, path_type=Path), required=False)
@click.option("--keep", is_flag=True, help="Keep the cluster and the module up until Ctrl-C, to go on by hand.")
def command(folder: Path | None, keep: bool) -> None:  # noqa: FBT001
    """Apply the samples to a small cluster, and show what the module does.

    Each object in *.samples.yaml is applied to a Kubernetes API that lives as long as the command and calls the module
    over HTTPS. Printed is who asked what, which rules ran, what they said, what they changed, and what the cluster then
    holds. A comment "# expect: refused 400" in a sample says that it must be refused; the exit code is 1 when a sample
    fares otherwise than expected.

    FOLDER is the module's; by default the current one, or examples/hello below it.
    """
    import asyncio
    import sys

    from poblano.admission.server import loop_factory
    from poblano.cli.demonstration import Demonstration
    from poblano.cli.project import load_project
    from poblano.cli.samples import read_samples
    from poblano.cli.terminal import Terminal
    from poblano.log import configure

    project = load_project(folder or _default())
    samples = read_samples(project.settings.folder)
    configure("warning", format="console")
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        as_expected = runner.run(Demonstration(project, samples, Terminal()).run(keep=keep))
    sys.exit(0 if as_expected else 1)


def _default() -> Path:
    from poblano.settings import find_project

    try:
        return find_project(Path.cwd())
    except InvalidSettings:
        if HELLO.is_dir():
            return HELLO
        raise
