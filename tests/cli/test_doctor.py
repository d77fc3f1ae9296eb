"""`poblano doctor` against an embedded cluster in which one thing after the other is wrong."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from typing_extensions import override

from poblano.admission.certificates import issue
from poblano.admission.webhooks import KINDS
from poblano.cli import deploying, diagnosis
from poblano.client import Resources
from poblano.cluster.serving.served import Settings
from poblano.core.errors import Forbidden
from tests.cli import ailments
from tests.cli.ward import CODE, NAME, WEBHOOKS, Ward, at_once, lead, lines, make_well, poblano, ready
from tests.cluster.serving_cluster import running
from tests.eventually import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from poblano.core.kinds import Kind


POD = """
apiVersion: v1
kind: Pod
metadata: {{name: db, namespace: {namespace}, labels: {{tier: {tier}}}}}
spec: {{containers: [{{name: x, image: x}}]}}
"""


@pytest.fixture(scope="module")
def ward() -> Iterator[Ward]:
    with running(Settings(controllers=True)) as cluster:
        one = Ward(cluster)
        one.ask("POST", "/api/v1/namespaces", {"metadata": {"name": "shop"}})
        yield one
        one.close()


@pytest.fixture(autouse=True)
def _project(ward: Ward, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[tool.poblano]\nuuid = "ill"\nmodule = "ill:module"\nnamespace = "ward"\n'
    )
    (tmp_path / "ill.py").write_text(CODE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(deploying.Deploying, "_rolled_out", at_once)
    ward.reaches, ward.has_slices = 404, True


@pytest.fixture(scope="module")
def deployed(ward: Ward, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("ill")
    (folder / "pyproject.toml").write_text('[tool.poblano]\nuuid = "ill"\nmodule = "ill:module"\nnamespace = "ward"\n')
    (folder / "ill.py").write_text(CODE)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(deploying.Deploying, "_rolled_out", at_once)
        none = poblano(ward, folder, "doctor")
        assert lines(none)["module"] == ["wrong: the cluster has no module 'ill'; there is no module at all"]
        assert none.exit_code == 1
        poblano(ward, folder, "deploy", "--yes", "--timeout", "0.1")
    eventually(lambda: ready(ward), "its pods are ready")


@pytest.mark.usefixtures("deployed")
def test_before_anybody_leads_each_thing_that_is_missing_is_named(ward: Ward, tmp_path: Path) -> None:
    found = lines(poblano(ward, tmp_path, "doctor"))
    assert found["pods"] == [
        "ok: poblano-ill-admission: 2 of 2 pods ready",
        "ok: poblano-ill-watcher: 2 of 2 pods ready",
    ]
    assert found["service"] == ["ok: poblano-ill has 2 ready endpoints"]
    assert found["webhooks"] == [
        "wrong: validate-fail-10 has no certificate: it is not asked, and the cluster goes on without it"
    ]
    assert found["certificate"] == ["wrong: none has been made yet"]
    assert found["leader"] == ["wrong: no watcher has ever led"]
    assert found["rights"] == [
        "ok: poblano-ill-admission may do all that the rules need",
        "ok: poblano-ill-watcher may do all that the rules need",
    ]


@pytest.mark.usefixtures("deployed")
def test_a_module_that_is_well_has_nothing_wrong(ward: Ward, tmp_path: Path) -> None:
    make_well(ward)
    lead(ward, timedelta(0))
    done = poblano(ward, tmp_path, "doctor")
    assert done.exit_code == 0, done.output
    assert "wrong" not in done.output
    assert lines(done)["webhooks"] == ["ok: validate-fail-10 is armed, Fail"]
    assert lines(done)["certificate"][0].startswith("ok: good until ")


@pytest.mark.usefixtures("deployed")
def test_a_certificate_with_one_between_is_trusted(ward: Ward, tmp_path: Path) -> None:
    ailments.through_one_between(ward)
    assert lines(poblano(ward, tmp_path, "doctor"))["certificate"][0].startswith("ok: good until ")


@pytest.mark.usefixtures("deployed")
@pytest.mark.parametrize(
    ("spoil", "about", "says"),
    [
        (ailments.expired, "certificate", "wrong: it ends on "),
        (ailments.for_another, "certificate", f"wrong: it is for else.where.svc, not for {NAME}"),
        (ailments.untrusted, "certificate", "wrong: the webhooks do not trust who signed it: every call fails"),
        (ailments.garbled, "certificate", "wrong: what the Secret has is no certificate"),
        (ailments.nameless, "certificate", f"wrong: it is for no name, not for {NAME}"),
        (ailments.taken_back, "webhooks", "wrong: validate-fail-10 has the policy Ignore, and is to have Fail"),
        (
            ailments.without_bundle,
            "webhooks",
            "wrong: validate-fail-10 has no certificate: all that it is asked about is refused",
        ),
        (
            ailments.unreachable,
            "network",
            "wrong: the API server does not reach the pods: error trying to reach service",
        ),
        (ailments.late, "leader", "wrong: watcher-1 leads, renewed "),
    ],
)
def test_what_is_wrong_is_told_with_what_to_do(ward: Ward, tmp_path: Path, spoil: Any, about: str, says: str) -> None:
    make_well(ward)
    lead(ward, timedelta(0))
    spoil(ward)
    done = poblano(ward, tmp_path, "doctor")
    assert done.exit_code == 1
    (line,) = lines(done)[about]
    assert line.startswith(says)


@pytest.mark.usefixtures("deployed")
def test_who_may_not_look_is_told_so_and_what_they_may_see(ward: Ward, tmp_path: Path) -> None:
    class Unseen(Resources):
        @override
        async def get(self, kind: Kind, *arguments: Any, **options: Any) -> dict[str, Any]:
            if kind in KINDS.values():
                raise Forbidden("no", status=403)
            return await super().get(kind, *arguments, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(diagnosis, "Resources", Unseen)
        found = lines(poblano(ward, tmp_path, "doctor"))
    assert found["webhooks"] == ["-: you may not look: no"]
    assert found["service"][0].startswith("ok: ")


def test_who_may_not_list_deployments_is_not_told_to_deploy(
    ward: Ward, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def none(*_: object) -> None:
        raise Forbidden("deployments are not for you", status=403)

    monkeypatch.setattr(diagnosis, "the_one", none)
    done = poblano(ward, tmp_path, "doctor")
    assert lines(done)["module"] == ["-: you may not look: deployments are not for you"]
    assert "poblano deploy" not in done.output
    assert "--namespace" in done.output


def test_webhooks_whose_pods_went_with_their_namespace_are_told_of(ward: Ward, tmp_path: Path) -> None:
    rule = {"operations": ["CREATE"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["configmaps"]}
    webhook = {
        "name": "validate-fail-10.gone.poblano.dev",
        "failurePolicy": "Fail",
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
        "clientConfig": {
            "service": {"namespace": "gone", "name": "poblano-gone"},
            "caBundle": base64.b64encode(issue([NAME]).authority).decode(),
        },
        "rules": [rule],
    }
    ward.ask("POST", WEBHOOKS.rpartition("/")[0], {"metadata": {"name": "poblano-gone"}, "webhooks": [webhook]})
    try:
        done = poblano(ward, tmp_path, "doctor", "gone")
    finally:
        ward.ask("DELETE", WEBHOOKS.replace("poblano-ill", "poblano-gone"))
    assert done.exit_code == 1
    assert lines(done)["webhooks"][0].startswith("wrong: validate-fail-10 is armed, Fail, and where its pods are")
    assert "poblano uninstall gone" in done.output


@pytest.mark.usefixtures("deployed")
def test_a_server_without_endpoint_slices_has_endpoints(ward: Ward, tmp_path: Path) -> None:
    """One before 1.21."""
    ward.has_slices = False
    (line,) = lines(poblano(ward, tmp_path, "doctor"))["service"]
    assert line == "ok: poblano-ill has 2 ready endpoints"


@pytest.mark.usefixtures("deployed")
def test_a_server_without_a_proxy_says_nothing_of_the_network(ward: Ward, tmp_path: Path) -> None:
    make_well(ward)
    lead(ward, timedelta(0))
    ailments.passes_nothing_on(ward)
    done = poblano(ward, tmp_path, "doctor")
    assert done.exit_code == 0
    (line,) = lines(done)["network"]
    assert line.startswith("-: this API server does not pass requests on: ")


@pytest.mark.usefixtures("deployed")
@pytest.mark.parametrize(
    ("namespace", "tier", "operation", "says"),
    [
        ("shop", "data", "CREATE", "ok: validate-fail-10 is asked about it"),
        ("shop", "data", "DELETE", "-: validate-fail-10 is not asked: its rules are about CREATE of pods"),
        ("shop", "web", "CREATE", "-: validate-fail-10 is not asked: its objectSelector wants tier in (data)"),
        ("default", "data", "CREATE", "-: validate-fail-10 is not asked: its namespaceSelector wants "),
    ],
)
def test_it_says_of_an_object_who_is_asked_and_what_keeps_the_others(
    ward: Ward, tmp_path: Path, namespace: str, tier: str, operation: str, says: str
) -> None:
    (tmp_path / "pod.yaml").write_text(POD.format(namespace=namespace, tier=tier))
    done = poblano(ward, tmp_path, "doctor", "-f", "pod.yaml", "--operation", operation)
    (line,) = lines(done)["request"]
    assert line.startswith(says)


@pytest.mark.usefixtures("deployed")
def test_the_modules_own_account_is_not_asked_about(ward: Ward, tmp_path: Path) -> None:
    (tmp_path / "pod.yaml").write_text(POD.format(namespace="shop", tier="data"))
    own = "system:serviceaccount:ward:poblano-ill-watcher"
    (line,) = lines(poblano(ward, tmp_path, "doctor", "-f", "pod.yaml", "--as", own))["request"]
    assert "its matchCondition not-of-its-own is false" in line
