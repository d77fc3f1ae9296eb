"""``poblano crd``: the CustomResourceDefinitions of a module's own kinds, as YAML."""

from __future__ import annotations

from pathlib import Path

import click


@click.command(name="crd")
@click.option(
    "-o",
    "--output",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write a file for each into this folder, named after it, instead of printing them.",
)
def command(output: Path | None) -> None:
    """Print the CustomResourceDefinitions of the module's own kinds.

    \b
    poblano crd | kubectl apply -f -

    They are made from the classes that its rules are bound to: `class WebApp(Resource, group=..., version=...)`. The same
    classes give the same bytes.
    """
    from poblano.build.readable import as_yaml
    from poblano.cli.defining import definitions
    from poblano.cli.project import load_project
    from poblano.log import configure

    project = load_project(Path.cwd())
    configure("warning", format="console")
    texts = {one["metadata"]["name"]: as_yaml(one) for one in definitions(project)}
    if not texts:
        raise click.ClickException("no rule of the module is bound to a kind of its own")
    if output is None:
        click.echo("---\n".join(texts.values()), nl=False)
        return
    output.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        path = output / f"{name}.yaml"
        path.write_text(text, encoding="utf-8")
        click.echo(path)
