"""How far the rollout of a Deployment is, and what keeps it: pure, from what the cluster says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from poblano.models import a

CRASHED: Final = frozenset({"CrashLoopBackOff", "Error", "RunContainerError"})
STARTING: Final = frozenset({"ContainerCreating", "PodInitializing"})
IMAGE: Final = frozenset({"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull"})


@dataclass(frozen=True, slots=True)
class Progress:
    """A Deployment on its way.

    Args:
        name: of the Deployment.
        ready: new Pods that are ready.
        wanted: Pods that there are to be.
        old: Pods of before that are still there.
        seen: whether the controller has seen what was asked for last.
    """

    name: str
    ready: int
    wanted: int
    old: int
    seen: bool

    @property
    def done(self) -> bool:
        """Whether all is as it was asked for. Source of the rule: kubectl, polymorphichelpers/rollout_status.go."""
        return self.seen and self.ready >= self.wanted and not self.old

    def __str__(self) -> str:
        rest = f", {self.old} to go" if self.old else ""
        return f"{self.name}: {self.ready} of {self.wanted} pods ready{rest}"


def progress(deployment: a.Deployment) -> Progress:
    """How far a Deployment is.

    >>> web = a.Deployment.of({"metadata": {"name": "web", "generation": 1}, "spec": {"replicas": 2}})
    >>> str(progress(web)), progress(web).done
    ('web: 0 of 2 pods ready', False)
    """
    wanted, status = deployment.spec.replicas, deployment.status
    updated = status.updated_replicas or 0
    return Progress(
        name=deployment.metadata.name,
        ready=min(updated, status.available_replicas or 0),
        wanted=1 if wanted is None else wanted,
        old=max((status.replicas or 0) - updated, 0),
        seen=(status.observed_generation or 0) >= (deployment.metadata.generation or 0),
    )


@dataclass(frozen=True, slots=True)
class Trouble:
    """What keeps a rollout.

    Args:
        about: which Pod, or the Deployment.
        why: what is wrong.
        remedy: what to do.
        log: whether the end of the container's log tells more.
        previous: whether it is that of the container before the last restart.
    """

    about: str
    why: str
    remedy: str = ""
    log: bool = False
    previous: bool = False

    def __str__(self) -> str:
        return f"{self.about}: {self.why}{f'; {self.remedy}' if self.remedy else ''}"


def troubles(deployment: a.Deployment, pods: Sequence[a.Pod]) -> list[Trouble]:
    """What keeps a rollout, as its Deployment and its Pods say.

    Args:
        deployment: which is not done.
        pods: that it selects.
    """
    name, living = deployment.metadata.name, [pod for pod in pods if not pod.metadata.deletion_timestamp]
    found = [
        Trouble(name, f"its pods are not accepted: {condition.message}")
        for condition in deployment.status.conditions
        if condition.type == "ReplicaFailure" and condition.status == "True"
    ]
    found += [trouble for pod in living for trouble in _of_pod(pod)]
    ready = "its pods are ready, and have to stay so for a while (minReadySeconds)"
    return found or [Trouble(name, ready if living else "it has no pods yet")]


def _of_pod(pod: a.Pod) -> Iterator[Trouble]:
    name = pod.metadata.name
    for container in pod.status.container_statuses:
        waiting = container.state.waiting
        reason = waiting.reason or ""
        if reason in IMAGE:
            yield Trouble(
                name,
                f"the image {container.image} does not come: {waiting.message or reason}",
                "name one that the nodes can pull with --image, and a Secret for its registry with --pull-secret",
            )
        elif reason in CRASHED:
            yield Trouble(name, f"it ends again and again ({reason})", log=True, previous=True)
        elif reason and reason not in STARTING:
            yield Trouble(name, f"{reason}: {waiting.message or 'no more is said'}")
        elif reason:
            yield Trouble(name, "it is being started")
        elif not container.ready:
            yield Trouble(name, "it runs and is not ready", log=True)
    if not pod.status.container_statuses:
        yield Trouble(name, _unscheduled(pod))


def _unscheduled(pod: a.Pod) -> str:
    for condition in pod.status.conditions:
        if condition.type == "PodScheduled" and condition.status == "False":
            return f"no node takes it: {condition.message or condition.reason}"
    return "it waits for a node"
