"""The Deployments: which there are, what runs in them, and how they are replaced."""

from __future__ import annotations

from typing import Any

import pytest

from poblano.build.tree import Joined
from poblano.core.deployed import ROLE_LABEL, UUID_LABEL
from tests.build.planned import admitting, container, following, objects, parts_of, plan_of, pod_spec, scheduled


@pytest.mark.parametrize(
    ("capabilities", "roles"),
    [
        ([admitting()], {"admission"}),
        ([following()], {"watcher"}),
        ([scheduled()], {"watcher"}),
        ([admitting(), following()], {"admission", "watcher"}),
    ],
)
def test_there_is_only_what_the_module_needs(capabilities: list[Any], roles: set[str]):
    made = objects(plan_of(*capabilities))

    assert {one["metadata"]["labels"][ROLE_LABEL] for one in made.values() if one["kind"] == "Deployment"} == roles
    assert {name.partition("-")[0] for name in made if name.endswith("disruption-budget")} == roles
    assert ("admission-service" in made) == ("admission" in roles)


def test_the_container_runs_the_module_of_the_archive():
    plan = plan_of(admitting(), following())

    admission, watcher = container(plan), container(plan, "watcher")

    assert admission["command"] == watcher["command"] == ["poblano", "run"]
    assert admission["args"] == [
        *("--role", "admission", "--host="),
        *("--archive", "/app/module/module.tar.gz", "--sha256", "ab" * 32),
        *("--certificates", "self"),
    ]
    assert watcher["args"][:3] == ["--role", "watcher", "--host="]
    assert "--certificates" not in watcher["args"]


def test_the_archive_is_where_the_container_looks_for_it():
    plan = plan_of(admitting())
    made, pod = objects(plan), pod_spec(plan)

    (mount,) = [one for one in container(plan)["volumeMounts"] if one["name"] == "module"]
    (volume,) = [one for one in pod["volumes"] if one["name"] == "module"]
    (key,) = made["module-secret"]["data"]

    assert volume["secret"]["secretName"] == made["module-secret"]["metadata"]["name"]
    assert f"{mount['mountPath']}/{key}" in container(plan)["args"]
    assert mount["readOnly"]


def test_a_module_that_lies_in_the_image_needs_no_archive():
    plan = plan_of(admitting(), archive=None)

    assert "module-secret" not in objects(plan)
    assert container(plan)["args"] == ["--role", "admission", "--host=", "--certificates", "self"]
    assert [one["name"] for one in pod_spec(plan)["volumes"]] == ["tmp"]


@pytest.mark.parametrize("certificates", ["cert-manager", "provided"])
def test_a_certificate_that_others_make_is_mounted(certificates: str):
    plan = plan_of(admitting(), following(), certificates=certificates)

    (volume,) = [one for one in pod_spec(plan)["volumes"] if one["name"] == "certificates"]

    assert volume["secret"] == {"secretName": "poblano-shop-certificates"}
    assert container(plan)["args"][-6:] == [
        *("--certificates", certificates),
        *("--cert", "/app/certificates/tls.crt", "--key", "/app/certificates/tls.key"),
    ]
    assert "certificates" not in str(pod_spec(plan, "watcher"))


def test_the_one_that_pods_make_is_not_mounted():
    assert "certificates" not in str(pod_spec(plan_of(admitting()))["volumes"])


def test_the_selector_is_of_this_module_and_kind_of_pod_and_never_of_a_version():
    one, other = (objects(plan_of(admitting(), version=version)) for version in ("1.2.3", "1.3.0"))
    selector = one["admission-deployment"]["spec"]["selector"]["matchLabels"]

    assert selector == {UUID_LABEL: "shop", ROLE_LABEL: "admission"}
    assert selector == other["admission-deployment"]["spec"]["selector"]["matchLabels"]
    for name in ("admission-service", "admission-metrics-service"):
        assert one[name]["spec"]["selector"] == selector
    assert selector.items() <= one["admission-deployment"]["spec"]["template"]["metadata"]["labels"].items()


def test_a_pod_goes_once_another_is_ready():
    spec = objects(plan_of(admitting()))["admission-deployment"]["spec"]

    assert spec["replicas"] == 2
    assert spec["strategy"]["rollingUpdate"] == {"maxUnavailable": 0, "maxSurge": 1}


def test_a_watcher_that_asks_nobody_has_no_other_beside_it():
    plan = plan_of(following(), work="alone")
    spec = objects(plan)["watcher-deployment"]["spec"]

    assert (spec["replicas"], spec["strategy"]) == (1, {"type": "Recreate"})
    assert container(plan, "watcher")["args"][-2:] == ["--work", "alone"]


