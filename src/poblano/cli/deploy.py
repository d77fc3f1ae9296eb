"""``poblano deploy``: build the module, put it into a cluster, and wait until it works there."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from poblano.cli.asking import sure
from poblano.cli.reaching import where

if TYPE_CHECKING:
    from poblano.build.plan import Certificates, Options
    from poblano.cli.pull_secrets import Registry


@dataclass(frozen=True, slots=True)
class Deployment:
    """The command line, but for the cluster."""

    options: Options
    registry: Registry | None
    seconds: float
    embed: bool
    create_namespaces: bool
    yes: bool


@click.command(name="deploy")
@click.option("-i", "--image", help="Image of the pods. Default: the settings' image, or that of this Poblano.")
@click.option("--no-embed", is_flag=True, help="The module's code lies in the image, and is not sent along.")
@click.option("-p", "--pull-secret", metavar="NAME", help="Secret with which the image is pulled.")
@click.option("-S", "--docker-server", metavar="SERVER", help="Make that Secret: the registry.")
@click.option("-U", "--docker-username", metavar="USER", help="Make that Secret: who pulls.")
@click.option("-E", "--docker-email", metavar="ADDRESS", default="", help="Make that Secret: an address of theirs.")
@click.option(
    "-P",
    "--docker-password",
    metavar="PASSWORD",
    envvar="POBLANO_DOCKER_PASSWORD",
    help="Make that Secret: the password. Better in POBLANO_DOCKER_PASSWORD; without either it is asked for.",
)
@click.option(
    "--certificates",
    type=click.Choice(["self", "cert-manager", "provided"]),
    default="self",
    show_default=True,
    help="Who makes the certificate of the webhooks.",
)
@click.option("--monitoring", is_flag=True, help="With a ServiceMonitor and a PrometheusRule.")
@click.option("--network-policy", is_flag=True, help="With a NetworkPolicy for each kind of pod.")
@click.option("--create-namespaces", is_flag=True, help="Make the namespaces that rules name, if they are missing.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=300.0,
    show_default=True,
    metavar="SECONDS",
    help="How long the pods, and then the webhooks, may take.",
)
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@where
def command(
    image: str | None,
    pull_secret: str | None,
    docker_server: str | None,
    docker_username: str | None,
    docker_email: str,
    docker_password: str | None,
    certificates: Certificates,
    timeout: float,
    kubeconfig: Path | None,
    context: str,
    *,
    no_embed: bool,
    create_namespaces: bool,
    monitoring: bool,
    network_policy: bool,
    yes: bool,
) -> None:
    """Put the module into a cluster, and wait until it works there.

    What it puts there is what `poblano build` writes, as far as that cluster's version takes it. It ends once all pods are
    ready and all webhooks armed; if that does not happen in time it says which pod waits for what, and ends with 1. Called
    again it changes what has changed, and takes away what the module no longer needs. Ctrl-C and SIGTERM stop it: it says what
    it leaves, and goes on when it is called again.
    """
    from poblano.build.plan import Options
    from poblano.cli.pull_secrets import registry
    from poblano.cli.stopping import run_until_told

    options = Options(
        image=image,
        pull_secrets=(pull_secret,) if pull_secret else (),
        certificates=certificates,
        monitoring=monitoring,
        network_policy=network_policy,
    )
    login = registry(pull_secret, docker_server, docker_username, docker_email, docker_password)
    deployment = Deployment(options, login, timeout, embed=not no_embed, create_namespaces=create_namespaces, yes=yes)
    run_until_told(_deploy(deployment, kubeconfig, context))


async def _deploy(deployment: Deployment, kubeconfig: Path | None, context: str) -> None:
    from poblano.build.granted import warnings
    from poblano.build.lockouts import checked
    from poblano.cli.deploying import Deploying
    from poblano.cli.planning import planned
    from poblano.cli.project import load_project
    from poblano.cli.terminal import Terminal
    from poblano.client import ApiClient, find_access, server_version

    terminal = Terminal()
    project = load_project(Path.cwd())
    access = find_access(kubeconfig, context)
    async with ApiClient(access) as client:
        options = replace(deployment.options, kubernetes=await server_version(client))
        plan = planned(project, options, embed=deployment.embed)
        for warning in (*map(str, checked(plan)), *warnings(plan)):
            terminal.line(("warning: ", "yellow"), warning)
        deploying = Deploying(client, plan, terminal, deployment.seconds)
        missing = await deploying.check()
        if missing and not deployment.create_namespaces:
            raise click.ClickException(
                f"{', '.join(missing)}: no such namespace, and the module needs a role there, since its rules name it; "
                "make it, or have it made with --create-namespaces"
            )
        await deploying.rehearse(missing)
        for other in await deploying.elsewhere():
            terminal.line(
                ("warning: ", "yellow"),
                f"a module {plan.names.uuid!r} is in {other} now: it moves, and what is there is taken away; if that is another "
                "module, say no, and give this one a uuid of its own",
            )
        place = f"{plan.settings.namespace} of {access.cluster.server}"
        if not deployment.yes:
            sure(f"Put {plan.names.uuid} into {place}?")
        terminal.note(f"putting {plan.names.uuid} into {place}")
        await deploying.run(missing, deployment.registry)
