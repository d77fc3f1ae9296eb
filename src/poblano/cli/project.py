"""From a folder to a module that can be served: settings, environment, import, checks."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from poblano.core.entries import ALWAYS_IGNORED
from poblano.core.registered import accounts
from poblano.loading import load_module
from poblano.module import Module
from poblano.settings import Settings, find_project, load_settings, put_environment

if TYPE_CHECKING:
    from poblano.admission.reviewer import ModuleReviewer, Observer, Traffic


@dataclass(frozen=True, slots=True)
class Project:
    """A module and its settings; `environment` is what of their `env` was put into the process's."""

    settings: Settings
    module: Module
    environment: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def ignored(self) -> tuple[str, ...]:
        """The namespaces that no rule sees unless it names them."""
        return (*ALWAYS_IGNORED, *self.settings.ignored_namespaces, self.settings.namespace)

    def reviewer(
        self,
        observers: Sequence[Observer] = (),
        blocked: Callable[[str, float], None] | None = None,
        traffic: Traffic | None = None,
    ) -> ModuleReviewer:
        """What answers the module's reviews."""
        from poblano.admission.reviewer import ModuleReviewer

        return ModuleReviewer(
            self.module,
            on_error=self.settings.on_error,
            timeout=self.settings.webhook_timeout,
            ignored=self.ignored,
            own=accounts(self.settings.uuid, self.settings.namespace),
            observers=observers,
            traffic=traffic,
            blocked=blocked,
        )


def load_project(start: Path, before: Project | None = None, *, entry_point: str | None = None) -> Project:
    """The module in `start` or above, imported afresh.

    Args:
        start: where to look.
        before: what was loaded earlier, which this takes the place of. If it cannot be loaded, all is as it was.
        entry_point: the module object as ``package.module:name``, where not the settings'.

    Raises:
        InvalidSettings: there is none, or its settings are wrong.
        InvalidDefinition: its code does not import, or binds what it may not.
    """
    earlier: Mapping[str, str] = before.environment if before else {}
    settings = load_settings(find_project(start), {k: v for k, v in os.environ.items() if k not in earlier})
    settings = replace(settings, module=entry_point) if entry_point else settings
    put = put_environment(settings.env, os.environ, earlier)
    try:
        module = load_module(settings.folder, settings.module)
        module.check_finished()
        module.check_ignored(settings.ignored_namespaces)
        module.keep_out_of(settings.additional_ignored_namespaces)
    except BaseException:
        put_environment(earlier, os.environ, put)
        raise
    return Project(settings, module, put)
