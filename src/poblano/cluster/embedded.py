"""One cluster, put together: what is stored, what is served, who may do what, and what goes on by itself."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from poblano.cluster.access import Access, Authorizer, SigningKey
from poblano.cluster.app import Application
from poblano.cluster.attributes import Attributes, User
from poblano.cluster.birth import give_birth
from poblano.cluster.clock import Clock
from poblano.cluster.controllers.definitions import DefinitionController
from poblano.cluster.controllers.garbage import GarbageCollector
from poblano.cluster.controllers.namespaces import NamespaceController
from poblano.cluster.controllers.steward import Controller, Steward
from poblano.cluster.discovery import Discovery
from poblano.cluster.faults import Faults
from poblano.cluster.local import LocalClient
from poblano.cluster.openapi import OpenAPI
from poblano.cluster.plugins import Admission
from poblano.cluster.resources import Registry, Resource
from poblano.cluster.rest.admission import restored
from poblano.cluster.rest.api import Api
from poblano.cluster.rest.hub import Hub
from poblano.cluster.rest.server import Server, StorageLookup
from poblano.cluster.rest.stored import Stored, bucket_of
from poblano.cluster.storage.engine import Storage
from poblano.cluster.storage.journal import Journal
from poblano.cluster.webhooks import Webhooks
from poblano.cluster.webhooks.versions import Kinds
from poblano.core.jsonvalue import Document

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

SYSTEM: Final = User("system:apiserver", ("system:masters", "system:authenticated"))
"""Whoever writes what the server itself needs."""
CONTROLLERS: Final = User("system:kube-controller-manager", ("system:masters", "system:authenticated"))
_QUICK: Final = 0.02
_UNHURRIED: Final = 2.0
"""Seconds that what is to go stays there: with and without controllers."""
_TEN_YEARS: Final = 10 * 365 * 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a cluster behaves.

    Args:
        admin_token: the bearer token of the administrator; made when empty.
        rbac: whether roles decide who may do what.
        controllers: whether workloads become Pods that run.
        key: signs the tokens of ServiceAccounts; made when None.
        address: where clients reach it, "127.0.0.1:6443", for discovery.
        ca: PEM of the certificate authority, for kube-root-ca.crt.
    """

    admin_token: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    rbac: bool = False
    controllers: bool = False
    key: SigningKey | None = None
    address: str = ""
    ca: str = ""


def _asker(attributes: Attributes, authorizer: Authorizer) -> object:
    from poblano.cluster.plugins.context import asker

    return asker(attributes, authorizer)


class Cluster:
    """A Kubernetes API without a server: `app` is what a server calls.

    Args:
        options: how it behaves.
        journal: what outlives the process; None for nothing.
        clock: tells the time.

    async with Cluster() as cluster:
        await cluster.client().create(a_config_map)
    """

    def __init__(
        self, options: Options | None = None, *, journal: Journal | None = None, clock: Clock | None = None
    ) -> None:
        self.options = options or Options()
        self.clock = clock or Clock()
        self.storage = Storage(journal)
        self.registry = Registry()
        stored = Stored(self.storage, self.registry)
        lookup = StorageLookup(self.storage, self.registry, self.clock)
        access = Access(lookup, admin_token=self.options.admin_token, rbac=self.options.rbac, key=self.options.key)
        webhooks = Webhooks(
            lookup,
            convert=stored.convert,
            equivalents=self._equivalents,
            restore=restored,
            authorizer=lambda attributes: _asker(attributes, access.authorizer),
        )
        self.server = Server(
            storage=self.storage,
            registry=self.registry,
            stored=stored,
            lookup=lookup,
            access=access,
            webhooks=Admission(
                webhooks,
                lookup,
                access.authorizer,
                kinds=Kinds(stored.convert, self._equivalents, restored),
                kind_of=self._kind_of,
            ),
            clock=self.clock,
            discovery=Discovery(self.registry, self.options.address),
            openapi=OpenAPI(self.registry),
            hub=Hub(self.storage),
            faults=Faults(),
        )
        self.api = Api(self.server)
        self.app = Application(self.api)
        self._steward = Steward(self.storage, self._controllers())

    async def start(self) -> None:
        """Make what every cluster has, and let begin what goes on by itself."""
        await give_birth(self.client(), self.options.address)
        self._steward.start()

    async def stop(self) -> None:
        """End the watches and what goes on by itself; let go of the journal."""
        self.server.hub.end_all()
        await self._steward.stop()
        await self.server.webhooks.close()
        self.storage.close()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    @property
    def faults(self) -> Faults:
        """What goes wrong on purpose."""
        return self.server.faults

    def client(self, user: User = SYSTEM, manager: str = "kube-apiserver") -> LocalClient:
        """A client in this process that may do anything."""
        return LocalClient(self.api, user, manager)

    def _controllers(self) -> Iterator[Controller]:
        """What goes on by itself. Without controllers a cluster is an API server alone, in which things stay for a moment."""
        server, delay = self.server, _QUICK if self.options.controllers else _UNHURRIED
        yield DefinitionController(
            self.client(),
            self.storage,
            self.registry,
            ended=server.hub.end_all,
            caller=server.webhooks.caller,
            now=self.clock.now,
        )
        client = self.client(CONTROLLERS, "kube-controller-manager")
        yield NamespaceController(client, self.storage, now=self.clock.now, delay=delay)
        yield GarbageCollector(client, self.storage, delay=delay)
        if self.options.controllers:
            yield from self._standins()

    def _standins(self) -> Iterator[Controller]:
        from poblano.cluster.controllers.standins import standins
        from poblano.cluster.discovery.version import GIT_VERSION

        yield from standins(
            lambda manager: self.client(CONTROLLERS, manager),
            self.storage,
            self.clock,
            version=GIT_VERSION,
            authority=self.options.ca,
            issue=self._issue,
        )

    def _issue(self, account: Document, secret: Document) -> str:
        """The token of a ServiceAccount that is kept in a Secret, and dies with it."""
        from poblano.cluster.access.account_tokens import Bound

        tokens, metadata = self.server.access.tokens, secret["metadata"]
        bound = Bound({"secret": (metadata["name"], metadata["uid"])})
        return tokens.issue(account, bound, audiences=tokens.audiences, seconds=_TEN_YEARS)

    def _kind_of(self, api_version: str, kind: str) -> Resource | None:
        group, _, version = api_version.rpartition("/")
        return self.registry.kind(group, version, kind)

    def _equivalents(self, resource: Resource) -> tuple[Resource, ...]:
        groups = ("", "events.k8s.io") if resource.plural == "events" else (resource.group,)
        found = (one for group in groups for one in self.registry.versions(group, resource.plural))
        return tuple(one for one in found if bucket_of(one) == bucket_of(resource) and one is not resource)
