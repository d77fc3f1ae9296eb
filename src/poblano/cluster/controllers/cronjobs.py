"""A Job at each moment of a CronJob's schedule.

Source: k8s.io/kubernetes/pkg/controller/cronjob/cronjob_controllerv2.go
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from poblano.cluster.clock import written
from poblano.cluster.controllers.conditions import holds
from poblano.cluster.controllers.objects import JOBS, Objects, seconds_of
from poblano.cluster.controllers.owning import controller_of, is_controlled_by, owner_keys, reference
from poblano.cluster.controllers.schedule import next_fire
from poblano.cluster.kinds.tree import struct, value
from poblano.cluster.status import StatusError
from poblano.cluster.storage.records import Bucket, Event
from poblano.core.jsonvalue import Document

CRON_JOBS: Final[Bucket] = ("batch", "cronjobs")
_SCHEDULED: Final = "batch.kubernetes.io/cronjob-scheduled-timestamp"
_WINDOWS: Final = (3600.0, 86400.0, 31 * 86400.0, float("inf"))
"""How far back the last moment is looked for, so that a CronJob that fires every minute and slept for a year is no work."""
_LONGEST: Final = 3600.0
"""Seconds after which it is looked at again at the latest: the clock of the machine may have been set."""


class CronJobController:
    """Makes Jobs when it is time, and deletes the oldest that have ended.

    Args:
        objects: what there is.
    """

    buckets: tuple[Bucket | None, ...] = (CRON_JOBS, JOBS)

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    def keys(self, event: Event) -> Iterable[str]:
        """A CronJob that changed, or whose Job did."""
        return (event.record.key,) if event.bucket == CRON_JOBS else owner_keys(self._objects, event, "CronJob")

    def first_keys(self) -> Iterable[str]:
        """All CronJobs."""
        return self._objects.keys(CRON_JOBS)

    async def reconcile(self, key: str) -> float | None:
        """Make the Job of the last moment that has passed, if there is none yet; gives the seconds until the next."""
        cron = self._objects.get(CRON_JOBS, key)
        if cron is None or cron["metadata"].get("deletionTimestamp"):
            return None
        jobs = [job for job in self._objects.list(JOBS, cron["metadata"]["namespace"]) if is_controlled_by(job, cron)]
        await self._forget_old(cron, jobs)
        status = {**struct(cron, "status")}
        await self._start(cron, jobs, status)
        self._tell(cron, status)
        await self._objects.set_status(CRON_JOBS, cron, status)
        coming = None if cron["spec"].get("suspend") else self._next(cron, self._objects.clock.seconds())
        return None if coming is None else min(_LONGEST, max(0.05, coming - self._objects.clock.seconds()))

    async def _start(self, cron: Document, jobs: list[Document], status: Document) -> None:
        moment = self._missed(cron)
        if moment is None or cron["spec"].get("suspend"):
            return
        running = [job for job in jobs if not _has_ended(job)]
        policy = cron["spec"].get("concurrencyPolicy", "Allow")
        if policy == "Forbid" and running:
            return
        for job in running if policy == "Replace" else ():
            await self._objects.delete(JOBS, job)
        try:
            await self._objects.create(JOBS, _job(cron, moment))
        except StatusError as error:
            if error.reason != "AlreadyExists":
                raise
        status["lastScheduleTime"] = written(moment)

    def _tell(self, cron: Document, status: Document) -> None:
        """Which Jobs run, and when the last one succeeded."""
        jobs = [job for job in self._objects.list(JOBS, cron["metadata"]["namespace"]) if is_controlled_by(job, cron)]
        active = [_reference(job) for job in jobs if not _has_ended(job)]
        status.pop("active", None)
        if active:
            status["active"] = active
        times = [done for job in jobs if (done := value(job, "status", "completionTime"))]
        if times:
            status["lastSuccessfulTime"] = max([*times, status.get("lastSuccessfulTime") or ""])

    def _missed(self, cron: Document) -> float | None:
        """The last moment of the schedule that has passed without a Job, unless it is too late for it."""
        told = value(cron, "status", "lastScheduleTime") or cron["metadata"]["creationTimestamp"]
        now, since = self._objects.clock.seconds(), seconds_of(told)
        deadline: int | None = cron["spec"].get("startingDeadlineSeconds")
        if deadline is not None:
            since = max(since, now - deadline)
        for window in _WINDOWS:
            found, coming = None, self._next(cron, max(since, now - window))
            while coming is not None and coming <= now:
                found, coming = coming, self._next(cron, coming)
            if found is not None or now - window <= since:
                return found
        return None

    def _next(self, cron: Document, after: float) -> float | None:
        schedule: str = cron["spec"]["schedule"]
        if schedule.startswith("@every"):
            return None  # the API server takes it, but nobody writes it
        return next_fire(schedule, after, cron["spec"].get("timeZone") or "UTC")

    async def _forget_old(self, cron: Document, jobs: list[Document]) -> None:
        for type_, name, default in (
            ("Complete", "successfulJobsHistoryLimit", 3),
            ("Failed", "failedJobsHistoryLimit", 1),
        ):
            ended = sorted((job for job in jobs if holds(job, type_)), key=_age)
            for job in ended[: max(0, len(ended) - cron["spec"].get(name, default))]:
                if controller_of(job) is not None and not job["metadata"].get("deletionTimestamp"):
                    await self._objects.delete(JOBS, job)


def _has_ended(job: Document) -> bool:
    return holds(job, "Complete") or holds(job, "Failed")


def _age(job: Document) -> tuple[str, str]:
    return value(job, "status", "startTime") or "", job["metadata"]["name"]


def _reference(job: Document) -> Document:
    metadata = job["metadata"]
    return {
        "kind": "Job",
        "namespace": metadata["namespace"],
        "name": metadata["name"],
        "uid": metadata["uid"],
        "apiVersion": "batch/v1",
        "resourceVersion": metadata["resourceVersion"],
    }


def _job(cron: Document, moment: float) -> Document:
    """The Job of one moment: its name is that of the moment, so that it is made once."""
    template = cron["spec"]["jobTemplate"]
    given = struct(template, "metadata")
    metadata: Document = {"name": f"{cron['metadata']['name']}-{int(moment) // 60}"}
    metadata |= {"namespace": cron["metadata"]["namespace"], "ownerReferences": [reference(cron)]}
    metadata["annotations"] = {**struct(given, "annotations"), _SCHEDULED: written(moment)}
    if given.get("labels"):
        metadata["labels"] = given["labels"]
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": template["spec"]}
