"""Job and CronJob.

Source: kubernetes/pkg/apis/batch/validation, pkg/registry/batch
"""

from __future__ import annotations

from typing import Final

from poblano.cluster import field_errors as errors
from poblano.cluster.field_errors import FieldError
from poblano.cluster.kinds import checks, cron, metadata, selectors
from poblano.cluster.kinds.pods import defaults, template, warnings
from poblano.cluster.kinds.strategy import Strategy, at, immutable_fields
from poblano.cluster.kinds.tree import struct
from poblano.cluster.reading import Lookup
from poblano.core.jsonvalue import Document

_UID: Final = ("controller-uid", "batch.kubernetes.io/controller-uid")
_NAME: Final = ("job-name", "batch.kubernetes.io/job-name")
_NUMBERS: Final = (
    "parallelism",
    "completions",
    "activeDeadlineSeconds",
    "backoffLimit",
    "ttlSecondsAfterFinished",
    "backoffLimitPerIndex",
    "maxFailedIndexes",
)


class Job(Strategy):
    """Source: kubernetes/pkg/registry/batch/job/strategy.go"""

    has_status = True
    counts_generation = True
    update_checks = ("create", "update")
    immutable = (
        "spec.selector",
        "spec.completionMode",
        "spec.podFailurePolicy",
        "spec.backoffLimitPerIndex",
        "spec.managedBy",
        "spec.successPolicy",
    )

    def default(self, obj: Document, version: str = "") -> None:
        super().default(obj, version)
        spec = obj["spec"]
        if spec.get("completions") is None and spec.get("parallelism") is None:
            spec["completions"] = 1
        spec.setdefault("parallelism", 1)
        spec.setdefault("backoffLimit", 6 if spec.get("backoffLimitPerIndex") is None else checks.MAX_INT32)
        spec.setdefault("podReplacementPolicy", "Failed" if spec.get("podFailurePolicy") else "TerminatingOrFailed")
        defaults.default_spec(spec["template"]["spec"])
        _labels_from_template(obj)

    def prepare_for_create(self, obj: Document, lookup: Lookup) -> None:
        super().prepare_for_create(obj, lookup)
        if not obj["spec"].get("manualSelector"):
            _generate_selector(obj)
        _labels_from_template(obj)

    def validate_content(self, obj: Document, old: Document | None = None) -> list[FieldError]:
        return [*_generated(obj), *_whole_spec(obj)]

    def validate_changes(self, obj: Document, old: Document) -> list[FieldError]:
        found = [*self.validate_content(obj, old), *_whole_spec(obj), *_completions(obj, old)]
        found += immutable_fields(obj, old, self.immutable)
        if _template(obj, old) != struct(old, "spec", "template"):
            found.append(errors.invalid("spec.template", struct(obj, "spec", "template"), metadata.IMMUTABLE))
        return found

    def validate_status(self, obj: Document, old: Document) -> list[FieldError]:
        return checks.nonnegative(struct(obj, "status"), "status", "active", "succeeded", "failed")

    def warnings(self, obj: Document, old: Document | None = None) -> list[str]:
        found = [f"metadata.name: {text}" for text in _host_name(metadata.of(obj).get("name") or "")]
        return [*found, *warnings.warnings(struct(obj, "spec", "template"), "spec.template")]


def _host_name(name: str) -> list[str]:
    wrong = " ".join(error.detail for error in checks.dns_label(name, ""))
    text = (
        "this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended"
    )
    return [f"{text}: [{wrong}]"] if wrong else []


def _labels_from_template(obj: Document) -> None:
    labels = struct(obj, "spec", "template", "metadata", "labels")
    if labels and not struct(obj, "metadata", "labels"):
        obj.setdefault("metadata", {})["labels"] = dict(labels)


def _generate_selector(obj: Document) -> None:
    meta, template_meta = obj["metadata"], obj["spec"]["template"].setdefault("metadata", {})
    labels = template_meta.setdefault("labels", {})
    for key in _NAME:
        labels.setdefault(key, meta.get("name") or "")
    for key in _UID:
        labels.setdefault(key, meta.get("uid") or "")
    selector = obj["spec"].setdefault("selector", {})
    wanted = selector.setdefault("matchLabels", {})
    if not set(_UID) & wanted.keys():
        wanted[_UID[1]] = meta.get("uid") or ""


def _generated(obj: Document) -> list[FieldError]:
    spec, meta = struct(obj, "spec"), metadata.of(obj)
    if spec.get("manualSelector") or spec.get("selector") is None:
        return []
    found: list[FieldError] = []
    uid, name = meta.get("uid") or "", meta.get("name") or ""
    if not uid:
        found.append(errors.required("metadata.uid"))
    labels = struct(spec, "template", "metadata", "labels")
    expected = {**dict.fromkeys(_UID, uid), **dict.fromkeys(_NAME, name)}
    for key, value in expected.items():
        where = f"spec.template.metadata.labels[{key}]"
        if key not in labels:
            found.append(errors.required(where, f"must be '{value}'"))
        elif labels[key] != value:
            found.append(errors.invalid(where, labels, f"must be '{value}'"))
    if not selectors.matches(spec.get("selector"), expected):
        found.append(errors.invalid("spec.selector", spec.get("selector"), "`selector` not auto-generated"))
    return found


def _whole_spec(obj: Document) -> list[FieldError]:
    spec = struct(obj, "spec")
    found = job_spec(spec, "spec")
    selector: Document | None = spec.get("selector")
    found += [errors.required("spec.selector")] if selector is None else selectors.validate(selector, "spec.selector")
    labels = struct(spec, "template", "metadata", "labels")
    if not selectors.matches(selector, labels):
        found.append(errors.invalid("spec.template.metadata.labels", labels, template.MISMATCH))
    return found


