"""A Job's Pods: as many at once as it allows, until enough have succeeded or too many failed.

Source: k8s.io/kubernetes/pkg/controller/job/job_controller.go, indexed_job_utils.go
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from poblano.cluster.controllers.conditions import condition, counted, holds, put
from poblano.cluster.controllers.objects import JOBS, PODS, Objects
from poblano.cluster.controllers.owning import claim, is_active, owner_keys, pod_of, ready_since, selecting_keys
from poblano.cluster.kinds.tree import many, struct, value
from poblano.cluster.storage.records import Bucket, Event
from poblano.core.jsonvalue import Document

_INDEX: Final = "batch.kubernetes.io/job-completion-index"
_ENDINGS: Final = {
    "CompletionsReached": "Reached expected number of succeeded pods",
    "BackoffLimitExceeded": "Job has reached the specified backoff limit",
    "DeadlineExceeded": "Job was active longer than specified deadline",
}


@dataclass(frozen=True, slots=True)
class Pods:
    """The Pods of a Job, by what became of them."""

    active: tuple[Document, ...]
    succeeded: tuple[Document, ...]
    failed: tuple[Document, ...]
    terminating: int

    @staticmethod
    def of(pods: Sequence[Document]) -> Pods:
        """Sorted by their phase."""

        def ended(phase: str) -> tuple[Document, ...]:
            return tuple(pod for pod in pods if value(pod, "status", "phase") == phase)

        succeeded, failed = ended("Succeeded"), ended("Failed")
        active = tuple(pod for pod in pods if is_active(pod))
        return Pods(active, succeeded, failed, len(pods) - len(active) - len(succeeded) - len(failed))


class JobController:
    """Brings Jobs to their end.

    Args:
        objects: what there is.
    """

    buckets: tuple[Bucket | None, ...] = (JOBS, PODS)

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    def keys(self, event: Event) -> Iterable[str]:
        """A Job that changed, and the owners of a Pod that did."""
        if event.bucket == JOBS:
            return (event.record.key,)
        return owner_keys(self._objects, event, "Job") | selecting_keys(self._objects, event, JOBS)

    def first_keys(self) -> Iterable[str]:
        """All Jobs."""
        return self._objects.keys(JOBS)

    async def reconcile(self, key: str) -> float | None:
        """Take one Job a step further."""
        job = self._objects.get(JOBS, key)
        if job is None or job["metadata"].get("deletionTimestamp") or job["spec"].get("managedBy"):
            return None
        if holds(job, "Complete") or holds(job, "Failed"):
            return await self._expire(job)
        pods = Pods.of(await claim(self._objects, PODS, job))
        started = struct(job, "status").get("startTime")
        late = _deadline(job, self._objects.age(started))
        reason = _ending(job, pods, is_late=late is not None and late <= 0)
        if reason:
            await self._end(job, pods, reason)
        elif job["spec"].get("suspend"):
            await self._suspend(job, pods)
        elif started is None:
            await self._report(job, pods)  # from now on it counts as active, and as late in the end
        else:
            await self._fit(job, pods)
            await self._report(job, Pods.of(await claim(self._objects, PODS, job)))
        return late

    async def _fit(self, job: Document, pods: Pods) -> None:
        parallelism: int = job["spec"].get("parallelism", 1)
        if _indexed(job):
            busy = {_index_of(pod) for pod in (*pods.active, *pods.succeeded)}
            free = [index for index in range(job["spec"]["completions"]) if index not in busy]
            for index in free[: max(0, parallelism - len(pods.active))]:
                await self._objects.create(PODS, _indexed_pod(job, index))
        else:
            for _ in range(max(0, _wanted(job, pods) - len(pods.active))):
                await self._objects.create(PODS, pod_of(_template(job), job))
        surplus = len(pods.active) - (parallelism if _indexed(job) else _wanted(job, pods))
        for pod in sorted(pods.active, key=lambda pod: ready_since(pod) is not None)[: max(0, surplus)]:
            await self._objects.delete(PODS, pod)

    async def _suspend(self, job: Document, pods: Pods) -> None:
        for pod in pods.active:
            await self._objects.delete(PODS, pod)
        pods = Pods.of(await claim(self._objects, PODS, job))
        new = {"type": "Suspended", "status": "True", "reason": "JobSuspended", "message": "Job suspended"}
        status = _numbers(job, pods)
        status.pop("startTime", None)
        await self._save(job, status, (new,))

    async def _report(self, job: Document, pods: Pods) -> None:
        status = _numbers(job, pods)
        status["startTime"] = status.get("startTime") or self._objects.now()
        new: tuple[Document, ...] = ()
        if condition(job, "Suspended") is not None:
            new = ({"type": "Suspended", "status": "False", "reason": "JobResumed", "message": "Job resumed"},)
        await self._save(job, status, new)

    async def _end(self, job: Document, pods: Pods, reason: str) -> None:
        """Say how it will end, wait for the last Pods to go, and say that it has ended."""
        well = reason == "CompletionsReached"
        for pod in pods.active:
            await self._objects.delete(PODS, pod)
        left = Pods.of(await claim(self._objects, PODS, job))
        status = _numbers(job, left)
        status["startTime"] = status.get("startTime") or self._objects.now()
        types = ["SuccessCriteriaMet" if well else "FailureTarget"]
        if not left.active and not left.terminating:
            types.append("Complete" if well else "Failed")
            if well:
                status["completionTime"] = self._objects.now()
        text = {"status": "True", "reason": reason, "message": _ENDINGS[reason]}
        await self._save(job, status, [{"type": type_, **text} for type_ in types])

    async def _save(self, job: Document, status: Document, new: Iterable[Document]) -> None:
        now, conditions = self._objects.now(), many(job, "status", "conditions")
        for one in new:
            conditions = put(conditions, {**one, "lastProbeTime": now}, now)
            before = condition(job, one["type"])
            if before is not None and before["status"] == one["status"]:
                conditions = [before if entry["type"] == one["type"] else entry for entry in conditions]
        if conditions:
            status["conditions"] = conditions
        await self._objects.set_status(JOBS, job, status)

    async def _expire(self, job: Document) -> float | None:
        """Delete a Job some time after it ended, if it says so."""
        lifetime: int | None = job["spec"].get("ttlSecondsAfterFinished")
        ended = condition(job, "Complete") or condition(job, "Failed")
        if lifetime is None or ended is None:
            return None
        left = lifetime - self._objects.age(ended["lastTransitionTime"])
        if left > 0:
            return left
        await self._objects.delete(JOBS, job, propagation="Foreground")
        return None


def _ending(job: Document, pods: Pods, *, is_late: bool) -> str:
    """Why a Job is to end; empty when it is not."""
    told = condition(job, "SuccessCriteriaMet") or condition(job, "FailureTarget")
    if told is not None:
        reason: str = told["reason"] if told["reason"] in _ENDINGS else "CompletionsReached"
        return reason
    limit: int = job["spec"].get("backoffLimit", 6)
    if len(pods.failed) > limit:
        return "BackoffLimitExceeded"
    if is_late:
        return "DeadlineExceeded"
    completions = job["spec"].get("completions")
    if completions is None:
        enough = bool(pods.succeeded) and not pods.active
    else:
        enough = _successes(job, pods) >= completions
    return "CompletionsReached" if enough else ""


def _wanted(job: Document, pods: Pods) -> int:
    """How many Pods are to be active."""
    parallelism: int = job["spec"].get("parallelism", 1)
    completions: int | None = job["spec"].get("completions")
    if completions is None:
        return len(pods.active) if pods.succeeded else parallelism
    return min(parallelism, max(0, completions - len(pods.succeeded)))


def _successes(job: Document, pods: Pods) -> int:
    return len({_index_of(pod) for pod in pods.succeeded}) if _indexed(job) else len(pods.succeeded)


def _deadline(job: Document, age: float) -> float | None:
    seconds = job["spec"].get("activeDeadlineSeconds")
    started = struct(job, "status").get("startTime")
    return seconds - age if seconds is not None and started else None


def _numbers(job: Document, pods: Pods) -> Document:
    before = struct(job, "status")
    kept: Document = {name: before[name] for name in ("startTime", "completionTime") if name in before}
    numbers = counted(
        active=len(pods.active), succeeded=_successes(job, pods), failed=max(len(pods.failed), before.get("failed", 0))
    )
    status: Document = {**kept, **numbers}
    status |= {"terminating": pods.terminating, "uncountedTerminatedPods": {}}
    status["ready"] = sum(ready_since(pod) is not None for pod in pods.active)
    if _indexed(job):
        indexes = sorted({_index_of(pod) for pod in pods.succeeded})
        status |= {"completedIndexes": intervals(indexes)} if indexes else {}
    return status


def intervals(numbers: Sequence[int]) -> str:
    """Ascending numbers, short.

    >>> intervals([0, 1, 2, 5, 7, 8])
    '0-2,5,7,8'
    """
    runs: list[list[int]] = []
    for number in numbers:
        if runs and runs[-1][-1] == number - 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ",".join(f"{run[0]}-{run[-1]}" if len(run) > 2 else ",".join(map(str, run)) for run in runs)


def _indexed(job: Document) -> bool:
    return bool(job["spec"].get("completionMode") == "Indexed")


def _index_of(pod: Document) -> int:
    return int(struct(pod, "metadata", "annotations").get(_INDEX, "-1"))


def _template(job: Document) -> Document:
    template: Document = job["spec"]["template"]
    return template


def _indexed_pod(job: Document, index: int) -> Document:
    pod = pod_of(_template(job), job, labels={_INDEX: str(index)})
    metadata, spec = pod["metadata"], pod["spec"]
    metadata["generateName"] = f"{job['metadata']['name']}-{index}-"
    metadata["annotations"] = {**struct(metadata, "annotations"), _INDEX: str(index)}
    spec.setdefault("hostname", f"{job['metadata']['name']}-{index}")
    source = {"fieldRef": {"apiVersion": "v1", "fieldPath": f"metadata.labels['{_INDEX}']"}}
    given = {"name": "JOB_COMPLETION_INDEX", "valueFrom": source}
    for part in ("containers", "initContainers"):
        if spec.get(part):
            spec[part] = [{**one, "env": [given, *many(one, "env")]} for one in spec[part]]
    return pod
