"""``poblano demo``: what a module does to its samples, without a cluster."""

from __future__ import annotations

from pathlib import Path

import click

from poblano.core.errors import InvalidSettings

HELLO = Path("examples", "hello")


@click.command(name="demo")
@click.argument("folder", type=click.Path(file_okay=False, exists=True, path_type=Path), required=False)
def command(folder: Path | None) -> None:
    """Serve the module here and ask it about its samples.

    Each object in *.samples.yaml is sent to the module over HTTPS as an API server would send it. Printed is who
    asked what, which rules ran, what they said, and what they changed. A comment "# expect: refused 400" in a sample
    says that it must be refused; the exit code is 1 when a sample fares otherwise than expected.

    FOLDER is the module's; by default the current one, or examples/hello below it.
    """
    import asyncio
    import sys

    from poblano.admission.server import loop_factory
    from poblano.cli.demonstration import demonstrate
    from poblano.cli.project import load_project
    from poblano.cli.samples import read_samples
    from poblano.cli.terminal import Terminal
    from poblano.log import configure

    project = load_project(folder or _default())
    samples = read_samples(project.settings.folder)
    configure("warning", format="console")
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        as_expected = runner.run(demonstrate(project, samples, Terminal()))
    sys.exit(0 if as_expected else 1)


def _default() -> Path:
    from poblano.settings import find_project

    try:
        return find_project(Path.cwd())
    except InvalidSettings:
        if HELLO.is_dir():
            return HELLO
        raise
