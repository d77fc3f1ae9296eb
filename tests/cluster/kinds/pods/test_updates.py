"""Little of a Pod may change."""

from __future__ import annotations

from copy import deepcopy

import pytest

from poblano.core.jsonvalue import Document
from tests.cluster.kinds.stored import created, updated, with_revision

POD: Document = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "p"},
    "spec": {"containers": [{"name": "c", "image": "i:1"}], "terminationGracePeriodSeconds": 30},
}


def changed(**spec: object) -> tuple[Document, list[str]]:
    old = with_revision(created(POD))
    new = deepcopy(old)
    new["spec"] |= spec
    return updated(old, new)


def test_an_image_may_change_and_counts_a_generation():
    obj, wrong = changed(containers=[{"name": "c", "image": "i:2"}])
    assert wrong == []
    assert obj["metadata"]["generation"] == 2


def test_a_toleration_may_be_added_but_none_taken_away():
    added = {"key": "a", "operator": "Exists"}
    old = created(POD)["spec"]["tolerations"]
    assert changed(tolerations=[*old, added])[1] == []
    assert changed(tolerations=[added])[1] == [
        "spec.tolerations: Forbidden: existing toleration can not be modified except its tolerationSeconds"
    ]


@pytest.mark.parametrize(
    "spec",
    [{"nodeName": "n"}, {"restartPolicy": "Never"}, {"hostNetwork": True}, {"terminationGracePeriodSeconds": 1}],
)
def test_anything_else_is_refused_with_what_may_change(spec):
    _, wrong = changed(**spec)
    assert len(wrong) == 1
    assert wrong[0].startswith(
        "spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`"
    )


def test_containers_neither_come_nor_go():
    containers = [{"name": "c", "image": "i:1"}, {"name": "d", "image": "i"}]
    assert changed(containers=containers)[1] == [
        "spec.containers: Forbidden: pod updates may not add or remove containers"
    ]


def test_a_deadline_only_shortens():
    old = with_revision(created({**POD, "spec": {**POD["spec"], "activeDeadlineSeconds": 10}}))
    for seconds, wrong in ((5, []), (20, ["spec.activeDeadlineSeconds"]), (None, ["spec.activeDeadlineSeconds"])):
        new = deepcopy(old)
        new["spec"]["activeDeadlineSeconds"] = seconds
        assert [text.partition(":")[0] for text in updated(old, new)[1]] == wrong


def test_the_status_is_not_touched_by_the_main_resource():
    old = with_revision(created(POD))
    new = deepcopy(old)
    new["status"] = {"phase": "Running"}
    obj, wrong = updated(old, new)
    assert obj["status"] == old["status"]
    assert wrong == []


def test_a_refusal_shows_the_change_as_the_real_server_recorded_it():
    env = [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]
    spec = {"containers": [{"name": "c", "image": "busybox:2", "env": env}]}
    old = with_revision(created({**POD, "spec": spec}))
    new = deepcopy(old)
    new["spec"]["nodeName"] = "n1"
    _, wrong = updated(old, new)
    assert wrong[0].partition("negative)\n")[2] == (
        '@@ -53,7 +53,7 @@\n  "NodeSelector": null,\n  "ServiceAccountName": "",\n  "AutomountServiceAccountToken": null,\n'
        '- "NodeName": "",\n+ "NodeName": "n1",\n  "SecurityContext": {\n   "HostNetwork": false,\n   "HostPID": false,\n'
    )
