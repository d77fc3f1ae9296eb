from __future__ import annotations

from pathlib import Path

import pytest

from tests.cluster.clients.kubectl import Kubectl

EDITOR = "#!/bin/sh\nsed -i 's/{old}/{new}/' \"$1\"\n"


@pytest.fixture
def web(kubectl: Kubectl) -> Kubectl:
    """With a Deployment of two replicas."""
    kubectl("create", "deployment", "web", "--image=nginx:1", "--replicas=2")
    return kubectl


def editor(tmp_path: Path, old: str, new: str) -> str:
    script = tmp_path / "editor"
    script.write_text(EDITOR.format(old=old, new=new))
    script.chmod(0o755)
    return str(script)


def image(kubectl: Kubectl) -> str:
    return kubectl.field("deploy/web", ".spec.template.spec.containers[0].image")


def test_an_editor_changes_an_object(web: Kubectl, tmp_path: Path):
    said = web("edit", "deploy/web", KUBE_EDITOR=editor(tmp_path, "image: nginx:1", "image: nginx:2"))
    assert said == "deployment.apps/web edited\n"
    assert image(web) == "nginx:2"
    unchanged = web.run("edit", "deploy/web", KUBE_EDITOR=editor(tmp_path, "nothing", "something"))
    assert "no changes made" in unchanged.stdout + unchanged.stderr


def test_an_edit_that_the_server_refuses_says_why(web: Kubectl, tmp_path: Path):
    change = editor(tmp_path, "app: web", "app: other")
    assert 'deployments.apps "web" is invalid' in web.refused(
        "edit", "deploy/web", KUBE_EDITOR=change, TMPDIR=str(tmp_path)
    )
    copies = [copy.read_text() for copy in tmp_path.glob("kubectl*edit*.yaml")]
    assert any("field is immutable" in copy for copy in copies)
    assert image(web) == "nginx:1"


def test_the_status_is_edited_where_kubectl_can(web: Kubectl, tmp_path: Path):
    if web.minor < 24:
        assert "unknown flag" in web.refused("edit", "deploy/web", "--subresource=status")
        return
    web("patch", "deploy/web", "--subresource=status", "--type=merge", '-p={"status":{"replicas":2}}')
    web("edit", "deploy/web", "--subresource=status", KUBE_EDITOR=editor(tmp_path, "replicas: 2", "replicas: 1"))
    assert web.field("deploy/web", ".status.replicas") == "1"
    assert web.field("deploy/web", ".spec.replicas") == "2"


def test_every_type_of_patch_works(web: Kubectl):
    sidecar = '{"spec":{"template":{"spec":{"containers":[{"name":"side","image":"a"}]}}}}'
    web("patch", "deploy/web", "-p", sidecar)
    names = ".spec.template.spec.containers[*].name"
    assert sorted(web.field("deploy/web", names).split()) == ["nginx", "side"]
    web("patch", "deploy/web", "--type=merge", "-p", sidecar)
    assert web.field("deploy/web", names) == "side"
    test_and_set = (
        '[{"op":"test","path":"/spec/replicas","value":2},{"op":"replace","path":"/spec/replicas","value":5}]'
    )
    web("patch", "deploy/web", "--type=json", "-p", test_and_set)
    assert web.field("deploy/web", ".spec.replicas") == "5"
    assert "The request is invalid" in web.refused("patch", "deploy/web", "--type=json", "-p", test_and_set)
    assert "no change" in web("patch", "deploy/web", "-p", '{"spec":{"replicas":5}}')


def test_labels_and_annotations_come_and_go(web: Kubectl):
    assert web("label", "deploy/web", "tier=back") == "deployment.apps/web labeled\n"
    assert "already has a value" in web.refused("label", "deploy/web", "tier=front")
    web("label", "deploy/web", "--overwrite", "tier=front")
    assert "tier=front" in web("label", "deploy/web", "--list")
    web("label", "deploy/web", "tier-")
    web("annotate", "deploy", "--all", "why=because of it")
    metadata = web.get("deploy/web")["metadata"]
    assert metadata["labels"] == {"app": "web"}
    assert metadata["annotations"]["why"] == "because of it"
    assert "invalid label value" in web.refused("label", "deploy/web", "tier=not valid!")


def test_replicas_are_scaled_with_a_condition(web: Kubectl):
    assert web("scale", "deploy/web", "--replicas=3", "--current-replicas=2") == "deployment.apps/web scaled\n"
    assert web.field("deploy/web", ".spec.replicas") == "3"
    assert "Expected replicas to be 2, was 3" in web.refused(
        "scale", "deploy/web", "--replicas=1", "--current-replicas=2"
    )


def test_an_autoscaler_is_made_and_described(web: Kubectl):
    target = "--cpu=50%" if web.minor > 33 else "--cpu-percent=50"
    web("autoscale", "deploy/web", "--min=2", "--max=5", target)
    assert web("get", "hpa").splitlines()[1].split()[:2] == ["web", "Deployment/web"]
    assert web.get("hpa/web")["spec"]["maxReplicas"] == 5
    assert "50%" in web("describe", "hpa", "web")


def test_a_service_is_exposed(web: Kubectl):
    web("expose", "deploy/web", "--port=80", "--target-port=8080", "--name=shop", "--type=NodePort")
    spec = web.get("svc/shop")["spec"]
    assert spec["selector"] == {"app": "web"}
    assert spec["ports"][0]["targetPort"] == 8080
    assert spec["ports"][0]["nodePort"] >= 30000
    web("set", "selector", "svc/shop", "app=other")
    assert web.get("svc/shop")["spec"]["selector"] == {"app": "other"}


def test_parts_of_a_template_are_set(web: Kubectl):
    web("set", "image", "deploy/web", "nginx=nginx:3")
    web("set", "env", "deploy/web", "COLOR=blue")
    web("set", "resources", "deploy/web", "--limits=cpu=1,memory=64Mi", "--requests=cpu=500m")
    web("set", "serviceaccount", "deploy/web", "robot")
    spec = web.get("deploy/web")["spec"]["template"]["spec"]
    container = spec["containers"][0]
    assert (container["image"], spec["serviceAccountName"]) == ("nginx:3", "robot")
    assert container["env"] == [{"name": "COLOR", "value": "blue"}]
    assert container["resources"] == {"limits": {"cpu": "1", "memory": "64Mi"}, "requests": {"cpu": "500m"}}
    assert "COLOR=blue" in web("set", "env", "deploy/web", "--list")
    assert "unable to find container" in web.refused("set", "image", "deploy/web", "other=nginx:3")


def test_subjects_are_set(web: Kubectl):
    web("create", "rolebinding", "readers", "--clusterrole=view", "--user=ann")
    web("set", "subject", "rolebinding", "readers", "--group=staff")
    assert [one["name"] for one in web.get("rolebinding/readers")["subjects"]] == ["ann", "staff"]
