"""`poblano build` as a user calls it: what it writes, what it says, and that each flag has its effect."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from poblano.cli.build import command
from tests.build.charts import documents, read
from tests.cli.developing import EXAMPLES, POBLANO, environment, write_project

Build = Callable[..., Result]

LOCKING = """
    from poblano import Capability, Module, a

    shop = Capability("shop")
    shop.when(a.Node).is_created().validate(name="labelled-nodes")(lambda node: node.approve())
    module = Module(shop)
    other = Module(Capability("empty"))
"""
OFTEN = """
    from datetime import timedelta

    from poblano import Capability, Module

    shop = Capability("shop")
    shop.on_schedule("tick", every=timedelta(seconds=5))(lambda: None)
    module = Module(shop)
"""
ODD = """
    from poblano import Capability, Module, a

    shop = Capability("shop")
    pods = shop.when(a.Pod).is_created().with_annotation("note", "two\\nlines\\x1b[2J").with_name_regex("a\\n|b")
    pods.validate(name="odd")(lambda pod: pod.approve())
    module = Module(shop)
"""


@pytest.fixture
def hello(tmp_path: Path) -> Path:
    """A copy of the example."""
    folder = tmp_path / "hello"
    shutil.copytree(EXAMPLES / "hello", folder, ignore=shutil.ignore_patterns(".*", "__pycache__", "tests"))
    return folder


@pytest.fixture
def build(hello: Path, monkeypatch: pytest.MonkeyPatch) -> Build:
    """The command, in the copy or in another folder."""

    def built(*arguments: str, folder: Path = hello, status: int = 0) -> Result:
        monkeypatch.chdir(folder)
        done = CliRunner().invoke(command, arguments)
        assert done.exit_code == status, (done.output, done.exception)
        return done

    return built


def built(folder: Path) -> dict[tuple[str, str], Any]:
    """The objects of the manifests, by kind and name."""
    [file] = folder.glob("poblano-module-*.yaml")
    return {(one["kind"], one["metadata"]["name"]): one for one in documents(file.read_text())}


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_it_says_what_it_wrote_and_what_that_may_do(build: Build, hello: Path):
    said = build().output

    assert {path.name for path in (hello / "dist").iterdir()} == {
        ".poblano-build",
        "argo-cd.yaml",
        "hello-chart",
        "kustomize",
        "poblano-module-hello.yaml",
        "zarf.yaml",
    }
    for words in (
        "hello 0.1.0, for Kubernetes 1.28 and newer",
        "kubectl apply -f dist/poblano-module-hello.yaml",
        "kubectl apply -k dist/kustomize",
        "helm install hello dist/hello-chart --namespace poblano-system --create-namespace",
        "zarf package create dist",
        " KiB of 768.0 KiB, in the Secret poblano-hello-module-",
        "Rights (scoped; poblano rbac show says why)",
        "EVALUATED BY",
        "the label change=by-label",
        "warning: the module has roles in poblano-demo, poblano-demo-2",
    ):
        assert words in said
    assert "To be there before" not in said
    assert "for the sake of" not in said


def test_the_same_source_gives_the_same_bytes_wherever_and_whenever(build: Build, hello: Path, tmp_path: Path):
    build("-o", "dist")
    elsewhere = tmp_path / "quite" / "another place"
    shutil.copytree(hello, elsewhere, ignore=shutil.ignore_patterns("dist"))
    for path in elsewhere.rglob("*"):
        os.utime(path, (1, 1))
    odd = {**environment(), "PYTHONHASHSEED": "77", "TZ": "Pacific/Chatham", "LC_ALL": "C", "HOME": str(tmp_path)}
    done = subprocess.run([*POBLANO, "build"], cwd=elsewhere, env=odd, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert contents(elsewhere / "dist") == contents(hello / "dist")


def test_a_second_build_takes_the_place_of_the_first_and_of_nothing_else(build: Build, hello: Path):
    (hello / "dist").mkdir()
    (hello / "dist" / "hello-0.1.0-py3-none-any.whl").write_text("a wheel")
    build("--no-embed", "-i", "registry.example.com/mine:1")
    assert (hello / "dist" / "image" / "Dockerfile").exists()
    build()

    assert not (hello / "dist" / "image").exists()
    assert (hello / "dist" / "hello-0.1.0-py3-none-any.whl").read_text() == "a wheel"


def test_what_would_lock_a_cluster_up_is_not_written(build: Build, tmp_path: Path):
    folder = write_project(tmp_path / "locking", "locking", LOCKING)
    done = build(folder=folder, status=1)

    assert "these webhooks are not built" in str(done.exception)
    assert "rules.py:5: shop/labelled-nodes" in str(done.exception)
    assert not (folder / "dist").exists()


def test_a_module_with_nothing_is_not_written(build: Build, tmp_path: Path):
    folder = write_project(tmp_path / "empty", "empty", LOCKING)
    done = build("-e", "rules:other", folder=folder, status=1)

    assert "the module has no action and no schedule" in str(done.exception)
    assert not (folder / "dist").exists()


def test_what_is_unwise_is_said(build: Build, tmp_path: Path):
    folder = write_project(tmp_path / "often", "often", OFTEN)
    said = build("--rbac-mode", "admin", "--kubernetes", "1.20", folder=folder).output

    assert "rules.py:7: the schedule shop/tick runs every 5 s; intervals of 30 s or more are recommended" in said
    assert 'warning: rbac_mode is "admin": the module may read and change everything' in said
    assert "Otherwise, for the sake of Kubernetes 1.20" in said
    assert "no policy/v1 (since 1.21): PodDisruptionBudgets are of policy/v1beta1" in said


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (
            ["--certificates", "provided"],
            "the Secret poblano-hello-certificates in poblano-system, with tls.crt, tls.key and ca.crt",
        ),
        (["--certificates", "cert-manager"], "cert-manager, which makes the certificate, and its injector"),
        (["--monitoring"], "Prometheus' operator, which defines ServiceMonitor and PrometheusRule"),
        (["-P", "mine"], "the Secret mine in poblano-system, with which the image is pulled"),
    ],
)
def test_what_others_must_bring_is_said(build: Build, arguments: list[str], says: str):
    assert f"To be there before\n  {says}\n" in build(*arguments).output


def test_a_chart_that_helm_has_no_room_for_is_said(build: Build, hello: Path):
    noise = "".join(f"{one:02x}" for one in os.urandom(450_000))
    (hello / "noise.py").write_text(f"NOISE = '{noise}'\n")
    with (hello / "hello.py").open("a") as file:
        file.write("\nimport noise as noise\n")

    assert "warning: hello-chart cannot be installed: of a release Helm keeps" in build().output


# ------------------------------------------------------------------------------------------------ flags


def deployment(folder: Path, role: str = "admission") -> Any:
    return built(folder)["Deployment", f"poblano-hello-{role}"]["spec"]["template"]["spec"]


def container(folder: Path, role: str = "admission") -> Any:
    return deployment(folder, role)["containers"][0]


@pytest.mark.parametrize("flag", ["-o", "--output"])
def test_output_is_where_it_goes(build: Build, tmp_path: Path, flag: str):
    build(flag, str(tmp_path / "deep" / "out"))

    assert (tmp_path / "deep" / "out" / "zarf.yaml").exists()


@pytest.mark.parametrize("flag", ["-M", "--rbac-mode"])
def test_rbac_mode_admin_grants_everything(build: Build, hello: Path, flag: str):
    build(flag, "admin")

    assert built(hello / "dist")["ClusterRole", "poblano-hello-watcher"]["rules"][0]["resources"] == ["*"]


@pytest.mark.parametrize("flag", ["-P", "--with-pull-secret"])
def test_pull_secrets_are_the_pods(build: Build, hello: Path, flag: str):
    build(flag, "mine", flag, "yours")

    assert deployment(hello / "dist", "watcher")["imagePullSecrets"] == [{"name": "mine"}, {"name": "yours"}]


@pytest.mark.parametrize("flag", ["-c", "--custom-name"])
def test_custom_name_is_the_component_of_the_zarf_package(build: Build, hello: Path, flag: str):
    build(flag, "rules")

    assert read((hello / "dist" / "zarf.yaml").read_text())["components"][0]["name"] == "rules"


@pytest.mark.parametrize("flag", ["-z", "--zarf"])
def test_the_zarf_package_may_deploy_the_chart(build: Build, hello: Path, flag: str):
    build(flag, "chart")

    component = read((hello / "dist" / "zarf.yaml").read_text())["components"][0]
    assert component["charts"][0]["localPath"] == "hello-chart"


@pytest.mark.parametrize("flag", ["-i", "--custom-image"])
def test_custom_image_is_what_runs(build: Build, hello: Path, flag: str):
    build(flag, "registry.example.com/mine:1")

    assert container(hello / "dist")["image"] == "registry.example.com/mine:1"
    assert "--archive" in container(hello / "dist")["args"]


@pytest.mark.parametrize("flag", ["-r", "--registry"])
def test_registry_has_a_copy_of_the_image(build: Build, hello: Path, flag: str):
    build(flag, "registry.example.com/team")

    assert container(hello / "dist")["image"].startswith("registry.example.com/team/poblano/controller:")


@pytest.mark.parametrize("flag", ["-n", "--no-embed"])
def test_no_embed_leaves_the_code_to_the_image(build: Build, hello: Path, flag: str):
    said = build(flag, "-i", "registry.example.com/mine:1").output

    assert not [name for kind, name in built(hello / "dist") if kind == "Secret" and "module" in name]
    assert "--archive" not in container(hello / "dist")["args"]
    assert (hello / "dist" / "image" / "module" / "hello.py").exists()
    assert "docker build --tag registry.example.com/mine:1 dist/image" in said
    assert "lies in the image registry.example.com/mine:1" in said


def test_no_embed_needs_an_image_that_has_the_code(build: Build, hello: Path):
    done = build("--no-embed", status=1)

    assert "name yours with --custom-image, or as image in [tool.poblano]" in str(done.exception)
    assert not (hello / "dist").exists()


@pytest.mark.parametrize("flag", ["-I", "--registry-info"])
def test_registry_info_builds_and_pushes_what_then_runs(
    build: Build, hello: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, flag: str
):
    log = tool(tmp_path / "bin", monkeypatch)
    build(flag, "registry.example.com/team")

    image = container(hello / "dist")["image"]
    assert image.startswith("registry.example.com/team/poblano-hello:0.1.0-")
    assert [line.split()[:3] for line in log.read_text().splitlines()] == [["build", "--tag", image], ["push", image]]
    assert not [name for kind, name in built(hello / "dist") if kind == "Secret" and "module" in name]


def test_nothing_is_written_when_an_image_is_not_pushed(
    build: Build, hello: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    tool(tmp_path / "bin", monkeypatch, status=1)
    done = build("-I", "registry.example.com/team", status=1)

    assert "ended with status 1" in str(done.exception)
    assert not (hello / "dist").exists()


def test_nothing_is_pushed_that_could_not_be_written(
    build: Build, hello: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    log = tool(tmp_path / "bin", monkeypatch)
    (hello / "dist" / "kustomize").mkdir(parents=True)
    done = build("-I", "registry.example.com/team", status=1)

    assert "kustomize was not written by a build" in str(done.exception)
    assert not log.exists()


def tool(folder: Path, monkeypatch: pytest.MonkeyPatch, *, status: int = 0) -> Path:
    """Something that is called docker, and the file in which it says what it was told."""
    folder.mkdir()
    log, program = folder.parent / "docker.log", folder / "docker"
    program.write_text(f'#!/bin/sh\necho "$@" >> {log}\nexit {status}\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)
    return log


@pytest.mark.parametrize("flag", ["-t", "--timeout"])
def test_timeout_is_how_long_an_api_server_waits(build: Build, hello: Path, flag: str):
    build(flag, "7")

    webhooks = built(hello / "dist")["MutatingWebhookConfiguration", "poblano-hello"]["webhooks"]
    assert {one["timeoutSeconds"] for one in webhooks} == {7}
    assert {one["clientConfig"]["service"]["path"] for one in webhooks} == {"/mutate/fail/7"}


def test_the_timeout_of_a_build_is_that_of_its_pods(build: Build, hello: Path):
    """They make the paths that they serve from it."""
    build("-t", "7")

    env = {one["name"]: one.get("value") for one in container(hello / "dist")["env"]}
    assert env["POBLANO_WEBHOOK_TIMEOUT"] == "7"


@pytest.mark.parametrize("flag", ["-e", "--entry-point"])
def test_entry_point_is_the_module_object(build: Build, hello: Path, flag: str):
    (hello / "small.py").write_text(
        "import hello\nfrom poblano import Module\nmodule = Module(*hello.module.capabilities)\n"
    )
    build(flag, "small:module")

    for role in ("admission", "watcher"):
        assert {"name": "POBLANO_MODULE", "value": "small:module"} in container(hello / "dist", role)["env"]


def test_kubernetes_is_the_oldest_server(build: Build, hello: Path):
    build("--kubernetes", "1.20")

    found = built(hello / "dist")
    assert found["PodDisruptionBudget", "poblano-hello-admission"]["apiVersion"] == "policy/v1beta1"
    assert "matchConditions" not in found["MutatingWebhookConfiguration", "poblano-hello"]["webhooks"][0]
    assert read((hello / "dist" / "hello-chart" / "Chart.yaml").read_text())["kubeVersion"] == ">=1.20.0-0 <1.25.0-0"


def test_certificates_monitoring_and_network_policy_are_asked_for(build: Build, hello: Path):
    build("--certificates", "cert-manager", "--monitoring", "--network-policy")

    assert {kind for kind, _ in built(hello / "dist")} >= {
        "Certificate",
        "Issuer",
        "NetworkPolicy",
        "PrometheusRule",
        "ServiceMonitor",
    }


def test_work_is_how_watchers_share_it(build: Build, hello: Path):
    build("--work", "alone")

    args = container(hello / "dist", "watcher")["args"]
    assert args[args.index("--work") + 1] == "alone"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--kubernetes", "1.19"], "is no version from 1.20 on"),
        (["--kubernetes", "newest"], "is no version from 1.20 on"),
        (["-t", "31"], "31 is not in the range"),
        (["-e", "hello"], "is not a module and an object in it, such as hello:module"),
        (["-P", "Mine"], "use lower-case letters"),
        (["-c", "a b"], "use lower-case letters"),
        (["-i", "a b"], "names no image"),
        (["-i", "a", "-I", "b"], "--custom-image and --registry-info each say which image it is"),
        (["-r", "a", "-I", "b", "-i", "c"], "--custom-image and --registry and --registry-info each say"),
        (["-z", "yaml"], "'yaml' is not one of 'manifest', 'chart'"),
    ],
)
def test_a_wrong_flag_is_told_what_is_right(build: Build, arguments: list[str], says: str):
    assert says in build(*arguments, status=2).output


def test_what_a_filter_has_on_several_lines_is_told_on_one(build: Build, tmp_path: Path):
    folder = tmp_path / "odd"
    write_project(folder, "odd", ODD)

    lines = build(folder=folder).output.splitlines()

    [row] = [line for line in lines if "shop/odd" in line and "validate" in line and "note" in line]
    assert r"two\nlines\x1b[2J" in row
    assert row.index("API server") == next(line.index("EVALUATED BY") for line in lines if "EVALUATED BY" in line)
    assert not any(line.startswith("lines") for line in lines)
