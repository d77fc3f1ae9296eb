"""The client of code that was given none: an action says ``K8s(a.Pod)`` and means the cluster that its module runs in.

`using` says which that is, for all that is called within; ``poblano run``, ``dev`` and ``demo`` do, and a test may. Where
nobody has, the first use connects as kubectl would (kubeconfig, or the pod's own account): once for each event loop, and
that connection is closed when the loop ends.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from poblano.waiting import home

if TYPE_CHECKING:
    import asyncio

    from poblano.client.access import Access
    from poblano.client.resources import Resources
    from poblano.client.transport import ApiClient

FIELD_MANAGER = "poblano"


@dataclass(frozen=True, slots=True)
class Ambient:
    """What is meant where nothing is said.

    Attributes:
        client: an open client, or None to connect when it is needed.
        loop: on which the client is open.
        field_manager: under which name fields are owned.
    """

    client: ApiClient | None = None
    loop: asyncio.AbstractEventLoop | None = None
    field_manager: str = FIELD_MANAGER


_ambient: ContextVar[Ambient] = ContextVar("poblano_ambient", default=Ambient())  # noqa: B039 -- it is frozen

_own: dict[tuple[asyncio.AbstractEventLoop, int], tuple[ApiClient, AsyncGenerator[ApiClient]]] = {}
"""By the loop, and the identity of the access it is for: 0 where it is the one that was found."""


@contextmanager
def using(client: ApiClient | None = None, *, field_manager: str = FIELD_MANAGER) -> Generator[None]:
    """Within this block, and in the tasks and threads that are begun in it, `K8s` means this client.

    To be said on the event loop on which the client is used.

    Args:
        client: an open client; None leaves it to the first use to connect.
        field_manager: under which name fields are owned.

    ::

        async with connect(kubeconfig) as client:
            with using(client):
                await K8s(a.ConfigMap).in_namespace("shop").list()
    """
    before, at_home = _ambient.get(), home.get()
    settle(client, field_manager=field_manager)
    try:
        yield
    finally:
        home.set(at_home)
        _ambient.set(before)


@asynccontextmanager
async def connected(access: Access, *, field_manager: str = FIELD_MANAGER) -> AsyncGenerator[ApiClient]:
    """A client that is open within this block, and meant in it."""
    from poblano.client.transport import ApiClient

    async with ApiClient(access) as client:
        with using(client, field_manager=field_manager):
            yield client


def settle(client: ApiClient | None = None, *, field_manager: str = FIELD_MANAGER) -> None:
    """The same for the rest of this task, and for all that is begun in it. Arguments as of `using`."""
    import asyncio

    if client is None and "poblano.fluent" in sys.modules:
        import_module("poblano.client.transport")  # a fifth of a second; now, rather than while a review waits
    loop = asyncio.get_running_loop()
    _ambient.set(Ambient(client, loop, field_manager))
    home.set(loop)


async def current_client() -> ApiClient:
    """The client that is meant here.

    Raises:
        InvalidKubeconfig: there is none, and nothing to connect by.
    """
    import asyncio

    meant, loop = _ambient.get(), asyncio.get_running_loop()
    if meant.client is not None and meant.loop is loop:
        return meant.client
    access = None if meant.client is None else meant.client.access  # a client is of use on its own loop only
    key = loop, id(access) if access else 0
    found = _own.get(key)
    if found is None:
        kept = _kept_open(key, access)
        found = _own[key] = await anext(kept), kept
    return found[0]


async def current_resources() -> Resources:
    """The verbs, on the client that is meant here. Raises as `current_client`."""
    from poblano.client.resources import Resources

    return Resources(await current_client(), field_manager=current_field_manager())


def current_field_manager() -> str:
    """Under which name fields are owned here."""
    return _ambient.get().field_manager


async def _kept_open(key: tuple[asyncio.AbstractEventLoop, int], access: Access | None) -> AsyncGenerator[ApiClient]:
    """A connection that ends with the loop: ``asyncio.run`` closes the generators that are left (shutdown_asyncgens)."""
    from poblano.client.transport import ApiClient, connect

    try:
        async with ApiClient(access) if access else connect() as client:
            yield client
    finally:
        with suppress(KeyError):
            del _own[key]
