"""Deployments and their kin: what is filled in, what is refused, what may change."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from poblano.cluster.kinds import strategy
from poblano.core.jsonvalue import Document
from tests.cluster.kinds.stored import created, refused, updated, with_revision

TEMPLATE: Document = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}}


def workload(kind: str = "Deployment", group: str = "apps", **spec: Any) -> Document:
    body = {"selector": {"matchLabels": {"a": "b"}}, "template": deepcopy(TEMPLATE), **spec}
    version = f"{group}/v1" if group else "v1"
    return {"apiVersion": version, "kind": kind, "metadata": {"name": "w"}, "spec": body}


def job(**spec: Any) -> Document:
    template = {"spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "i"}]}}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "j"}, "spec": {"template": template, **spec}}


@pytest.mark.parametrize(
    ("obj", "wrong"),
    [
        (workload(selector=None), ["spec.selector: Required value"]),
        (workload(selector={}), ["spec.selector: Invalid value: {}: empty selector is invalid for deployment"]),
        (
            workload(selector={"matchLabels": {"no": "match"}}),
            [
                'spec.template.metadata.labels: Invalid value: {"a":"b"}: `selector` does not match template `labels`',
            ],
        ),
        (workload(replicas=-1), ["spec.replicas: Invalid value: -1: must be greater than or equal to 0"]),
        (
            workload(strategy={"type": "Recreate", "rollingUpdate": {"maxSurge": 1}}),
            ["spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'"],
        ),
        (
            workload(strategy={"rollingUpdate": {"maxSurge": 0, "maxUnavailable": "0%"}}),
            [
                'spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "0%": may not be 0 when `maxSurge` is 0',
            ],
        ),
        (
            workload(progressDeadlineSeconds=5, minReadySeconds=5),
            ["spec.progressDeadlineSeconds: Invalid value: 5: must be greater than minReadySeconds"],
        ),
        (
            workload("StatefulSet", selector={}),
            ["spec.selector: Invalid value: {}: empty selector is invalid for statefulset"],
        ),
        (
            workload("DaemonSet", updateStrategy={"type": "x"}),
            ['spec.updateStrategy.type: Unsupported value: "x": supported values: "RollingUpdate", "OnDelete"'],
        ),
        (
            workload("ReplicationController", "", selector={"no": "match"}),
            ['spec.template.metadata.labels: Invalid value: {"a":"b"}: `selector` does not match template `labels`'],
        ),
    ],
)
def test_a_workload_is_told_what_is_wrong_with_it(obj, wrong):
    assert refused(obj) == wrong


def test_what_runs_for_ever_is_always_restarted():
    template = deepcopy(TEMPLATE)
    template["spec"] |= {"restartPolicy": "Never", "activeDeadlineSeconds": 5}
    assert refused(workload(template=template)) == [
        'spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"',
        "spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in ReplicaSet is not Supported",
    ]


@pytest.mark.parametrize("kind", ["Deployment", "ReplicaSet", "DaemonSet"])
def test_a_selector_does_not_change(kind):
    old = with_revision(created(workload(kind)))
    new = deepcopy(old)
    new["spec"]["selector"]["matchLabels"] = new["spec"]["template"]["metadata"]["labels"] = {"c": "d"}
    _, wrong = updated(old, new)
    assert wrong == ['spec.selector: Invalid value: {"matchLabels":{"c":"d"}}: field is immutable']


def test_a_stateful_set_changes_little_of_itself():
    old = with_revision(created(workload("StatefulSet", serviceName="s")))
    fine, bad = deepcopy(old), deepcopy(old)
    fine["spec"] |= {"replicas": 5, "minReadySeconds": 3}
    bad["spec"]["serviceName"] = "t"
    assert updated(old, fine)[1] == []
    assert [text[:40] for text in updated(old, bad)[1]] == ["spec: Forbidden: updates to statefulset "]


def test_annotations_of_a_deployment_count_as_a_generation_and_labels_do_not():
    old = with_revision(created(workload()))
    for key, generation in (("labels", 1), ("annotations", 2)):
        new = deepcopy(old)
        new["metadata"][key] = {"x": "y"}
        assert updated(old, new)[0]["metadata"]["generation"] == generation


def test_the_template_of_a_daemon_set_has_a_generation_of_its_own():
    old = with_revision(created(workload("DaemonSet")))
    new = deepcopy(old)
    new["spec"]["template"]["spec"]["containers"][0]["image"] = "j"
    obj, _ = updated(old, new)
    assert obj["metadata"]["annotations"] == {"deprecated.daemonset.template.generation": "2"}


def test_a_status_update_changes_the_status_alone():
    old = with_revision(created(workload()))
    new = deepcopy(old)
    new["spec"]["replicas"], new["status"] = 99, {"replicas": 1}
    kind = strategy("apps", "Deployment")
    kind.prepare_for_status_update(new, old)
    assert new == {**old, "status": {"replicas": 1}}
    new["status"] = {"replicas": 1, "readyReplicas": 2}
    assert [str(error) for error in kind.validate_status_update(new, old)] == [
        "status.readyReplicas: Invalid value: 2: cannot be greater than status.replicas"
    ]


def test_a_claim_template_is_a_whole_claim():
    claim = {"metadata": {"name": "v"}, "spec": {"accessModes": ["ReadWriteOnce"]}}
    (stored,) = created(workload("StatefulSet", volumeClaimTemplates=[claim]))["spec"]["volumeClaimTemplates"]
    assert (stored["kind"], stored["status"], stored["spec"]["volumeMode"]) == (
        "PersistentVolumeClaim",
        {"phase": "Pending"},
        "Filesystem",
    )


@pytest.mark.parametrize(
    ("spec", "wrong"),
    [
        (
            {"template": TEMPLATE},
            ['spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"'],
        ),
        ({"parallelism": -1}, ["spec.parallelism: Invalid value: -1: must be greater than or equal to 0"]),
        (
            {"completionMode": "Indexed", "parallelism": 2},
            ["spec.completions: Required value: when completion mode is Indexed"],
        ),
        (
            {"manualSelector": True},
            ["spec.selector: Required value"],
        ),
    ],
)
def test_a_job_is_told_what_is_wrong_with_it(spec, wrong):
    assert refused(job(**spec))[: len(wrong)] == wrong


def test_the_template_of_a_job_changes_only_while_it_is_suspended():
    for suspend, wrong in ((False, ["spec.template"]), (True, [])):
        old = with_revision(created(job(suspend=suspend)))
        new = deepcopy(old)
        new["spec"]["template"]["spec"]["nodeSelector"] = {"a": "b"}
        assert [text.partition(":")[0] for text in updated(old, new)[1]] == wrong


def test_a_job_selects_its_own_pods():
    spec = created(job())["spec"]
    assert spec["selector"]["matchLabels"].items() <= spec["template"]["metadata"]["labels"].items()


@pytest.mark.parametrize(
    ("schedule", "wrong"),
    [
        ("", "spec.schedule: Required value"),
        ("* * * *", 'spec.schedule: Invalid value: "* * * *": expected exactly 5 fields, found 4: [* * * *]'),
        ("60 * * * *", 'spec.schedule: Invalid value: "60 * * * *": end of range (60) above maximum (59): 60'),
        (
            "x * * * *",
            (
                'spec.schedule: Invalid value: "x * * * *": failed to parse int from x: strconv.Atoi: parsing "x": '
                "invalid syntax"
            ),
        ),
        ("@sometimes", 'spec.schedule: Invalid value: "@sometimes": unrecognized descriptor: @sometimes'),
    ],
)
def test_a_bad_schedule_is_refused_in_the_words_of_the_parser(schedule, wrong):
    cron = {"schedule": schedule, "jobTemplate": {"spec": job()["spec"]}}
    assert refused({"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "c"}, "spec": cron}) == [wrong]


@pytest.mark.parametrize("schedule", ["*/5 0-6,22 1 jan-mar SUN", "@hourly", "@every 1h30m", "? ? ? ? ?"])
def test_a_good_schedule_is_fine(schedule):
    cron = {"schedule": schedule, "timeZone": "Europe/Berlin", "jobTemplate": {"spec": job()["spec"]}}
    assert refused({"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "c"}, "spec": cron}) == []
