from __future__ import annotations

from pathlib import Path

import pytest

from tests.cluster.clients.kubectl import Kubectl

GENERATORS = [
    ("deployment", "web --image=nginx --replicas=2 --port=80"),
    ("job", "once --image=busybox -- echo hello"),
    ("configmap", "settings --from-literal=a=b"),
    ("secret generic", "secret --from-literal=a=b"),
    ("secret docker-registry", "registry --docker-username=u --docker-password=p --docker-server=example.com"),
    ("serviceaccount", "robot"),
    ("role", "reader --verb=get,list --resource=pods,deployments.apps"),
    ("rolebinding", "readers --role=reader --user=ann --serviceaccount=default:robot"),
    ("clusterrole", "reader --verb=get --non-resource-url=/metrics"),
    ("clusterrolebinding", "readers --clusterrole=view --group=staff"),
    ("quota", "limits --hard=cpu=1,pods=2"),
    ("ingress", "front --rule=shop.example.com/cart*=cart:8080,tls=cert --class=nginx"),
    ("service clusterip", "inner --tcp=80:8080"),
    ("service nodeport", "node --tcp=80:8080"),
    ("service loadbalancer", "outer --tcp=80"),
    ("service externalname", "alias --external-name=example.com"),
    ("priorityclass", "high --value=1000 --description=first"),
    ("namespace", "extra"),
]
LATER = [
    ("cronjob", "daily --image=busybox --schedule=@daily -- date", "the server could not find the requested resource"),
    ("poddisruptionbudget", "budget --selector=app=web --min-available=50%", 'in version "policy/v1beta1"'),
]
"""What kubectl 1.20 makes in a version that a server of 1.36 no longer serves, and how it says so."""


def test_every_generator_makes_an_object_that_can_be_got_described_and_deleted(kubectl: Kubectl):
    made: list[str] = []
    for kind, words in GENERATORS:
        name, *flags = words.split()
        if kind in {"namespace", "priorityclass"} or kind.startswith("clusterrole"):
            name += f"-{kubectl.namespace}"
        assert kubectl("create", *kind.split(), name, *flags).endswith(f"/{name} created\n")
        made.append(f"{kind.split()[0].replace('quota', 'resourcequota')}/{name}")
    got = [one.partition("/") for one in kubectl("get", *made, "-o", "name").split()]
    assert sorted(f"{resource.partition('.')[0]}/{name}" for resource, _, name in got) == sorted(made)
    described = {
        words[1] for line in kubectl("describe", *made).splitlines() if (words := line.split())[:1] == ["Name:"]
    }
    assert {one.partition("/")[2] for one in made} <= described
    assert "already exists" in kubectl.refused("create", "configmap", "settings")
    assert kubectl("delete", *made, "--wait=false").count(" deleted") == len(made)


@pytest.mark.parametrize(("kind", "words", "complaint"), LATER, ids=[kind for kind, _, _ in LATER])
def test_a_generator_of_a_version_that_is_gone_says_so(kubectl: Kubectl, kind: str, words: str, complaint: str):
    name, *flags = words.split()
    if kubectl.minor == 20:
        assert complaint in kubectl.refused("create", kind, name, *flags)
    else:
        kubectl("create", kind, name, *flags)
        assert kubectl("describe", kind, name).splitlines()[0].split() == ["Name:", name]


def test_a_job_is_made_from_a_cron_job(kubectl: Kubectl):
    template = {"spec": {"restartPolicy": "Never", "containers": [{"name": "main", "image": "busybox"}]}}
    daily = {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": "daily"},
        "spec": {"schedule": "@daily", "jobTemplate": {"spec": {"template": template}}},
    }
    kubectl("create", "-f", "-", stdin=daily)
    if kubectl.minor == 20:  # it knows CronJobs of batch/v1beta1 only
        assert 'no kind "CronJob" is registered for version "batch/v1"' in kubectl.refused(
            "create", "job", "now", "--from=cronjob/daily"
        )
        return
    kubectl("create", "job", "now", "--from=cronjob/daily")
    job = kubectl.get("job/now")
    assert job["metadata"]["ownerReferences"][0]["name"] == "daily"
    assert job["spec"]["template"]["spec"]["containers"][0]["image"] == "busybox"


def test_files_become_data(kubectl: Kubectl, tmp_path: Path):
    (tmp_path / "a.txt").write_text("text")
    (tmp_path / "b.bin").write_bytes(b"\xff\x00")
    kubectl("create", "configmap", "files", f"--from-file={tmp_path}")
    made = kubectl.get("cm/files")
    assert (made["data"], made["binaryData"]) == ({"a.txt": "text"}, {"b.bin": "/wA="})


def test_a_pod_is_run_or_only_tried(kubectl: Kubectl):
    tried = kubectl(
        "run", "p", "--image=nginx", "--dry-run=server", "-o", "jsonpath={.spec.containers[0].imagePullPolicy}"
    )
    assert tried == "Always"
    assert "NotFound" in kubectl.refused("get", "pod", "p")
    assert kubectl("run", "p", "--image=nginx:1", "--labels=a=b", "--env=A=1", "--restart=Never") == "pod/p created\n"
    pod = kubectl.get("pod/p")
    assert (pod["metadata"]["labels"], pod["spec"]["restartPolicy"]) == ({"a": "b"}, "Never")
    assert pod["spec"]["containers"][0]["env"] == [{"name": "A", "value": "1"}]
    assert "Invalid value" in kubectl.refused("run", "Not_A_Name", "--image=nginx")


def test_a_document_is_edited_before_it_is_created(kubectl: Kubectl, tmp_path: Path):
    script = tmp_path / "editor"
    script.write_text("#!/bin/sh\nsed -i 's/first/second/' \"$1\"\n")
    script.chmod(0o755)
    (tmp_path / "a.yaml").write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {x: first}\n")
    kubectl("create", "--edit", "--save-config", "-f", tmp_path / "a.yaml", KUBE_EDITOR=str(script))
    assert kubectl.field("cm/a", ".data.x") == "second"


def test_what_the_server_refuses_is_told_in_its_words(kubectl: Kubectl):
    wrong = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "x"}, "spec": {"ports": [{"port": 99999999}]}}
    complaint = kubectl.refused("create", "-f", "-", stdin=wrong)
    assert 'The Service "x" is invalid' in complaint
    assert "must be between 1 and 65535" in complaint
    assert 'namespaces "nowhere" not found' in kubectl.within("nowhere").refused("create", "cm", "a")
