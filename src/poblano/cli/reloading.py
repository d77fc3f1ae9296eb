"""Loading the module anew when a file of it is saved, without a refused call."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Collection
from typing import TYPE_CHECKING

from poblano.admission.replies import Reply
from poblano.cli.debugging import Unhurried
from poblano.cli.project import Project, load_project
from poblano.cli.stopping import in_thread
from poblano.core.entries import Entry
from poblano.core.errors import InvalidSettings
from poblano.log import configure
from poblano.settings import put_environment

if TYPE_CHECKING:
    from poblano.admission.app import Reviewer
    from poblano.admission.reviewer import ModuleReviewer
    from poblano.admission.server import AdmissionServer
    from poblano.cli.dev_metrics import DevMetrics
    from poblano.cli.terminal import Terminal


class Both:
    """Two reviewers while the API server still calls the paths of the first: the second goes first, where it can."""

    def __init__(self, old: Reviewer, new: Reviewer) -> None:
        self._by_path = {path: reviewer for reviewer in (old, new) for path in reviewer.paths()}

    def paths(self) -> Collection[str]:
        """The paths of both."""
        return self._by_path

    def review(self, path: str, body: bytes, timeout: float) -> Reply | Awaitable[Reply]:
        """See `poblano.admission.app.Reviewer`."""
        return self._by_path[path].review(path, body, timeout)

    def refuse(self, path: str, body: bytes, status: int, message: str) -> Reply:
        """See `poblano.admission.app.Reviewer`."""
        return self._by_path[path].refuse(path, body, status, message)


class Served:
    """The project that is served now.

    Args:
        project: at first.
        terminal: told of every review.
        metrics: counts them, if somebody is to.
    """

    def __init__(self, project: Project, terminal: Terminal, metrics: DevMetrics | None = None) -> None:
        self.project = project
        self._terminal = terminal
        self._metrics = metrics
        self.reviewer = self._reviewer_of(project)

    @property
    def entries(self) -> list[Entry]:
        """What is to be registered."""
        return self.reviewer.entries

    async def reload(
        self,
        server: AdmissionServer,
        register: Callable[[list[Entry]], Awaitable[bool]],
        prepare: Callable[[Project], Awaitable[None]] | None = None,
    ) -> bool:
        """Serve what the files say now. When that fails, what was served before stays.

        Args:
            server: whose reviewer is swapped.
            register: has the API server call the new entries; whether anything changed there.
            prepare: what is to be done before it is served.

        Returns:
            what `register` did.

        Raises:
            PoblanoError: the files are wrong, or the API server refuses.
        """
        from poblano import metrics

        metrics.reloading()
        # In a thread, so that a slow import holds up no review.
        project = await in_thread(lambda: load_project(self.project.settings.folder, self.project))
        try:
            if project.settings.uuid != self.project.settings.uuid:
                raise InvalidSettings("the uuid was changed, and all is named after it: start poblano dev anew")
            if prepare is not None:
                await prepare(project)
            changed = await self._take(project, server, register)
        except BaseException:
            put_environment(self.project.environment, os.environ, project.environment)
            raise
        self.project = project
        configure(project.settings.log_level, format="console")
        return changed

    async def _take(
        self, project: Project, server: AdmissionServer, register: Callable[[list[Entry]], Awaitable[bool]]
    ) -> bool:
        old, new = self.reviewer, self._reviewer_of(project)
        server.use(Both(Unhurried(old), Unhurried(new)))
        try:
            changed = await register(new.entries)
        except BaseException:
            server.use(Unhurried(old))
            new.retire()
            raise
        server.use(Unhurried(new))
        self.reviewer = new
        old.retire()
        return changed

    def close(self) -> None:
        """Stop the threads of the reviewer."""
        self.reviewer.close()

    def _reviewer_of(self, project: Project) -> ModuleReviewer:
        if self._metrics is None:
            return project.reviewer([self._terminal.review], self._terminal.blocked)
        metrics = self._metrics
        metrics.admission.use(project.module.bindings)
        return project.reviewer([self._terminal.review, metrics.reviewed], self._terminal.blocked, metrics.admission)
