"""``poblano run --certificates``: who makes the certificate that is served, and what this process does about it."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

import click

from poblano.core.errors import InvalidSettings

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

    from poblano.admission.certifying.replica import Replica
    from poblano.admission.certifying.running import Certifying
    from poblano.admission.certifying.sources import Source
    from poblano.admission.certifying.tended import Tended
    from poblano.admission.health import Check, Checks
    from poblano.admission.server import AdmissionServer
    from poblano.admission.tls import LiveCertificate
    from poblano.cli.project import Project
    from poblano.client import ApiClient
    from poblano.core.deployed import Names
    from poblano.core.entries import Entry, Policy
    from poblano.core.kinds import Kind
    from poblano.watch.counting import Counted

Maker: TypeAlias = Literal["self", "cert-manager", "provided"]
MAKERS: tuple[Maker, ...] = ("self", "cert-manager", "provided")

CERTIFICATE = "certificate"
"""The readiness check that what is served can be believed."""

BUNDLE = "bundle"
"""The readiness check that API servers believe what is served. It does not keep a leader from putting it right."""

READING = "what reads the files of the certificate"


@dataclass(frozen=True, slots=True)
class Chosen:
    """What `poblano run` was told.

    Args:
        maker: who makes what is served; None is whoever wrote the files, and nothing is said to the API server.
        cert: file of the certificate.
        key: file of its key.
        ca: file of the authorities that signed it.
    """

    maker: Maker | None
    cert: Path | None
    key: Path | None
    ca: Path | None

    @property
    def files(self) -> tuple[Path, Path] | None:
        """Certificate and key, where there are such files."""
        return None if self.cert is None or self.key is None else (self.cert, self.key)

    @property
    def pair(self) -> tuple[Path, Path]:
        """Certificate and key, which there are."""
        assert self.cert is not None
        assert self.key is not None
        return self.cert, self.key


@dataclass(frozen=True, slots=True)
class Place:
    """Where it is all kept: what things are called, and the module's own namespace."""

    names: Names
    namespace: str

    @property
    def service_names(self) -> tuple[str, ...]:
        """What API servers call the server."""
        return self.names.service_names(self.namespace)


def chosen(maker: Maker | None, cert: Path | None, key: Path | None, ca: Path | None) -> Chosen:
    """What was asked for.

    Raises:
        click.UsageError: an option is missing, or has no meaning beside the others.
    """
    if ca is not None and maker != "provided":
        raise click.UsageError("--ca is for --certificates provided: it is what the webhooks are told to trust")
    missing = " and ".join(name for name, given in (("--cert", cert), ("--key", key)) if given is None)
    if missing and not (maker == "self" and cert is key):
        ways = "(poblano dev makes its own, and with --certificates self the module does in its cluster)"
        raise click.UsageError(
            f"{missing} missing: give a certificate and its key, as PEM files: --cert tls.crt --key tls.key {ways}"
        )
    if maker == "provided" and ca is None and cert is not None:
        ca = cert.parent / "ca.crt"
    return Chosen(maker, cert, key, ca)


def interim() -> LiveCertificate:
    """A certificate that nobody believes, until there is one: so there is a port to come to."""
    from poblano.admission.certificates import issue
    from poblano.admission.tls import LiveCertificate

    return LiveCertificate(issue(["not-ready.poblano.dev"]).pair)


