"""``poblano run``: serve a module in a pod. No registration, no reload."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from poblano.cli.certificates import MAKERS, Chosen, chosen
from poblano.core.errors import InvalidSettings

if TYPE_CHECKING:
    from poblano.admission.health import Checks, HealthServer
    from poblano.admission.server import AdmissionServer
    from poblano.admission.tls import LiveCertificate
    from poblano.cli.certificates import Maker
    from poblano.cli.project import Project
    from poblano.cli.replicas import Work

T = TypeVar("T", bound=str)

ROLES = ("admission", "watcher", "all")
WORK: tuple[Work, ...] = ("elected", "shared", "alone")

# The variable of --port is not POBLANO_PORT: Kubernetes sets that one in every pod beside a Service named poblano.


PORT = click.IntRange(0, 65535)
FILE = click.Path(path_type=Path)


@click.command(name="run")
@click.option("--host", envvar="POBLANO_HOST", default="0.0.0.0", show_default=True, help="Address to serve at.")  # noqa: S104
@click.option(
    "--port",
    envvar="POBLANO_HTTPS_PORT",
    type=PORT,
    default=8443,
    show_default=True,
    help="HTTPS port; 0 takes a free one.",
)
@click.option(
    "--health-port",
    envvar="POBLANO_HEALTH_PORT",
    type=PORT,
    default=8080,
    show_default=True,
    help="HTTP port of /healthz, /readyz and /metrics; 0 takes a free one.",
)
@click.option(
    "--cert",
    envvar="POBLANO_CERT",
    type=FILE,
    help="Certificate to serve, as PEM. When the file changes, the new one is served.",
)
@click.option("--key", envvar="POBLANO_KEY", type=FILE, help="Its private key, as PEM.")
@click.option(
    "--ca",
    envvar="POBLANO_CA",
    type=FILE,
    help="With --certificates provided: whom the webhooks are to trust, as PEM. Otherwise ca.crt beside --cert.",
)
@click.option(
    "--certificates",
    envvar="POBLANO_CERTIFICATES",
    metavar="|".join(MAKERS),
    help="Who makes the certificate, where the module's webhooks are registered in a cluster.",
)
@click.option(
    "--role",
    envvar="POBLANO_ROLE",
    default=ROLES[0],
    show_default=True,
    metavar="|".join(ROLES),
    help="What this process does.",
)
@click.option(
    "--work",
    envvar="POBLANO_WORK",
    default=WORK[0],
    show_default=True,
    metavar="|".join(WORK),
    help="Which replica runs watch and reconcile actions.",
)
@click.option(
    "--archive",
    envvar="POBLANO_ARCHIVE",
    type=FILE,
    help="Run the module that is in this file, as poblano build made it, instead of that of the current folder.",
)
@click.option("--sha256", envvar="POBLANO_ARCHIVE_SHA256", metavar="HEX", help="What the archive's hash must be.")
def command(
    host: str,
    port: int,
    health_port: int,
    cert: Path | None,
    key: Path | None,
    ca: Path | None,
    certificates: str | None,
    role: str,
    work: str,
    archive: Path | None,
    sha256: str | None,
) -> None:
    """Run the module in a pod: its webhooks, its watches, or both.

    \b
    admission   serves the webhooks of mutate and validate actions
    watcher     runs watch and reconcile actions
    all         both in one process

    \b
    elected     one replica works, and another takes over when it goes: the Lease poblano-<uuid> says which
    shared      each replica works on its share of the objects
    alone       there is but one replica, and no Lease is asked for

    \b
    self          one replica makes the certificate, renews it, and has the webhooks trust it
    cert-manager  cert-manager does; its files are --cert and --key
    provided      others do; their files are --cert and --key, and the webhooks trust --ca
    In each of them, one replica arms the webhooks: once it is ready they get their real failure policy. Without
    --certificates, the files are served, and nobody is told.

    It registers nothing and reloads nothing. SIGTERM drains it: it is no longer ready, serves for 15 seconds more,
    answers what is under way and ends; a second one ends it at once. An action that holds the event loop is
    interrupted once nobody waits for its answer any more, or by a second SIGTERM.

    A replica that has lost its Lease ends with status 3, to be started again.

    An archive is unpacked to a folder of its own among the temporary files (TMPDIR), which goes at the end. Nothing of it
    is looked at before its hash fits.

    Each option may come from the environment: POBLANO_HOST, POBLANO_HTTPS_PORT, POBLANO_HEALTH_PORT, POBLANO_CERT,
    POBLANO_KEY, POBLANO_CA, POBLANO_CERTIFICATES, POBLANO_ROLE, POBLANO_WORK, POBLANO_ARCHIVE, POBLANO_ARCHIVE_SHA256.
    """
    from poblano.admission.signals import ending_at_once
    from poblano.cli.archived import module_folder

    _check_one_of(ROLES, role, "--role")
    how = _check_one_of(WORK, work, "--work")
    maker = None if certificates is None else _check_one_of(MAKERS, certificates, "--certificates")
    cert, key, ca = (file and file.absolute() for file in (cert, key, ca))
    what = None if role == "watcher" else chosen(maker, cert, key, ca)
    with ending_at_once(), module_folder(archive, sha256) as folder:
        _run(folder, host, port, health_port, what, role, how)


def _run(folder: Path, host: str, port: int, health_port: int, what: Chosen | None, role: str, how: Work) -> None:
    from poblano.admission.server import loop_factory
    from poblano.cli.project import load_project

    if what is None:
        _watch_alone(folder, host, health_port, how)
        return
    project = load_project(folder)
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(_serve(project, host, port, health_port, what, how if role == "all" else None))


def _watch_alone(folder: Path, host: str, health_port: int, work: Work) -> None:
    from poblano import telemetry
    from poblano.admission.server import loop_factory
    from poblano.cli.followers import has_followers
    from poblano.cli.project import load_project
    from poblano.cli.replicas import alone
    from poblano.log import configure

    project = load_project(folder)
    if not has_followers(project):
        raise click.BadParameter(
            f"a watcher would have nothing to do: the module has no watch, reconcile or finalize action; write --role {ROLES[0]}",
            param_hint="--role",
        )
    configure(project.settings.log_level)
    telemetry.start(f"poblano-{project.settings.uuid}")
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(alone(project, host, health_port, work))


def _check_one_of(allowed: Sequence[T], given: str, option: str) -> T:
    for value in allowed:
        if value == given:
            return value
    raise click.BadParameter(f"{given!r} is not one of {', '.join(allowed)}", param_hint=option)


async def _serve(project: Project, host: str, port: int, health_port: int, what: Chosen, work: Work | None) -> None:
    from poblano import telemetry
    from poblano.admission.health import Checks, HealthServer
    from poblano.admission.heartbeat import Heartbeat
    from poblano.admission.server import AdmissionServer, until_signalled
    from poblano.cli.certificates import Process, certified, interim
    from poblano.cli.followers import has_followers
    from poblano.cli.keeping import has_store, kept
    from poblano.cli.observing import Production, blocked
    from poblano.cli.replicas import beside, held
    from poblano.client.ambient import settle
    from poblano.log import Log, configure
    from poblano.watch.counting import Counted

    configure(project.settings.log_level)
    telemetry.start(f"poblano-{project.settings.uuid}")
    settle(field_manager=f"poblano-{project.settings.uuid}")
    live = interim() if what.files is None or what.maker == "self" else _certificate(*what.files)
    production = Production(project.module)
    reviewer = project.reviewer([production.reviewed], blocked, production.metrics)
    reviewer.answer_other_builds()
    server = AdmissionServer(reviewer, live, host=host, port=port)
    production.watch(server.app)
    readiness, liveness = Checks("readyz"), Checks("healthz")
    _add_checks(readiness, server, what.maker)
    health = HealthServer(readiness, production.registry, liveness=liveness, host=host, port=health_port)
    follows = work is not None and has_followers(project)
    heartbeat = Heartbeat(project.module.bindings, held if follows else None)
    liveness.add("loop", heartbeat.problem)
    if follows:
        readiness.add("caches", lambda: "the watches have not begun")
    if has_store(project):
        readiness.add("store", lambda: "it is not known yet")
    counted = Counted()
    try:
        await _start(health, "--health-port", health_port)
        await _start(server, "--port", port)
        heartbeat.start()
        process = Process(
            project=project,
            server=server,
            entries=reviewer.entries,
            readiness=readiness,
            counted=counted,
            registry=production.registry,
        )
        if what.maker is not None or follows:
            counted.attach(production.registry)
        async with certified(what, process):
            # Nobody waits any longer for an action that holds the loop for longer.
            patience = max((entry.timeout for entry in reviewer.entries), default=1)
            # What the last reviews and runs wrote is sent when they have ended.
            async with kept(
                project,
                readiness=readiness,
                observe=counted.requested,
                registry=production.registry,
                liveness=liveness,
            ):
                Log.info("serving", module=project.settings.uuid, https=server.addresses, health=health.addresses)
                if work is not None and follows:
                    await beside(project, server, (readiness, liveness), counted, work=work, patience=patience)
                else:
                    await until_signalled(server, patience=patience)
    finally:
        heartbeat.close()
        await server.close()
        await health.close()
        reviewer.close()
        production.write()


def _certificate(cert: Path, key: Path) -> LiveCertificate:
    from poblano.admission.tls import LiveCertificate, UnusableCertificate, read_pair

    try:
        return LiveCertificate(read_pair(cert, key))
    except OSError as error:
        raise InvalidSettings(f"{error.filename} cannot be read: {error.strerror}; check --cert and --key") from None
    except UnusableCertificate as error:
        raise InvalidSettings(
            f"{cert} and {key}: {error}; give a PEM certificate and the key it was made with"
        ) from None


def _add_checks(readiness: Checks, server: AdmissionServer, maker: Maker | None) -> None:
    """What `/readyz` asks from the beginning. Who looks after the certificate says better once it does."""
    from poblano.cli.certificates import BUNDLE, CERTIFICATE, expired

    readiness.add("webhook", lambda: "it drains" if server.draining else None)
    if maker is None:
        readiness.add(CERTIFICATE, lambda: expired(server.certificate))
        return
    for name in (CERTIFICATE, BUNDLE):
        readiness.add(name, lambda: "it is not known yet")


async def _start(server: AdmissionServer | HealthServer, option: str, port: int) -> None:
    try:
        await server.start()
    except OSError as error:
        raise InvalidSettings(
            f"port {port} cannot be had: {error.strerror or error}; choose another with {option}"
        ) from None
