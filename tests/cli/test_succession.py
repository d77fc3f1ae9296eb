"""While pods are replaced, those of before may do all that they might; after that nobody may do what no build needs."""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from poblano.cli import deploying, succession
from poblano.cli.deploying import Deploying
from poblano.cli.main import cli
from poblano.cli.pruning import Pruner
from poblano.cli.succession import Succession
from poblano.cluster.serving.served import Settings
from tests.cli.eager import sure_at_once
from tests.cli.kubelet import Kubelet
from tests.cluster.serving_cluster import running

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Sequence
    from pathlib import Path

    from click.testing import Result

    from poblano.core.jsonvalue import Document
    from poblano.core.kinds import Kind

CODE = """
from poblano import Capability, Module, a

shop = Capability("shop", namespaces=["shop"])
{rules}
module = Module(shop)
"""
SECRETS = 'shop.when(a.Secret).is_created().watch(lambda one, phase: None, name="secrets")\n'
CONFIGS = 'shop.when(a.ConfigMap).is_created().watch(lambda one, phase: None, name="configs")\n'
ADMIT = 'shop.when(a.Pod).is_created().validate(lambda pod: pod.approve(), name="first")\n'
ROLES = "/apis/rbac.authorization.k8s.io/v1"


@pytest.fixture(scope="module")
def kubelet() -> Iterator[Kubelet]:
    with running(Settings(controllers=True, rbac=True)) as cluster:
        one = Kubelet(cluster)
        one.ask("POST", "/api/v1/namespaces", {"metadata": {"name": "shop"}})
        yield one
        one.close()


