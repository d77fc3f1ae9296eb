"""The webhooks of a cluster, as its server asks them: first those that change, later those that judge."""

from __future__ import annotations

import asyncio
from typing import Final

from poblano.cluster import status
from poblano.cluster.attributes import Attributes
from poblano.cluster.reading import Lookup
from poblano.cluster.resources import GroupVersionKind, Resource
from poblano.cluster.webhooks.asking import Audit, AuthorizerOf, Desk
from poblano.cluster.webhooks.calling import Caller
from poblano.cluster.webhooks.configuration import MUTATING, VALIDATING, Configurations
from poblano.cluster.webhooks.matching import exempt
from poblano.cluster.webhooks.mutating import mutate
from poblano.cluster.webhooks.services import Resolve, endpoints
from poblano.cluster.webhooks.validating import validate
from poblano.cluster.webhooks.versions import Convert, Equivalents, Kinds, Restore
from poblano.core.jsonvalue import Document

_REQUEST_SECONDS: Final = 34  # apiserver: handlers.requestTimeoutUpperBound


async def _no_conversion(document: Document, source: Resource, target: Resource) -> Document:
    raise status.internal(f"unable to convert to {target.api_version}, Resource={target.plural}: unknown kind")


def _no_equivalents(resource: Resource) -> tuple[Resource, ...]:
    return ()


def _as_it_is(document: Document, resource: Resource, kind: GroupVersionKind) -> Document:
    return document


def _no_audit(attributes: Attributes, key: str, value: str) -> None:
    pass


def _no_authorizer(attributes: Attributes) -> None:
    pass


class Webhooks:
    """The admission webhooks that are registered in a cluster.

    Configurations are read from `lookup` when their revision moves, and compiled once.

    Args:
        lookup: holds the configurations, the namespaces and the Services.
        convert: an object from one resource to another in another version of it (matchPolicy: Equivalent).
        equivalents: a resource's other versions.
        restore: reads what a patch made, as the server reads what a client sends, and fills in the defaults.
        resolve: the address of a Service; by its endpoints unless given.
        audit: told of audit annotations, also of webhooks that were passed by.
        authorizer: what match conditions may ask about the user of a request.
    """

    def __init__(
        self,
        lookup: Lookup,
        *,
        convert: Convert = _no_conversion,
        equivalents: Equivalents = _no_equivalents,
        restore: Restore = _as_it_is,
        resolve: Resolve | None = None,
        audit: Audit = _no_audit,
        authorizer: AuthorizerOf = _no_authorizer,
    ) -> None:
        self._caller = Caller(resolve or endpoints(lookup))
        self._desk = Desk(lookup, Kinds(convert, equivalents, restore), self._caller, audit, authorizer)
        self._mutating = Configurations(lookup, MUTATING)
        self._validating = Configurations(lookup, VALIDATING)

    async def mutate(self, attributes: Attributes, *, deadline: float | None = None) -> None:
        """Let the mutating webhooks replace `attributes.object` and add to its warnings.

        Args:
            attributes: the request.
            deadline: when its client gives up, by the loop's clock.

        Raises:
            StatusError: the request is refused.
        """
        hooks = self._mutating.hooks()
        if hooks and not exempt(attributes):
            await mutate(self._desk, hooks, attributes, deadline=_until(deadline))

    async def validate(self, attributes: Attributes, *, deadline: float | None = None) -> None:
        """Let the validating webhooks judge a request, all at once. Arguments and errors as for `mutate`."""
        hooks = self._validating.hooks()
        if hooks and not exempt(attributes):
            await validate(self._desk, hooks, attributes, deadline=_until(deadline))

    @property
    def caller(self) -> Caller:
        """What calls them; conversion webhooks are called by the same."""
        return self._caller

    async def close(self) -> None:
        """Close the connections to the webhooks."""
        await self._caller.close()


def _until(deadline: float | None) -> float:
    latest = asyncio.get_running_loop().time() + _REQUEST_SECONDS
    return latest if deadline is None else min(deadline, latest)
