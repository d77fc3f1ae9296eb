"""The life of ``poblano dev``: serve, register, reload until told to stop, take the registration away."""

from __future__ import annotations

import asyncio
import ipaddress
import shlex
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from poblano.admission.certificates import Issued, issue
from poblano.admission.registration import Registration, configuration_name
from poblano.admission.server import AdmissionServer
from poblano.admission.tls import LiveCertificate
from poblano.admission.webhooks import Abilities
from poblano.cli.debugging import Unhurried
from poblano.cli.defining import Definer
from poblano.cli.dev_metrics import DevMetrics
from poblano.cli.followers import Followers
from poblano.cli.keeping import Changing
from poblano.cli.project import Project
from poblano.cli.registrar import Registrar, make_way
from poblano.cli.reloading import Served
from poblano.cli.saving import Sources
from poblano.cli.sessions import this_session
from poblano.cli.stopping import Stop
from poblano.cli.target import Opening, Target
from poblano.cli.terminal import Terminal
from poblano.client import ApiClient, Resources, server_version
from poblano.client.ambient import settle
from poblano.core.errors import InvalidSettings, PoblanoError

GRACE_SECONDS = 1.0
"""How long it serves after it took its registration away: an API server hears of that through a watch."""


@dataclass(frozen=True, slots=True)
class Options:
    """The command line, but for the cluster."""

    host: str
    port: int
    force: bool


class Development:
    """One run.

    Args:
        project: as it is at the start.
        sources: its files, from before it was imported.
        opening: of the cluster.
        options: the command line.
        terminal: where to tell what happens.
    """

    def __init__(
        self, project: Project, sources: Sources, opening: Opening, options: Options, terminal: Terminal
    ) -> None:
        self._project = project
        self._sources = sources
        self._opening = opening
        self._options = options
        self._terminal = terminal
        self._session = this_session()
        self._stop = Stop()
        self._metrics = DevMetrics()
        self._followers: Followers | None = None

    async def run(self) -> None:
        """Serve until a signal.

        Raises:
            PoblanoError: it cannot begin: no cluster, no port, or somebody else at it; or the embedded cluster ended.
        """
        issued = _issue(self._options.host)
        served = Served(self._project, self._terminal, self._metrics)
        server = AdmissionServer(
            Unhurried(served.reviewer),
            LiveCertificate(issued.pair),
            host=_address(self._options.host),
            port=self._options.port,
            grace=GRACE_SECONDS,
        )
        try:
            with self._stop.listening(lambda: self._hurry(server)):
                async with AsyncExitStack() as stack:
                    with self._stop.starting():
                        target = await stack.enter_async_context(self._opening)
                    await target.while_it_lives(self._serve(target, server, served, issued.authority))
        except asyncio.CancelledError:
            if not self._stop.told.is_set():
                raise
        finally:
            await server.close()
            served.close()

    async def _serve(self, target: Target, server: AdmissionServer, served: Served, authority: bytes) -> None:
        counted = self._metrics.watching
        async with (
            ApiClient(target.access, observe=counted.requested) as client,
            self._metrics.served() as address,
            AsyncExitStack() as stack,
        ):
            settle(client, field_manager=f"poblano-{self._project.settings.uuid}")
            with self._stop.starting():
                registration, abilities = await self._way_made(client)
                definer = Definer(client, self._project.settings.uuid)
                await self._define(definer, self._project)
                stores = await stack.enter_async_context(Changing(client))
                await stores.begin(self._project)
                await stores.settle()
                await self._start(server)
            registrar = Registrar(registration, self._url(server), authority, abilities, self._terminal)
            async with registrar.registered(served.entries, target):
                registrar.describe(served.entries)
                self._say(target, server, served, registration)
                self._terminal.note(f"metrics at {address}")
                self._followers = followers = Followers(client, counted)
                try:
                    await followers.use(self._project)
                    await self._reload_until_told(server, served, registrar, followers, definer, stores)
                finally:
                    await followers.close()
            await server.drain()

    def _hurry(self, server: AdmissionServer) -> None:
        """Somebody has pressed Ctrl-C a second time."""
        server.hurry()
        if self._followers is not None:
            self._followers.hurry()

    def _say(self, target: Target, server: AdmissionServer, served: Served, registration: Registration) -> None:
        self._terminal.note(
            f"registered {_webhooks(served)} at {target.access.cluster.server} as {registration.name}, "
            f"serving {self._url(server)}, Ctrl-C to stop"
        )
        for line in target.invitation(_example(self._project.settings.folder)):
            self._terminal.line(line)

    async def _define(self, definer: Definer, project: Project) -> None:
        """Have the cluster serve the kinds that are the module's own. They stay when it ends: their objects need them."""
        for line in await definer.define(project):
            self._terminal.note(line)

    async def _way_made(self, client: ApiClient) -> tuple[Registration, Abilities]:
        uuid = self._project.settings.uuid
        abilities = Abilities.of(await server_version(client))
        resources = Resources(client, field_manager=f"poblano-{uuid}")
        registration = Registration(resources, uuid, configuration_name(uuid), self._session.marks)
        await make_way(registration, self._session.host, self._terminal, force=self._options.force)
        return registration, abilities

    async def _reload_until_told(
        self,
        server: AdmissionServer,
        served: Served,
        registrar: Registrar,
        followers: Followers,
        definer: Definer,
        stores: Changing,
    ) -> None:
        async def prepare(project: Project) -> None:
            try:
                await self._define(definer, project)
            except PoblanoError as error:
                self._terminal.mistake(f"the kinds are as they were before: {error}")
            await stores.begin(project)

        async for _ in self._sources.saved(self._stop.told):
            try:
                changed = await self._stop.unless_told(served.reload(server, registrar.register, prepare))
            except PoblanoError as error:
                self._terminal.mistake(str(error))
                self._terminal.note("not reloaded: what was there before goes on serving")
                await stores.drop()
            else:
                if self._stop.told.is_set():
                    break
                await followers.use(served.project)
                await stores.settle()
                if changed:
                    registrar.describe(served.entries)
                count = len(served.project.module.bindings)
                how = f"and registered {_webhooks(served)} anew" if changed else "the registration stays as it is"
                self._terminal.note(f"reloaded {count} rule{'' if count == 1 else 's'}, {how}")

    async def _start(self, server: AdmissionServer) -> None:
        try:
            await server.start()
        except OSError as error:
            raise InvalidSettings(
                f"port {self._options.port} cannot be had: {error.strerror or error}; choose another with --port"
            ) from None

    def _url(self, server: AdmissionServer) -> str:
        host = self._options.host
        return f"https://{f'[{host}]' if ':' in host else host}:{server.port}"


def _example(folder: Path) -> str:
    """How to apply the module's samples, if it has any."""
    samples = sorted(folder.glob("*.samples.yaml"))
    return f"kubectl apply -f {shlex.quote(str(samples[0]))}" if samples else ""


def _webhooks(served: Served) -> str:
    count = len(served.entries)
    return f"{count} webhook{'' if count == 1 else 's'}"


def _issue(host: str) -> Issued:
    """A certificate for what the API server calls: a name, or an address."""
    if _is_address(host):
        return issue([], [host])
    return issue([host], ["127.0.0.1", "::1"] if host == "localhost" else [])


def _address(host: str) -> str:
    """Where to listen: on this machine's own loopback when that is what is called, otherwise everywhere."""
    if host == "localhost" or (_is_address(host) and ipaddress.ip_address(host).is_loopback):
        return host
    return ""


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
