"""A whole cluster, served: what `poblano cluster` runs, and what tests run in their own process.

async with Served(Settings(rbac=True)) as served:
    print(served.url, served.kubeconfig)
"""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import sqlite3
import tempfile
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from poblano.cluster.serving import kubeconfig
from poblano.cluster.serving.credentials import Credentials, UnusableCredentials, keep, make
from poblano.cluster.serving.files import InUse, locked
from poblano.cluster.serving.listener import Listener
from poblano.cluster.serving.sockets import Address, bind
from poblano.cluster.storage.journal import Unwritable
from poblano.core.errors import PoblanoError

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from poblano.cluster.embedded import Cluster

DATABASE: Final = "cluster.sqlite"
KUBECONFIG: Final = "kubeconfig"
ANYWHERE: Final = Address("127.0.0.1", 0)


class CannotServe(PoblanoError):
    """The cluster cannot start where and as it was asked to; the message says what to change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How a cluster is served.

    Args:
        address: where it listens; port 0 takes a free one.
        directory: where it keeps its objects, keys and certificates; None keeps nothing.
        kubeconfig: where the kubeconfig file goes; None puts it into `directory`, or into a folder of its own that is
            gone when the cluster is.
        rbac: whether roles decide who may do what.
        controllers: whether workloads become Pods that run.
    """

    address: Address = ANYWHERE
    directory: Path | None = None
    kubeconfig: Path | None = None
    rbac: bool = False
    controllers: bool = False


class Served:
    """A cluster and its listener, from the beginning to the end of an ``async with``.

    Raises: CannotServe on entering.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._stack = AsyncExitStack()
        self.url = ""
        self.kubeconfig = Path()
        self.credentials: Credentials
        self.cluster: Cluster

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            await self._start(stack)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def _start(self, stack: AsyncExitStack) -> None:
        settings = self._settings
        if settings.directory is not None:
            _lock(settings.directory, stack)
        self.kubeconfig = _place(settings, stack)
        sockets = _bound(settings.address, stack)
        place = sockets[0].getsockname()
        address = Address(settings.address.host, place[1])
        self.credentials = _credentials(settings.directory, address)
        try:
            self.cluster = await stack.enter_async_context(
                _cluster(settings, self.credentials, Address(place[0], place[1]))
            )
        except Unwritable as error:
            raise CannotServe(
                f"cannot write to the data directory {settings.directory}: {error}; make room there, or give another --data-dir"
            ) from None
        listener = Listener(self.cluster.app, self.credentials.serving, address, sockets=sockets)
        await stack.enter_async_context(listener)
        self.url = listener.url
        token = self.credentials.admin_token
        # Its coming into being says that the cluster answers: not before it does.
        await asyncio.to_thread(_write, self.kubeconfig, self.url, self.credentials.authority, token)


def _lock(directory: Path, stack: AsyncExitStack) -> None:
    try:
        stack.enter_context(locked(directory))
    except InUse as error:
        raise CannotServe(f"{error}; end that one, or give another --data-dir") from None
    except OSError as error:
        raise CannotServe(
            f"cannot use the data directory {directory}: {error.strerror}; give another --data-dir"
        ) from None


def _place(settings: Settings, stack: AsyncExitStack) -> Path:
    """Where the kubeconfig goes; a file of somebody else's is never written over."""
    path = settings.kubeconfig
    if path is None:
        if settings.directory is not None:
            return settings.directory.absolute() / KUBECONFIG
        folder = tempfile.TemporaryDirectory(prefix="poblano-cluster-", ignore_cleanup_errors=True)
        return Path(stack.enter_context(folder)) / KUBECONFIG
    path = path.absolute()
    try:
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if path.exists() and not path.is_file():  # such as /dev/null, which root would replace
            raise CannotServe(f"{path} is not a regular file; give another --kubeconfig-out")
        if not kubeconfig.is_replaceable(path):
            raise CannotServe(f"{path} holds something else already; give another --kubeconfig-out, or delete it")
        path.parent.mkdir(parents=True, exist_ok=True)
        if not os.access(path.parent, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        raise CannotServe(f"cannot write {path}: {error.strerror}; give another --kubeconfig-out") from None
    return path


def _write(path: Path, url: str, authority: bytes, token: str) -> None:
    try:
        kubeconfig.write(path, url, authority, token)
    except OSError as error:
        raise CannotServe(f"cannot write {path}: {error.strerror}; give another --kubeconfig-out") from None


def _bound(address: Address, stack: AsyncExitStack) -> list[socket.socket]:
    try:
        sockets = bind(address)
    except socket.gaierror as error:
        raise CannotServe(f"cannot listen at {address}: {error.strerror}; give another host to --listen") from None
    except OSError as error:
        raise CannotServe(f"cannot listen at {address}: {_why(error)}; {_other(error, address)}") from None
    for one in sockets:
        stack.callback(one.close)
    return sockets


def _why(error: OSError) -> str:
    return "something else listens there" if error.errno == errno.EADDRINUSE else str(error.strerror)


def _other(error: OSError, address: Address) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"end it, or take any free port: --listen {Address(address.host, 0)}"
    return "give another HOST:PORT to --listen"


def _credentials(directory: Path | None, address: Address) -> Credentials:
    hosts = [address.local_name, *([address.host] if address.host else [])]
    if directory is None:
        return make(hosts)
    try:
        return keep(directory, hosts)
    except UnusableCredentials as error:
        raise CannotServe(str(error)) from None
    except OSError as error:
        raise CannotServe(
            f"cannot use {error.filename or directory}: {error.strerror}; give another --data-dir"
        ) from None


def _cluster(settings: Settings, credentials: Credentials, address: Address) -> Cluster:
    from poblano.cluster.access import SigningKey
    from poblano.cluster.embedded import Cluster, Options
    from poblano.cluster.storage.sqlite import SqliteJournal, UnreadableJournal

    options = Options(
        admin_token=credentials.admin_token,
        rbac=settings.rbac,
        controllers=settings.controllers,
        key=SigningKey(credentials.account_key),
        address=address.reached_at,
        ca=credentials.authority.decode(),
    )
    if settings.directory is None:
        return Cluster(options)
    try:
        return Cluster(options, journal=SqliteJournal(settings.directory / DATABASE))
    except (UnreadableJournal, sqlite3.Error) as error:
        raise CannotServe(f"cannot read what the data directory holds: {error}; give another --data-dir") from None
