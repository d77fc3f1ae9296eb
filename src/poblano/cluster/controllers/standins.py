"""All that stands in for the controller manager, the scheduler and the kubelet."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from poblano.cluster.clock import Clock
from poblano.cluster.controllers.account_secrets import AccountSecretController, Issue
from poblano.cluster.controllers.accounts import AccountController
from poblano.cluster.controllers.budgets import BudgetController
from poblano.cluster.controllers.cronjobs import CronJobController
from poblano.cluster.controllers.daemonsets import DaemonSetController
from poblano.cluster.controllers.deployments import DeploymentController
from poblano.cluster.controllers.jobs import JobController
from poblano.cluster.controllers.nodes import NodeController
from poblano.cluster.controllers.objects import Objects
from poblano.cluster.controllers.pods import PodController
from poblano.cluster.controllers.quotas import QuotaController
from poblano.cluster.controllers.replicasets import ReplicaSetController
from poblano.cluster.controllers.roles import RoleController
from poblano.cluster.controllers.services import ServiceController
from poblano.cluster.controllers.statefulsets import StatefulSetController
from poblano.cluster.controllers.steward import Controller
from poblano.cluster.controllers.volumes import ClaimController, VolumeController
from poblano.cluster.local import LocalClient
from poblano.cluster.storage.engine import Storage

_REPLICATION: tuple[str, str] = ("", "replicationcontrollers")


def standins(
    client: Callable[[str], LocalClient], storage: Storage, clock: Clock, *, version: str, authority: str, issue: Issue
) -> Iterator[Controller]:
    """The controllers.

    Args:
        client: who asks, by the name of the program that does this in a real cluster.
        storage: what there is.
        clock: tells the time.
        version: of the cluster.
        authority: the certificate of the cluster's authority, as PEM; empty for none.
        issue: makes the tokens of ServiceAccounts that Secrets hold.
    """
    manager = Objects(client("kube-controller-manager"), storage, clock)
    kubelet = Objects(client("kubelet"), storage, clock)
    yield AccountController(manager, authority)
    yield NodeController(kubelet, version)
    yield DeploymentController(manager)
    yield ReplicaSetController(manager)
    yield ReplicaSetController(manager, _REPLICATION, "ReplicationController")
    yield StatefulSetController(manager)
    yield DaemonSetController(manager)
    yield JobController(manager)
    yield CronJobController(manager)
    yield ClaimController(manager)
    yield VolumeController(manager)
    yield PodController(kubelet)
    yield ServiceController(manager)
    yield BudgetController(manager)
    yield QuotaController(manager)
    yield RoleController(manager)
    yield AccountSecretController(manager, issue, authority)
