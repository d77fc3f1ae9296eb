"""What ``poblano build`` says: what was written, what the accounts may do, what the API server evaluates, what to mind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from poblano.build.argocd import FILE
from poblano.build.helm.chart import chart_folder
from poblano.build.kustomize import FOLDER
from poblano.build.manifests import apply_command, document, manifest_name
from poblano.cli.building import IMAGE_FOLDER
from poblano.cli.columns import columns
from poblano.core.printable import printable
from poblano.core.shortlist import shortlist

if TYPE_CHECKING:
    from poblano.build.plan import Plan
    from poblano.build.tree import Part
    from poblano.cli.building import Built

_ROLES: Final = frozenset({"Role", "ClusterRole"})


def report(built: Built, output: Path) -> None:
    """Print it."""
    from poblano.build import pushed
    from poblano.build.replacements import servers, spelt

    plan = built.plan
    click.secho(f"{plan.settings.uuid} {plan.version}, for {servers(plan)}", bold=True)
    _section("Written", columns(list(_written(built, output))))
    _section("The code", [_code(plan)])
    _section("To be there before", list(_needed(plan)))
    _section(f"Rights ({plan.rbac_mode}; poblano rbac show says why)", columns(list(_rights(plan, built.parts))))
    _section("Filters, and who evaluates them first", pushed.lines(plan))
    _section(f"Otherwise, for the sake of Kubernetes {spelt(plan.options.kubernetes)}", _notes(plan))
    for warning in warnings(built):
        click.echo()
        click.echo(f"{click.style('warning:', fg='yellow', bold=True)} {printable(warning)}")


def _section(title: str, lines: Sequence[str]) -> None:
    if lines:
        click.echo()
        click.secho(title, bold=True)
    for line in lines:
        click.echo(f"  {printable(line)}")


def _written(built: Built, output: Path) -> Iterator[tuple[str, str]]:
    """What there is, and what to do with it."""
    plan, settings = built.plan, built.plan.settings
    manifest, chart = manifest_name(settings.uuid), chart_folder(settings.uuid)
    yield str(output / manifest), f"{apply_command(plan)} -f {output / manifest}"
    yield f"{output / FOLDER}/", f"{apply_command(plan)} -k {output / FOLDER}"
    release = f"helm install {settings.uuid} {output / chart} --namespace {settings.namespace} --create-namespace"
    yield f"{output / chart}/", release
    yield str(output / "zarf.yaml"), f"zarf package create {output}"
    if FILE in built.files:
        yield str(output / FILE), "for an Application of Argo CD, to be merged into it"
    if built.context:
        yield f"{output / IMAGE_FOLDER}/", f"docker build --tag {plan.image} {output / IMAGE_FOLDER}"


def _code(plan: Plan) -> str:
    from poblano.build.archive import MOST

    if plan.archive is None:
        return f"lies in the image {plan.image}"
    size, most = (f"{number / 1024:.1f} KiB" for number in (len(plan.archive.data), MOST))
    return f"{size} of {most}, in the Secret {plan.module_secret}, for the image {plan.image}"


def _needed(plan: Plan) -> Iterator[str]:
    """What it does not run without, and somebody else brings."""
    options, space = plan.options, plan.settings.namespace
    if plan.admits and options.certificates == "provided":
        yield f"the Secret {plan.names.certificates} in {space}, with tls.crt, tls.key and ca.crt"
    if plan.admits and options.certificates == "cert-manager":
        yield "cert-manager, which makes the certificate, and its injector"
    if options.monitoring:
        yield "Prometheus' operator, which defines ServiceMonitor and PrometheusRule"
    for name in options.pull_secrets:
        yield f"the Secret {name} in {space}, with which the image is pulled"


def _rights(plan: Plan, parts: Iterable[Part]) -> Iterator[tuple[str, str, str, str]]:
    """A row for each rule of each account, wherever it holds."""
    for part in parts:
        found = document(plan, part)
        if found["kind"] in _ROLES:
            place = found["metadata"].get("namespace", "everywhere")
            for rule in found["rules"]:
                yield part.name.partition("-")[0], place, ", ".join(rule["verbs"]), _resources(rule)


def _resources(rule: dict[str, Any]) -> str:
    groups = [f".{group}" if group else "" for group in rule.get("apiGroups", [""])]
    named = [f"{resource}{group}" for group in groups for resource in rule.get("resources", [])]
    return ", ".join((*named, *rule.get("nonResourceURLs", []))) + _names(rule.get("resourceNames", []))


def _names(names: Sequence[str]) -> str:
    """Of objects, so many as a line has room for: a store may come to be a row of them."""
    return f" ({shortlist(names)})" if names else ""


def _notes(plan: Plan) -> list[str]:
    from poblano.build import replacements, webhooks

    return [*replacements.notes(plan), *webhooks.notes(plan)]


def warnings(built: Built) -> list[str]:
    """What whoever deploys it should know, a sentence each."""
    from poblano.build import granted

    plan = built.plan
    return [
        *granted.warnings(plan),
        *(f"{one}{f' (accepted: {one.because})' if one.because else ''}" for one in built.findings),
        *(warning for one in plan.module.schedules if (warning := one.warning)),
        *_too_large_for_helm(built),
    ]


def _too_large_for_helm(built: Built) -> Iterator[str]:
    from poblano.build.archive import INSTEAD
    from poblano.build.helm.records import MOST, record_size

    folder = chart_folder(built.plan.settings.uuid)
    chart = {name: text for name, text in built.files.items() if name.startswith(folder) and isinstance(text, str)}
    manifests = built.files[manifest_name(built.plan.settings.uuid)]
    size = record_size(chart, manifests if isinstance(manifests, str) else "")
    if size > MOST:
        yield (
            f"{folder} cannot be installed: of a release Helm keeps the chart and what it is rendered to, "
            f"{size / 1024:.0f} KiB in a Secret that takes {MOST / 1024:.0f}. Deploy the manifests, or {INSTEAD}"
        )
