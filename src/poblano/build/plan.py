"""What is to be deployed: a module, its settings, and what the cluster is like. All parts and writers read this."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from poblano.admission.webhooks import Abilities
from poblano.build.archive import Archive
from poblano.build.recorded import Recorded
from poblano.core.binding import FOLLOWERS
from poblano.core.deployed import Names
from poblano.core.entries import ALWAYS_IGNORED, Entry, entries
from poblano.module import Module
from poblano.settings import RbacMode, Settings

Certificates: TypeAlias = Literal["self", "cert-manager", "provided"]
"""Who makes the webhook's certificate: the module in the cluster, cert-manager, or somebody who puts it into the Secret."""

Work: TypeAlias = Literal["elected", "shared", "alone"]
"""Who of several replicas of the watcher works: one, each on its share of the objects, or there is but one."""

NEWEST: Final = (1, 36)
"""The Kubernetes version that is built for unless another is named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What is asked of one build; the rest is in the settings.

    Args:
        kubernetes: the oldest version that must take it.
        image: of the containers; None is the settings', or that of this version of Poblano.
        pull_secrets: names of Secrets with which the image is pulled.
        rbac_mode: None is the settings'.
        certificates: who makes them.
        monitoring: with ServiceMonitor and PrometheusRule.
        network_policy: with a NetworkPolicy for each kind of pod.
        work: which replica of the watcher works: see ``poblano run --work``.
    """

    kubernetes: tuple[int, int] = NEWEST
    image: str | None = None
    pull_secrets: tuple[str, ...] = ()
    rbac_mode: RbacMode | None = None
    certificates: Certificates = "self"
    monitoring: bool = False
    network_policy: bool = False
    work: Work = "elected"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to be deployed.

    Args:
        settings: of the module.
        module: whose bindings, stores and schedules are read.
        version: the module's own, as its ``[project]`` says, or 0.0.1.
        archive: the code, where it does not lie in the image.
        options: of this build.
        recorded: what actions were seen to call the API server for; see `poblano.build.recorded`.
    """

    settings: Settings
    module: Module
    version: str
    archive: Archive | None
    options: Options
    recorded: tuple[Recorded, ...] = ()

    @property
    def names(self) -> Names:
        """What the objects are called."""
        return Names(self.settings.uuid)

    @property
    def module_secret(self) -> str:
        """The Secret of the code; "" where that lies in the image.

        Another content is another Secret: pods of before, and those of a rollout that is undone, find theirs.
        """
        return "" if self.archive is None else f"{self.names.module}-{self.archive.sha256[:10]}"

    @property
    def abilities(self) -> Abilities:
        """What the API server can evaluate before it calls a webhook."""
        return Abilities.of(self.options.kubernetes)

    @property
    def rbac_mode(self) -> RbacMode:
        """Whether the roles are derived, or grant everything."""
        return self.options.rbac_mode or self.settings.rbac_mode

    @property
    def image(self) -> str:
        """Of the containers."""
        return self.options.image or self.settings.image or stock_image()

    @property
    def admits(self) -> bool:
        """Whether there are mutate or validate actions: admission pods, webhooks and certificates."""
        return any(binding.phase not in FOLLOWERS for binding in self.module.bindings)

    @property
    def watches(self) -> bool:
        """Whether there are watch, reconcile or finalize actions, or schedules: watcher pods."""
        return bool(self.module.schedules) or any(binding.phase in FOLLOWERS for binding in self.module.bindings)

    @property
    def entries(self) -> list[Entry]:
        """The webhooks, as `dev` and `run` have them."""
        return entries(
            self.module.bindings,
            on_error=self.settings.on_error,
            timeout=self.settings.webhook_timeout,
            ignored=(*ALWAYS_IGNORED, *self.settings.ignored_namespaces),
        )


def stock_image(registry: str | None = None) -> str:
    """The controller's image of this version, where need be from a registry that has a copy of it.

    >>> stock_image("registry.example.com/team/").startswith("registry.example.com/team/poblano/controller:")
    True
    """
    import poblano

    place = f"{registry.rstrip('/')}/" if registry else ""
    return f"{place}poblano/controller:{poblano.__version__}"
