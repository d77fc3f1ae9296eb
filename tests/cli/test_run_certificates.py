"""`poblano run --certificates` behind a Service: made, rotated, put right, handed on; and not one call fails."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import itertools
import signal
import ssl
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from click.testing import CliRunner

from poblano.admission.certificates import Pair, issue, new_authority, now, sign
from poblano.admission.certifying.bundles import bundle
from poblano.cli.run import command
from poblano.client import Resources, connect
from poblano.cluster.serving.served import Settings
from tests.cli.certified import CONFIGURATION, Deployment, own_address
from tests.cluster.serving_cluster import running
from tests.pepr.pods import write_pair

pytestmark = [
    pytest.mark.timeout(600),
    pytest.mark.skipif(not own_address(), reason="cannot run here: this machine has no address but its loopback's"),
]
_numbers = itertools.count()

SECONDS = 400.0
"""How long all of a test may take, on a machine that has much to do."""


@pytest.fixture(scope="module")
def embedded():
    with running(Settings()) as cluster:
        yield cluster.kubeconfig


@contextlib.asynccontextmanager
async def deployed(kubeconfig: Path, folder: Path, *options: str) -> AsyncGenerator[Deployment]:
    name = f"certified-{next(_numbers)}"
    async with connect(kubeconfig) as client:
        made = Deployment(Resources(client), kubeconfig, folder / name, name, name)
        made.options = options or made.options
        try:
            async with asyncio.timeout(SECONDS):
                await made.install()
                yield made
                await made.api.delete(CONFIGURATION, made.names.base)
        except TimeoutError:
            raise AssertionError(f"not in {SECONDS} s:\n{await made.told()}") from None
        finally:
            await made.close()


async def until_secret(made: Deployment, probe) -> dict[str, bytes]:
    while not probe(found := await made.secret()):
        await asyncio.sleep(0.1)
    return found


async def until_served(made: Deployment, certificate: bytes) -> None:
    """All pods serve it."""
    (wanted,) = bundle(certificate)
    der = ssl.PEM_cert_to_DER_cert(wanted.pem.decode())
    for pod in made.pods:
        while await made.serves(pod, await made.bundle()) != der:
            await asyncio.sleep(0.1)


async def begun(made: Deployment) -> None:
    """Two pods, and somebody who has emptied what the webhooks trust."""
    for _ in range(2):
        await made.start()
    await made.all_ready()
    await made.apply_webhooks(made.webhook(clientConfig=made.webhook()["clientConfig"] | {"caBundle": ""}))
    await made.armed()


async def renewed(made: Deployment) -> None:
    """A new certificate of the same authority."""
    before = await made.secret()
    assert sorted(before) == ["ca.crt", "ca.key", "tls.crt", "tls.key"]
    await made.take_from_secret("tls.crt", "tls.key")
    after = await until_secret(made, lambda found: "tls.crt" in found)
    assert after["ca.crt"] == before["ca.crt"]
    await until_served(made, after["tls.crt"])


async def armed_again(made: Deployment) -> None:
    """Manifests are applied once more, and say Ignore."""
    await made.apply_webhooks()
    await made.armed()


async def new_authority_begun(made: Deployment) -> dict[str, bytes]:
    """A new authority: the key of the old one is lost. Both are trusted; what is served was signed by the old one."""
    before = await made.secret()
    await made.take_from_secret("ca.key")
    found = await until_secret(made, lambda found: len(bundle(found["ca.crt"])) == 2)
    while len(bundle((await made.bundle()).encode())) < 2:
        await asyncio.sleep(0.05)
    return found | {"tls.crt": before["tls.crt"]}


async def new_authority_served(made: Deployment, before: dict[str, bytes]) -> None:
    """It has signed what is served."""
    after = await until_secret(made, lambda found: found["tls.crt"] != before["tls.crt"])
    assert after["ca.crt"] == before["ca.crt"], "it went on with what there was"
    await until_served(made, after["tls.crt"])


async def handed_on(made: Deployment) -> None:
    """Who leads is killed in the middle of it, once the Service no longer leads to it, and does not give back its Lease."""
    leader = made.leader()
    assert leader is not None
    await made.lead_to(*(pod for pod in made.pods if pod is not leader))
    begun = await new_authority_begun(made)
    await made.end(leader)
    await new_authority_served(made, begun)
    await made.start()
    await made.all_ready()


async def used(made: Deployment) -> None:
    """Somebody has gone on to use the cluster, and nothing has failed."""
    before = made.created
    while made.created < before + 20:
        await asyncio.sleep(0.1)
    assert made.failed == []


async def in_order(made: Deployment) -> None:
    """All pods say so, and when what they serve ends."""
    found = await made.secret()
    ends = {which: bundle(found[key])[0].ends for which, key in (("served", "tls.crt"), ("authority", "ca.crt"))}
    for pod in made.pods:
        page = (await pod.page("/readyz?verbose")).body.decode()
        assert page == "[+]webhook ok\n[+]certificate ok\n[+]bundle ok\nreadyz check passed\n"
        metrics = await pod.metrics()
        assert {which: metrics["poblano_cert_not_after_seconds", which] for which in ends} == ends
        assert "PRIVATE KEY" not in pod.said()


async def test_no_call_fails_while_certificates_are_rotated_and_put_right(embedded, tmp_path):
    async with deployed(embedded, tmp_path) as made:
        await begun(made)
        async with made.under_load():
            await renewed(made)
            await armed_again(made)
            await new_authority_served(made, await new_authority_begun(made))
            await used(made)
        await in_order(made)


async def test_no_call_fails_on_a_real_api_server_while_who_leads_is_killed_in_the_middle(control_plane, tmp_path):
    async with deployed(control_plane.kubeconfig, tmp_path) as made:
        await begun(made)
        async with made.under_load():
            await renewed(made)
            await armed_again(made)
            await handed_on(made)
            await used(made)
        await in_order(made)


async def test_a_manifest_without_a_webhook_of_before_is_taken(embedded, tmp_path):
    async with deployed(embedded, tmp_path) as made:
        await made.start()
        await made.all_ready()
        while await made.managers() != {"git"}:
            await asyncio.sleep(0.05)
        name = f"mutate-fail-5.{made.uuid}.poblano.dev"
        await made.apply_webhooks(made.webhook(name=name))
        assert [(await made.registered())["name"]] == [name]


async def test_a_pod_serves_what_the_kubelet_brought_though_no_api_server_answers(tmp_path):
    async with connect(_nobody(tmp_path)) as client:
        made = Deployment(Resources(client), _nobody(tmp_path), tmp_path / "module", "alone", "alone")
        authority = new_authority("alone", made.names.service_names("alone"), now().replace(year=2100))
        pair = sign(authority, made.names.service_names("alone"), now().replace(year=2099))
        write_pair(tmp_path, pair)
        made.options = ("--certificates", "self", *files(tmp_path))
        made.write_module()
        try:
            pod = await made.start()
            async with asyncio.timeout(SECONDS):
                while not await made.ready(pod):
                    await asyncio.sleep(0.1)
            assert await made.serves(pod, authority.certificate.decode())
        finally:
            await made.close()


async def test_what_others_provide_is_published_and_served_once_it_is_believed(embedded, tmp_path):
    async with deployed(embedded, tmp_path, "--certificates", "provided", *files(tmp_path)) as made:
        old, new = (provided(made) for _ in range(2))
        put(tmp_path, *old)
        for _ in range(2):
            await made.start()
        await made.all_ready()
        assert await made.bundle() == old[0].certificate.decode()
        async with made.under_load():
            put(tmp_path, *new)
            await until_served(made, new[1].certificate)
            while await made.bundle() != new[0].certificate.decode():
                await asyncio.sleep(0.1)
        assert made.failed == []


async def replaced(made: Deployment, maker: str, *options: str) -> None:
    """As a rollout does with new manifests: the old pod goes once the new one is ready, and nobody else makes it so."""
    (old,) = made.pods
    made.maker, made.options = maker, ("--certificates", maker, *options)
    await made.apply_webhooks()
    new = await made.start()
    while not await made.ready(new):
        assert new.process.returncode is None, new.said()
        await asyncio.sleep(0.1)
    await made.lead_to(old, new)
    await made.lead_to(new)
    await made.end(old, signal.SIGTERM)
    await made.armed()


async def ends(made: Deployment) -> dict[str, float]:
    """What the one pod says of its certificates."""
    metrics = await made.pods[0].metrics()
    return {which: metrics["poblano_cert_not_after_seconds", which] for which in ("served", "authority")}


async def test_no_call_fails_while_others_begin_to_make_the_certificates_and_give_it_back(embedded, tmp_path):
    async with deployed(embedded, tmp_path) as made:
        await made.start()
        await made.all_ready()
        authority, pair = provided(made)
        put(tmp_path, authority, pair)
        async with made.under_load():
            await replaced(made, "provided", *files(tmp_path))
            while await made.bundle() != authority.certificate.decode():
                await asyncio.sleep(0.1)
            assert await ends(made) == {
                which: bundle(one.certificate)[0].ends for which, one in (("served", pair), ("authority", authority))
            }
            await replaced(made, "self")
            found = await made.secret()
            while await made.bundle() != found["ca.crt"].decode():
                await asyncio.sleep(0.1)
            await used(made)
        await in_order(made)


async def test_with_cert_manager_webhooks_are_armed_once_they_trust_what_is_served(embedded, tmp_path):
    async with deployed(embedded, tmp_path, "--certificates", "cert-manager", *files(tmp_path)) as made:
        authority, pair = provided(made)
        put(tmp_path, authority, pair)
        pod = await made.start()
        while not pod.lines("leads"):
            await asyncio.sleep(0.05)
        assert (await made.registered())["failurePolicy"] == "Ignore"
        await inject(made, provided(made)[0])
        while not await doubts(made):
            await asyncio.sleep(0.05)
        assert (await made.registered())["failurePolicy"] == "Ignore"
        await inject(made, authority)
        await made.all_ready()
        assert await made.bundle() == authority.certificate.decode()


def files(folder: Path) -> tuple[str, ...]:
    return "--cert", str(folder / "tls.crt"), "--key", str(folder / "tls.key")


def provided(made: Deployment) -> tuple[Pair, Pair]:
    names = made.names.service_names(made.space)
    authority = new_authority("somebody's", names, now().replace(year=2100))
    return authority, sign(authority, names, now().replace(year=2099))


def put(folder: Path, authority: Pair, pair: Pair) -> None:
    (folder / "ca.crt").write_bytes(authority.certificate)
    write_pair(folder, pair)


async def inject(made: Deployment, authority: Pair) -> None:
    """As cert-manager's injector does."""
    text = base64.b64encode(authority.certificate).decode()
    patch = [{"op": "add", "path": "/webhooks/0/clientConfig/caBundle", "value": text}]
    await made.api.patch(CONFIGURATION, made.names.base, patch)


