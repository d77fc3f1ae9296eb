"""Which cluster a command works with: one that is there, or one of its own that ends with it."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import AsyncGenerator, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from poblano.core.errors import PoblanoError

if TYPE_CHECKING:
    from poblano.client import Access
    from poblano.cluster.serving.process import ClusterProcess

T = TypeVar("T")

SIGN_SECONDS = 0.5
"""How long after a failure the news of the end may take."""


class ClusterEnded(PoblanoError):
    """The embedded cluster is no longer there."""


@dataclass(frozen=True, slots=True)
class Target:
    """A cluster.

    Args:
        access: how to reach it.
        kubeconfig, context: the same, for another process.
        process: the embedded cluster; None for one that is there anyway.
        directory: where that one keeps its objects; None is in memory.
    """

    access: Access
    kubeconfig: str
    context: str = ""
    process: ClusterProcess | None = None
    directory: Path | None = None

    async def while_it_lives(self, work: Coroutine[Any, Any, T]) -> T:
        """What `work` returns. It is cancelled when the embedded cluster ends before.

        Raises:
            ClusterEnded: it did.
        """
        if self.process is None:
            return await work
        working = asyncio.ensure_future(work)
        ending = asyncio.ensure_future(self.process.ended())
        try:
            await asyncio.wait((working, ending), return_when=asyncio.FIRST_COMPLETED)
            if _has_failed(working):  # an answer that did not come may be the first sign of the end
                await asyncio.wait((ending,), timeout=SIGN_SECONDS)
            if ending.done() and (_has_failed(working) or not working.done()):
                raise ClusterEnded(f"the embedded cluster ended by itself ({ending.result()}); {self._cure()}")
            return working.result()
        finally:
            for task in (working, ending):
                task.cancel()
            await asyncio.gather(working, ending, return_exceptions=True)

    @property
    def is_reachable(self) -> bool:
        """Whether there is any use in asking it."""
        return self.process is None or self.process.is_running

    def invitation(self, example: str) -> list[str]:
        """What to type in another terminal to work with the embedded cluster; nothing about one that is there anyway.

        Args:
            example: a command to begin with; "" for none.
        """
        if self.process is None:
            return []
        kept = f"its objects are kept in {self.directory}" if self.directory else "gone when it ends"
        return [
            f"The cluster is this command's own: {kept}. In another terminal:",
            f"export KUBECONFIG={shlex.quote(self.kubeconfig)}",
            *([example] if example else []),
        ]

    def _cure(self) -> str:
        if self.directory:
            return f"what it held is kept in {self.directory}: start again"
        return "what it held went with it: start again, and with --data-dir DIR it is kept"


def _has_failed(work: asyncio.Future[Any]) -> bool:
    return work.done() and not work.cancelled() and isinstance(work.exception(), PoblanoError)


Opening: TypeAlias = AbstractAsyncContextManager[Target]
"""A cluster that is there within the block."""


@asynccontextmanager
async def given(access: Access, kubeconfig: str, context: str) -> AsyncGenerator[Target]:
    """A cluster that is there."""
    yield Target(access, kubeconfig, context)


@asynccontextmanager
async def embedded(directory: Path | None = None) -> AsyncGenerator[Target]:
    """A cluster of our own, which is gone after the block.

    Args:
        directory: where it keeps its objects for the next time; None keeps nothing.

    Raises:
        CannotServe: it cannot begin.
    """
    from poblano.client import find_access
    from poblano.cluster.serving.process import ClusterProcess
    from poblano.cluster.serving.served import Settings

    async with ClusterProcess(Settings(directory=directory, controllers=True)) as process:
        yield Target(find_access(process.kubeconfig), str(process.kubeconfig), "", process, directory)
