"""``poblano rbac``: what the accounts of a module may do and why, and what its tests have shown that they need."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from poblano.core.printable import printable
from poblano.core.shortlist import shortlist

if TYPE_CHECKING:
    from poblano.build.metadata import Role
    from poblano.build.plan import Plan
    from poblano.build.recorded import Recorded
    from poblano.build.rights import Grant, Right

WORDS = {
    "rule": "the rule",
    "framework": "Poblano",
    "uses": "uses=[...]",
    "recorded": "recorded",
    "settings": "pyproject.toml",
}
"""What is said of the source of a right."""


@click.group(name="rbac")
def command() -> None:
    """See what the module may do in a cluster, and record what it needs to.

    To be called in the folder of the module.
    """


@command.command
@click.option("-o", "--output", type=click.Choice(("text", "json")), default="text", show_default=True, help="As what.")
def show(output: str) -> None:
    """The rules that `poblano build` grants, and where each comes from.

    \b
    the rule        what a watch, reconcile or finalize action follows, and what is written for it
    uses=[...]      what an action says that it calls the API server for
    recorded        what it was seen to call: poblano rbac record
    pyproject.toml  rbac in [tool.poblano]
    Poblano         the Lease, stores, schedules, certificates and webhooks
    """
    from poblano.build.granted import granted, warnings

    plan = _plan()
    grants = granted(plan)
    if output == "json":
        click.echo(json.dumps([_document(grant) for grant in grants], indent=2))
        return
    for line in _told(plan, grants):
        click.echo(line)
    for warning in warnings(plan):
        click.echo(f"{click.style('warning:', fg='yellow')} {printable(warning)}", err=True)


@command.command(context_settings={"ignore_unknown_options": True})
@click.option("--fresh", is_flag=True, help="Forget what was recorded before.")
@click.argument("arguments", nargs=-1, required=True, type=click.UNPROCESSED, metavar="-- COMMAND...")
def record(fresh: bool, arguments: tuple[str, ...]) -> None:  # noqa: FBT001 -- click passes by name
    """Run a command, and note what the module's actions call the API server for meanwhile.

    \b
    poblano rbac record -- pytest

    What the roles do not allow yet is added to rbac.recorded.json beside the pyproject.toml, which `poblano build` reads. Keep
    it with the code. It says verbs, resources, namespaces and names, and nothing of what was sent.

    What `uses=[...]` of a rule says of a verb on a resource is the last word: nothing recorded is added to it. The exit code is
    the command's.
    """
    plan = _plan()
    with tempfile.TemporaryDirectory(prefix="poblano-rbac-") as folder:
        file = Path(folder) / "calls.jsonl"
        code = _run(arguments, file)
        lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    _keep(plan, lines, fresh=fresh)
    if code:
        click.echo(f"{arguments[0]} ended with {code}: what it has not come to is not recorded", err=True)
    sys.exit(code)


def _plan() -> Plan:
    from poblano.build.plan import Options
    from poblano.cli.planning import planned
    from poblano.cli.project import load_project

    return planned(load_project(Path.cwd()), Options(), embed=False)


def _run(arguments: tuple[str, ...], file: Path) -> int:
    """Run it, and wait for its end: Ctrl-C is for it."""
    from poblano.client.recording import VARIABLE

    environment = {**os.environ, VARIABLE: str(file)}
    try:
        process = subprocess.Popen(arguments, env=environment)
    except OSError as error:
        raise click.ClickException(f"{arguments[0]} cannot be run: {error.strerror or error}") from None
    while True:
        try:
            code = process.wait()
        except KeyboardInterrupt:
            continue
        return code if code >= 0 else 128 - code


def _keep(plan: Plan, lines: list[str], *, fresh: bool) -> None:
    from poblano.build.attributing import attributed, missing
    from poblano.build.recorded import FILE, merged, written

    seen = merged(attributed(lines, plan))
    new = missing(seen, plan)
    before = () if fresh else tuple(missing(plan.recorded, plan))
    kept = merged([*before, *new])
    file = plan.settings.folder / FILE
    if kept:
        file.write_text(written(kept), encoding="utf-8")
    elif file.exists():
        file.unlink()
    _report(seen, new, file if kept else None)


def _report(seen: list[Recorded], new: list[Recorded], file: Path | None) -> None:
    if not seen:
        click.echo("no action has called the API server")
    elif not new:
        click.echo(f"{_calls(len(seen))} of actions, all of which the roles allow as the rules are written")
    else:
        click.echo(f"{_calls(len(seen))} of actions; the roles did not allow {len(new)} of them:")
        for one in new:
            where = f" in {one.namespace}" if one.namespace else ""
            click.echo(f"  {one.rule}: {one.verb} {_resource(one.group, one.resource)}{where}")
    if file is not None:
        click.echo(f"{file.name} says what is recorded; poblano rbac show says what comes of it")


def _calls(count: int) -> str:
    return "1 call" if count == 1 else f"{count} different calls"


def _told(plan: Plan, grants: Iterable[Grant]) -> Iterator[str]:
    from poblano.build.framework import roles
    from poblano.build.granted import rights_of
    from poblano.build.rights import by_namespace
    from poblano.build.roles import account

    listed = list(grants)
    for role in roles(plan):
        yield click.style(f"{account(plan, role)}", bold=True)
        for namespace, rights in by_namespace(rights_of(listed, role)).items():
            yield f"  {_where(namespace)}"
            yield from _told_of(role, namespace, rights, listed)


def _where(namespace: str) -> str:
    if not namespace:
        return "everywhere"
    return "in the module's own namespace" if namespace == "." else f"in {namespace}"


def _told_of(role: Role, namespace: str, rights: set[Right], grants: list[Grant]) -> Iterator[str]:
    """Each resource with its verbs, and below it who wants which."""
    from poblano.build.rights import in_order

    for (group, resource, verbs), names in _alike(rights).items():
        yield f"    {_resource(group, resource)}{_named(names)}: {', '.join(verbs)}"
        here = [
            one for one in rights if (one.group, one.resource, one.verb) in {(group, resource, verb) for verb in verbs}
        ]
        here = [one for one in here if one.name in names]
        why: dict[tuple[str, str, str], set[str]] = {}
        for grant in grants:
            if grant.role == role and any(right.covers(grant.right) for right in here):
                place = str(grant.location) if grant.location else ""
                why.setdefault((WORDS[grant.source], grant.why, place), set()).add(grant.right.verb)
        for (source, reason, place), wanted in why.items():
            which = "" if wanted == set(verbs) else f" ({', '.join(in_order(wanted))})"
            yield click.style(f"      {source}: {reason}{which}{f'  {_short(place)}' if place else ''}", dim=True)


def _alike(rights: set[Right]) -> dict[tuple[str, str, tuple[str, ...]], list[str]]:
    """By resource, and the verbs that are allowed on it: the names that this is about, "" for any."""
    from poblano.build.rights import in_order

    verbs: dict[tuple[str, str, str], set[str]] = {}
    for right in rights:
        verbs.setdefault((right.group, right.resource, right.name), set()).add(right.verb)
    found: dict[tuple[str, str, tuple[str, ...]], list[str]] = {}
    for group, resource, name in sorted(verbs):
        found.setdefault((group, resource, in_order(verbs[group, resource, name])), []).append(name)
    return found


def _named(names: list[str]) -> str:
    shown = shortlist(names, between=" ")
    return f" {shown}" if shown else ""


def _resource(group: str, resource: str) -> str:
    """As kubectl names it: ``deployments.apps``, ``pods/log``."""
    plural, slash, sub = resource.partition("/")
    return f"{plural}.{group}{slash}{sub}" if group else resource


def _short(place: str) -> str:
    return place.removeprefix(f"{Path.cwd()}{os.sep}")


def _document(grant: Grant) -> dict[str, Any]:
    right = grant.right
    return {
        "role": grant.role,
        "group": right.group,
        "resource": right.resource,
        "verb": right.verb,
        "namespace": right.namespace,
        "name": right.name,
        "source": grant.source,
        "why": grant.why,
        "location": _short(str(grant.location)) if grant.location else "",
    }
