"""``poblano crd``: the CustomResourceDefinitions of a module's own kinds, as YAML."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from poblano.core.jsonvalue import Document

_ANOTHER_TYPE = re.compile(r"[yYnN]\Z|[-+.]?[0-9]")
"""What kubectl takes for a boolean or a number if it is not quoted, and PyYAML does not: ``y``, ``1e3``, ``0o17``."""


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


def as_yaml(definition: Document) -> str:
    """A definition as a file, in the order in which the class says it."""
    import yaml

    class Dumper(yaml.SafeDumper):
        pass

    def quoted(dumper: Any, text: str) -> Any:
        return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="'" if _ANOTHER_TYPE.match(text) else None)

    dump: Any = yaml.dump  # pyright: ignore[reportUnknownMemberType]
    Dumper.add_representer(str, quoted)
    text: str = dump(definition, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=120)
    return text