@pytest.fixture(autouse=True)
def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for module in (deploying, succession):
        monkeypatch.setattr(module, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(Deploying, "_armed", at_once)
    sure_at_once(monkeypatch)


async def at_once(*_: object) -> None:
    """What is waited for does not matter here."""


def stopped_by(number: signal.Signals) -> Callable[..., Awaitable[None]]:
    """What never ends: a signal comes instead."""

    async def stopped(*_: object) -> None:
        signal.raise_signal(number)
        await asyncio.Event().wait()

    return stopped


def deploy(kubelet: Kubelet, folder: Path, uuid: str, rules: str) -> Result:
    text = f'[tool.poblano]\nuuid = "{uuid}"\nmodule = "ship:module"\nnamespace = "{uuid}"\n'
    (folder / "pyproject.toml").write_text(text)
    (folder / "ship.py").write_text(CODE.format(rules=rules))
    config = str(kubelet.kubeconfig(folder))
    return CliRunner().invoke(cli, ["deploy", "--yes", "--kubeconfig", config])


def may(kubelet: Kubelet, uuid: str, resource: str, role: str = "watcher") -> bool:
    """Whether an account of a module may list something in the namespace that its rules are about."""
    what = {"namespace": "shop", "verb": "list", "resource": resource}
    spec = {"user": f"system:serviceaccount:{uuid}:poblano-{uuid}-{role}", "resourceAttributes": what}
    review = {"spec": spec}
    return bool(kubelet.ask("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", review)["status"]["allowed"])


def rights(kubelet: Kubelet, uuid: str) -> tuple[bool, bool]:
    return may(kubelet, uuid, "secrets"), may(kubelet, uuid, "configmaps")


def watched(
    kubelet: Kubelet, uuid: str, monkeypatch: pytest.MonkeyPatch, method: tuple[type, str]
) -> list[tuple[bool, bool]]:
    """What the watcher may at the moment that something is waited for, which is not kept from it."""
    owner, name = method
    seen, waits = list[tuple[bool, bool]](), getattr(owner, name)

    async def looks(self: Any, *arguments: Any) -> None:
        seen.append(await asyncio.to_thread(rights, kubelet, uuid))
        await waits(self, *arguments)

    monkeypatch.setattr(owner, name, looks)
    return seen


ROLLOUT, ENDING = (Deploying, "_rolled_out"), (Succession, "_pods_gone")


def test_pods_of_before_keep_their_rights_until_they_are_replaced(
    kubelet: Kubelet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = deploy(kubelet, tmp_path, "keeps", SECRETS)
    assert first.exit_code == 0, (first.output, first.exception)
    assert rights(kubelet, "keeps") == (True, False)
    during, ending = (watched(kubelet, "keeps", monkeypatch, method) for method in (ROLLOUT, ENDING))

    second = deploy(kubelet, tmp_path, "keeps", CONFIGS)
    assert second.exit_code == 0, (second.output, second.exception)
    assert during == ending == [(True, True)]
    assert rights(kubelet, "keeps") == (False, True)
    assert "narrowed" in second.output

    again = deploy(kubelet, tmp_path, "keeps", CONFIGS)
    assert "narrowed" not in again.output
    assert "configured" not in again.output, "it is as it would be after one deployment"
    assert len(ending) == 1, "where nothing is narrowed, nobody waits"


def test_what_the_new_build_has_no_pods_for_keeps_its_rights_until_its_pods_are_gone(
    kubelet: Kubelet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Deploying, "_rolled_out", at_once)
    first = deploy(kubelet, tmp_path, "goes", SECRETS + ADMIT)
    assert first.exit_code == 0, (first.output, first.exception)
    ending = watched(kubelet, "goes", monkeypatch, ENDING)
    second = deploy(kubelet, tmp_path, "goes", ADMIT)
    assert second.exit_code == 0, (second.output, second.exception)
    assert ending == [(True, False)], "its Deployment is gone, its pods may not be"
    assert rights(kubelet, "goes") == (False, False)
    assert kubelet.status("GET", "/api/v1/namespaces/goes/serviceaccounts/poblano-goes-watcher") == 404
    assert kubelet.status("GET", "/api/v1/namespaces/goes/serviceaccounts/poblano-goes-admission") == 200


def test_a_rollout_that_fails_takes_nothing_from_the_pods_of_before_and_says_so(
    kubelet: Kubelet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Deploying, "_rolled_out", at_once)
    first = deploy(kubelet, tmp_path, "stays", SECRETS)
    assert first.exit_code == 0, (first.output, first.exception)

    async def never(self: Deploying, wanted: Sequence[Any]) -> None:
        raise await self._not_ready([await self._deployments.get(one["metadata"]["name"]) for one in wanted])

    with monkeypatch.context() as patched:
        patched.setattr(Deploying, "_rolled_out", never)
        failed = deploy(kubelet, tmp_path, "stays", CONFIGS)
    assert failed.exit_code == 1
    assert "Role poblano-stays-watcher-shop: grants what the pods of before need as well" in str(failed.exception)
    assert rights(kubelet, "stays") == (True, True)

    mended = deploy(kubelet, tmp_path, "stays", CONFIGS)
    assert mended.exit_code == 0, (mended.output, mended.exception)
    assert rights(kubelet, "stays") == (False, True)


def test_a_deployment_that_is_interrupted_says_what_stays_and_how_to_go_on(
    kubelet: Kubelet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever asks at a terminal, and whoever cancels a job of a pipeline."""
    monkeypatch.setattr(Deploying, "_rolled_out", at_once)
    first = deploy(kubelet, tmp_path, "halfway", SECRETS)
    assert first.exit_code == 0, (first.output, first.exception)
    for number in (signal.SIGINT, signal.SIGTERM):
        with monkeypatch.context() as patched:
            patched.setattr(Deploying, "_rolled_out", stopped_by(number))
            second = deploy(kubelet, tmp_path, "halfway", CONFIGS)
        assert second.exit_code == 1
        said = "goes on with it; Role poblano-halfway-watcher-shop grants what the pods of before need as well. Call poblano deploy again"
        assert said in second.output
        assert "poblano uninstall halfway" in second.output
        assert rights(kubelet, "halfway") == (True, True)
    again = deploy(kubelet, tmp_path, "halfway", CONFIGS)
    assert again.exit_code == 0, (again.output, again.exception)
    assert rights(kubelet, "halfway") == (False, True)


def test_a_deployment_that_is_interrupted_at_its_first_object_says_which_that_is(
    kubelet: Kubelet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Succession, "put", stopped_by(signal.SIGTERM))
    said = deploy(kubelet, tmp_path, "first", CONFIGS).output
    assert "stopped at Namespace first: nothing else was changed. Call poblano deploy again" in said


def test_a_deployment_that_is_interrupted_while_it_takes_away_lists_what_is_gone(
    kubelet: Kubelet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Deploying, "_rolled_out", at_once)
    first = deploy(kubelet, tmp_path, "less", SECRETS + ADMIT)
    assert first.exit_code == 0, (first.output, first.exception)
    delete, stop, gone = Pruner.delete, stopped_by(signal.SIGTERM), list[str]()

    async def stopped_after_the_first(self: Pruner, kind: Kind, one: Document) -> str:
        if gone:
            await stop()
        gone.append(await delete(self, kind, one))
        return gone[0]

    with monkeypatch.context() as patched:
        patched.setattr(Pruner, "delete", stopped_after_the_first)
        said = deploy(kubelet, tmp_path, "less", SECRETS).output
    assert gone == ["ValidatingWebhookConfiguration poblano-less"]
    assert f"  {gone[0]} taken away\n" in said
    assert "stopped on the way" in said


def test_who_may_not_grant_what_was_granted_before_is_told_that_it_goes_at_once(
    kubelet: Kubelet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from poblano.cli.putting import Putter
    from poblano.client import Resources
    from poblano.core.errors import Forbidden

    applies, put = Resources.apply, Putter.put_widened

    async def refuses(self: Any, kind: Any, document: Any, *rest: Any, **options: Any) -> Any:
        if any("secrets" in rule["resources"] for rule in document.get("rules", ())):
            raise Forbidden("attempting to grant RBAC permissions not currently held", status=403)
        return await applies(self, kind, document, *rest, **options)

    async def restricted(self: Any, document: Any) -> Any:
        with monkeypatch.context() as patched:
            patched.setattr(Resources, "apply", refuses)
            return await put(self, document)

    monkeypatch.setattr(Deploying, "_rolled_out", at_once)
    first = deploy(kubelet, tmp_path, "weak", SECRETS)
    assert first.exit_code == 0, (first.output, first.exception)
    monkeypatch.setattr(Putter, "put_widened", restricted)
    second = deploy(kubelet, tmp_path, "weak", CONFIGS)
    assert second.exit_code == 0, (second.output, second.exception)
    assert "Role poblano-weak-watcher-shop is narrowed at once, since you may not grant" in second.output
    assert rights(kubelet, "weak") == (False, True)


def test_pods_that_do_not_end_are_waited_for_no_longer_than_they_may_take(
    kubelet: Kubelet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Deploying, "_rolled_out", at_once)
    first = deploy(kubelet, tmp_path, "stuck", SECRETS)
    assert first.exit_code == 0, (first.output, first.exception)
    pods = "/api/v1/namespaces/stuck/pods"
    labels = {"poblano.dev/uuid": "stuck", "poblano.dev/role": "watcher"}
    meta = {"name": "dead", "labels": labels, "finalizers": ["example.com/dead-node"]}
    spec = {"terminationGracePeriodSeconds": 0, "containers": [{"name": "poblano", "image": "x"}]}
    kubelet.ask("POST", pods, {"metadata": meta, "spec": spec})
    kubelet.ask("DELETE", f"{pods}/dead")
    monkeypatch.setattr(succession, "LATE_SECONDS", 0.1)
    second = deploy(kubelet, tmp_path, "stuck", CONFIGS)
    assert second.exit_code == 0, (second.output, second.exception)
    assert "dead: not ended in time; they lose their rights" in second.output
    assert rights(kubelet, "stuck") == (False, True)