async def doubts(made: Deployment) -> bool:
    page = (await made.pods[0].page("/readyz")).body.decode()
    return "[-]bundle failed: the webhooks' caBundle lacks who has signed the certificate that is served" in page


def _nobody(folder: Path) -> Path:
    """A kubeconfig of an API server that is not there."""
    path = folder / "kubeconfig"
    path.write_text(
        "apiVersion: v1\nkind: Config\ncurrent-context: a\nclusters: [{name: a, cluster: {server: 'https://127.0.0.1:9'}}]\n"
        "users: [{name: a, user: {token: none}}]\ncontexts: [{name: a, context: {cluster: a, user: a}}]\n"
    )
    return path


def test_options_that_do_not_fit_are_said(tmp_path):
    (tmp_path / "ca.crt").write_bytes(issue(["a"]).authority)
    for options, said in (
        (["--certificates", "somebody"], "'somebody' is not one of self, cert-manager, provided"),
        (["--certificates", "cert-manager"], "--cert and --key missing"),
        (["--certificates", "provided", "--cert", "a"], "--key missing"),
        (["--certificates", "self", "--key", "a"], "--cert missing"),
        (["--certificates", "self", "--ca", "a"], "--ca is for --certificates provided"),
    ):
        done = CliRunner().invoke(command, options)
        assert (done.exit_code, said in done.output) == (2, True), done.output