def test_the_environment_is_the_settings_and_a_value():
    settings = {"env": {"PRICES": "https://prices.example.com"}, "log_level": "debug", "namespace": "rules"}
    plan = plan_of(admitting(), settings=settings)

    given = {one["name"]: one["value"] for one in container(plan)["env"]}

    assert (
        given.items()
        >= {
            "POBLANO_NAMESPACE": "rules",
            "POBLANO_LOG_LEVEL": "debug",
            "POBLANO_HTTPS_PORT": "8443",
            "POBLANO_HEALTH_PORT": "8080",
            "PRICES": "https://prices.example.com",
        }.items()
    )
    env = parts_of(plan)["admission-deployment"].tree["spec"]["template"]["spec"]["containers"].items[0]["env"]
    assert isinstance(env, Joined)
    assert (env.more.path, env.more.default) == ("admission.env", container(plan)["env"][7:])


def test_a_kubelet_puts_nothing_in_for_what_looks_like_a_variable():
    """expand.Expand of k8s.io/kubernetes/third_party/forked/golang/expansion: $$ is $, and $(PRICES) another variable."""
    plan = plan_of(admitting(), settings={"env": {"PRICES": "1", "SALT": "a$(PRICES)b$$c$"}})

    given = {one["name"]: one["value"] for one in container(plan)["env"]}

    assert given["SALT"] == "a$$(PRICES)b$$$$c$$"


def test_the_image_and_its_secrets():
    plan = plan_of(admitting(), image="registry.example.com/shop:1", pull_secrets=("mine",))

    assert container(plan)["image"] == "registry.example.com/shop:1"
    assert pod_spec(plan)["imagePullSecrets"] == [{"name": "mine"}]
    assert "imagePullSecrets" not in pod_spec(plan_of(admitting()))


def test_what_the_module_is_for_is_on_its_deployments():
    described = objects(plan_of(admitting(), settings={"description": "House rules"}))["admission-deployment"]

    assert described["metadata"]["annotations"] == {"poblano.dev/description": "House rules"}
    assert "annotations" not in objects(plan_of(admitting()))["admission-deployment"]["metadata"]


@pytest.mark.parametrize(("on_error", "wanted"), [("reject", "system-cluster-critical"), ("ignore", None)])
def test_pods_without_which_writes_fail_are_critical_and_there_is_leave_for_them(on_error: str, wanted: str | None):
    plan = plan_of(admitting(on_error=on_error), following())

    assert pod_spec(plan).get("priorityClassName") == wanted
    assert "priorityClassName" not in pod_spec(plan, "watcher")
    quota = objects(plan).get("admission-quota")
    assert (quota is not None) == (wanted is not None)
    if quota is not None:
        assert quota["spec"]["scopeSelector"]["matchExpressions"][0]["values"] == [wanted]


def test_no_service_of_the_namespace_sets_our_variables():
    assert pod_spec(plan_of(admitting()))["enableServiceLinks"] is False


def test_all_that_a_chart_sets_of_pods_says_what_it_is_for():
    from poblano.build.helm.values import slots

    found = slots(parts_of(plan_of(admitting(), following(), certificates="provided")).values())

    assert len(found) > 90
    for slot in found:
        assert slot.about.endswith("."), slot
        assert slot.schema, slot


PEPR = """
terminationGracePeriodSeconds env envFrom image annotations labels securityContext startupProbe readinessProbe livenessProbe
resources containerSecurityContext podAnnotations podLabels nodeSelector tolerations affinity extraVolumeMounts extraVolumes
serviceMonitor.enabled serviceMonitor.labels serviceMonitor.annotations enabled
"""
LACKED = """
replicas priorityClassName topologySpreadConstraints podDisruptionBudget.enabled podDisruptionBudget.maxUnavailable
podDisruptionBudget.minAvailable extraContainers initContainers imagePullPolicy hostNetwork dnsPolicy dnsConfig hostAliases
strategy minReadySeconds revisionHistoryLimit progressDeadlineSeconds lifecycle runtimeClassName schedulerName hostUsers
temporary logLevel healthPort whenNotSpread networkPolicy.egress serviceMonitor.interval
"""


@pytest.mark.parametrize("role", ["admission", "watcher"])
def test_every_value_of_peprs_chart_is_there_under_its_name_and_many_that_it_lacks(role: str):
    from poblano.build.helm.values import slots

    paths = {slot.path for slot in slots(parts_of(plan_of(admitting(), following())).values())}

    assert {f"{role}.{key}" for key in (PEPR + LACKED).split()} <= paths
    assert {"imagePullSecrets", "namespace.labels", "namespace.annotations"} <= paths
