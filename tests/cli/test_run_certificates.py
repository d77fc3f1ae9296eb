"""`poblano run --certificates` behind a Service: made, rotated, put right, handed on; and not one call fails."""

from __future__ import annotations

import asyncio
from pathlib import Path

from click.testing import CliRunner

from poblano.admission.certificates import issue, new_authority, now, sign
from poblano.admission.certifying.bundles import bundle
from poblano.cli.run import command
from poblano.client import Resources, connect
from tests.cli.certified import Deployment
from tests.cli.rotations import NEEDS, SECONDS, deployed, files, in_order, in_time, until_served, used
from tests.pepr.pods import write_pair

pytestmark = [*NEEDS]


async def until_secret(made: Deployment, probe) -> dict[str, bytes]:
    while not probe(found := await made.secret()):
        await asyncio.sleep(0.1)
    return found


async def secret_in_time(made: Deployment, probe) -> dict[str, bytes]:
    async def is_so() -> bool:
        return probe(await made.secret())

    await in_time(made, is_so)
    return await made.secret()


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
    after = await secret_in_time(made, lambda found: "tls.crt" in found)
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
    await used(made)  # every API server has heard whom to trust
    assert (await made.secret())["tls.crt"] == before["tls.crt"], "it waits until they have"
    after = await secret_in_time(made, lambda found: found["tls.crt"] != before["tls.crt"])
    assert after["ca.crt"] == before["ca.crt"], "it went on with what there was"
    await until_served(made, after["tls.crt"])


async def handed_on(made: Deployment) -> None:
    """Who leads is killed in the middle of it, once the Service no longer leads to it, and does not give back its Lease."""
    leader = made.leader()
    assert leader is not None
    await made.lead_to(*(pod for pod in made.pods if pod is not leader))
    begun = await new_authority_begun(made)
    await used(made)
    await made.end(leader)
    await new_authority_served(made, begun)
    await made.start()
    await made.all_ready()


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