def job_spec(spec: Document, path: str) -> list[FieldError]:
    """What is wrong with a JobSpec, its selector aside."""
    found = checks.nonnegative(spec, path, *_NUMBERS)
    mode = spec.get("completionMode")
    found += checks.known(mode, f"{path}.completionMode", "NonIndexed", "Indexed")
    if mode == "Indexed" and spec.get("completions") is None:
        found.append(errors.required(f"{path}.completions", "when completion mode is Indexed"))
    if spec.get("backoffLimitPerIndex") is not None and mode != "Indexed":
        text = "requires indexed completion mode"
        found.append(errors.invalid(f"{path}.backoffLimitPerIndex", spec["backoffLimitPerIndex"], text))
    policy = spec.get("podReplacementPolicy")
    found += checks.known(policy, f"{path}.podReplacementPolicy", "Failed", "TerminatingOrFailed")
    given = struct(spec, "template")
    found += template.validate(given, f"{path}.template")
    return found + _restart(given, f"{path}.template.spec.restartPolicy", spec)


def _restart(given: Document, path: str, spec: Document) -> list[FieldError]:
    policy = struct(given, "spec").get("restartPolicy") or ""
    if policy in {"Always", ""}:
        return [errors.required(path, 'valid values: "OnFailure", "Never"')]
    if policy not in {"OnFailure", "Never"}:
        return [errors.not_supported(path, policy, ("OnFailure", "Never"))]
    if spec.get("podFailurePolicy") is not None and policy != "Never":
        return [errors.invalid(path, policy, "only Never is supported when podFailurePolicy is specified")]
    return []


def _completions(obj: Document, old: Document) -> list[FieldError]:
    new, was = struct(obj, "spec"), struct(old, "spec")
    if new.get("completions") == was.get("completions"):
        return []
    path = "spec.completions"
    if new.get("completionMode") != "Indexed":
        return [errors.invalid(path, new.get("completions"), metadata.IMMUTABLE)]
    if new.get("completions") is not None and new.get("completions") == new.get("parallelism"):
        return []
    text = "can only be modified in tandem with spec.parallelism"
    return [errors.invalid(path, new.get("completions"), text)]


def _template(obj: Document, old: Document) -> Document:
    """The new template with everything put back that may change while the Job is suspended."""
    new, was = struct(obj, "spec", "template"), struct(old, "spec", "template")
    if not at(old, "spec.suspend") or struct(old, "status").get("startTime"):
        return new
    pod = {**struct(new, "spec")}
    for key in ("affinity", "nodeSelector", "tolerations", "schedulingGates"):
        pod.pop(key, None)
        if key in struct(was, "spec"):
            pod[key] = struct(was, "spec")[key]
    meta = {**struct(new, "metadata")}
    for key in ("labels", "annotations"):
        meta.pop(key, None)
        if key in struct(was, "metadata"):
            meta[key] = struct(was, "metadata")[key]
    return {**new, "spec": pod, "metadata": meta}


class CronJob(Strategy):
    """Source: kubernetes/pkg/registry/batch/cronjob/strategy.go"""

    has_status = True
    counts_generation = True

    def default(self, obj: Document, version: str = "") -> None:
        super().default(obj, version)
        defaults.default_spec(obj["spec"]["jobTemplate"]["spec"]["template"]["spec"])

    def validate_content(self, obj: Document, old: Document | None = None) -> list[FieldError]:
        found = self._spec(struct(obj, "spec"), "spec")
        name = metadata.of(obj).get("name") or ""
        if old is None and len(name) > 52:
            # A CronJob's Jobs are called after it and a number of eleven characters.
            found.append(errors.invalid("metadata.name", name, "must be no more than 52 characters"))
        return found

    def _spec(self, spec: Document, path: str) -> list[FieldError]:
        schedule = spec.get("schedule") or ""
        found = [errors.required(f"{path}.schedule")] if not schedule else []
        found += checks.complaints(f"{path}.schedule", schedule, cron.problems(schedule) if schedule else ())
        found += checks.nonnegative(spec, path, "startingDeadlineSeconds")
        if spec.get("timeZone") is not None:
            zone = spec["timeZone"]
            found += checks.complaints(f"{path}.timeZone", zone, cron.zone_problems(zone))
        policies = ("Allow", "Forbid", "Replace")
        found += checks.choice(spec.get("concurrencyPolicy"), f"{path}.concurrencyPolicy", *policies)
        job, where = struct(spec, "jobTemplate", "spec"), f"{path}.jobTemplate.spec"
        found += job_spec(job, where)
        if job.get("selector") is not None:
            found.append(errors.invalid(f"{where}.selector", job["selector"], "`selector` will be auto-generated"))
        if job.get("manualSelector"):
            found.append(errors.not_supported(f"{where}.manualSelector", True, ("nil", "false")))
        return found + checks.nonnegative(spec, path, "successfulJobsHistoryLimit", "failedJobsHistoryLimit")

    def warnings(self, obj: Document, old: Document | None = None) -> list[str]:
        path = "spec.jobTemplate.spec.template"
        found = warnings.warnings(struct(obj, "spec", "jobTemplate", "spec", "template"), path)
        found += [f"metadata.name: {text}" for text in _host_name(metadata.of(obj).get("name") or "")]
        schedule = struct(obj, "spec").get("schedule") or ""
        if "TZ" in schedule:
            page = "https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/"
            text = 'CRON_TZ or TZ used in "spec.schedule" is not officially supported'
            found.append(f"{text}, see {page} for more details")
        return found