def expired(live: LiveCertificate) -> str | None:
    """Why what is served is believed by nobody any more; None as long as it is valid."""
    from poblano.admission.certificates import expiry, now

    return None if expiry(live.pair.certificate) > now() else "it has expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """What is looked after is part of.

    Args:
        project: whose certificates.
        server: what serves them.
        entries: of the module.
        readiness: is told whether what is served is believed.
        counted: who counts requests, and who leads.
        registry: where the end of certificates is read.
    """

    project: Project
    server: AdmissionServer
    entries: Sequence[Entry]
    readiness: Checks
    counted: Counted
    registry: CollectorRegistry

    def ready(self) -> bool:
        """Whether it may be asked, once it is believed."""
        return not self.readiness.failures(exclude={BUNDLE})

    def policies(self) -> dict[Kind, dict[str, Policy]]:
        """The real failure policy of each webhook, by configuration and name."""
        from poblano.admission.webhooks import KINDS
        from poblano.core.registered import policies

        settings = self.project.settings
        found = policies(self.entries, settings.uuid, settings.policies)
        return {KINDS[phase]: named for phase, named in found.items() if named}


@asynccontextmanager
async def certified(what: Chosen, process: Process) -> AsyncGenerator[None]:
    """Within this block, what is served is looked after.

    Args:
        what: who makes it.
        process: what serves it.

    Raises:
        InvalidSettings: a file cannot be used.
        InvalidKubeconfig: it cannot be found out where the API server is.
    """
    from poblano.admission.certificates import expiry
    from poblano.admission.certifying.metrics import CertificateMetrics
    from poblano.admission.certifying.tended import Tended
    from poblano.admission.tls import follow

    live = process.server.certificate
    if what.maker is None:
        ends = CertificateMetrics(lambda: {"served": expiry(live.pair.certificate).timestamp()})
        ends.attach(process.registry)
        reading = Tended(READING, partial(follow, live, *what.pair))
        async with _going_on(process.readiness, lambda: expired(live), reading):
            yield
        return
    from poblano.admission.certifying.replica import Replica
    from poblano.cli.followers import namespace_of
    from poblano.client import ApiClient, find_access
    from poblano.core.certificates import Lifetimes
    from poblano.core.deployed import Names

    access = find_access()
    place = Place(Names(process.project.settings.uuid), namespace_of(process.project, access))
    settle = None if what.maker == "self" else Lifetimes().settle  # the leader of one's own has waited
    replica = Replica(live, frozenset(place.service_names[:1]), settle=settle)
    if what.files is not None:
        _offer(replica, what)
    CertificateMetrics(replica.ends).attach(process.registry)
    async with ApiClient(access, observe=process.counted.requested) as client:
        made = _certifying(what, process, place, replica, client)
        process.readiness.add(BUNDLE, lambda: made.unheard() or replica.doubted())
        works = [Tended("what looks after the certificates", made.run)]
        if what.maker != "self":
            works.append(Tended(READING, partial(follow, replica, *what.pair)))
        async with _going_on(process.readiness, made.missing, *works):
            yield


def _certifying(what: Chosen, process: Process, place: Place, replica: Replica, client: ApiClient) -> Certifying:
    from poblano.admission.certifying.leader import Leader
    from poblano.admission.certifying.running import Certifying
    from poblano.client import ApiClient, Resources
    from poblano.watch.election import Election
    from poblano.watch.standing import own_identity

    def elect() -> Election:
        return Election(
            partial(ApiClient, client.access, observe=process.counted.requested),
            namespace=place.namespace,
            name=place.names.certificates,
            identity=own_identity(),
            observer=process.counted,
        )

    manager, policies = place.names.certificates, process.policies()
    leader = Leader(
        Resources(client, field_manager=manager),
        manager=manager,
        name=place.names.base,
        policies=policies,
        source=_source(what, place, replica),
        replica=replica,
        ready=process.ready,
    )
    made = Certifying(
        client, replica, leader, elect=elect, going=lambda: process.server.draining, maker=what.maker or ""
    )
    made.follow_webhooks(policies, place.names.base)
    if what.maker == "self":
        made.follow_secret(place.names.certificates, place.namespace, frozenset(place.service_names))
    return made


def _source(what: Chosen, place: Place, replica: Replica) -> Source:
    from poblano.admission.certifying.sources import Injected, Own, Provided
    from poblano.core.certificates import Rotation
    from poblano.watch.standing import clock

    rotation = Rotation(wall=time.time, clock=clock)
    if what.maker == "self":
        return Own(
            namespace=place.namespace,
            name=place.names.certificates,
            base=place.names.base,
            names=place.service_names,
            rotation=rotation,
        )
    if what.ca is None:
        return Injected()
    source = Provided(what.ca, replica, rotation)
    replica.trust(source.read())
    if replica.served is not None and not replica.served.issuer:
        raise InvalidSettings(f"{what.ca} has not signed {what.cert}; put the authority that has into --ca")
    if replica.served is not None and not replica.served.fits:
        raise InvalidSettings(
            f"{what.cert} is not for {place.service_names[0]}, by which API servers call; have one made that is"
        )
    return source


def _offer(replica: Replica, what: Chosen) -> None:
    """Serve what the files have. Where the module makes its own, they are what the kubelet has brought, if it has."""
    from poblano.admission.tls import UnusableCertificate, read_pair
    from poblano.log import Log

    try:
        replica.swap(read_pair(*what.pair))
    except (OSError, UnusableCertificate) as error:
        if what.maker == "self":
            Log.debug("there is no certificate in the files yet", reason=str(error))
            return
        raise


@asynccontextmanager
async def _going_on(readiness: Checks, missing: Check, *works: Tended) -> AsyncGenerator[None]:
    """These go on within the block. ``/readyz/certificate`` says what is missing, and then which of them has ended.

    While what is served is good, that one has ended is for the log and the alert on certificates that end soon: a pod that is
    not ready for it would be taken from those who call it, and all others with it.
    """

    def check() -> str | None:
        lacks = missing()
        return lacks and "; ".join([lacks, *filter(None, (one.problem() for one in works))])

    readiness.add(CERTIFICATE, check)
    async with AsyncExitStack() as stack:
        for one in works:
            await stack.enter_async_context(one)
        yield
