"""`poblano run --certificates provided` and `cert-manager` behind a Service: taken, believed, handed over; and not one call fails."""

from __future__ import annotations

import asyncio
import base64
import signal
import ssl

from poblano.admission.certificates import Pair
from poblano.admission.certifying.bundles import bundle
from tests.cli.certified import CONFIGURATION, Deployment
from tests.cli.rotations import NEEDS, deployed, files, in_order, in_time, provided, put, used

pytestmark = [*NEEDS]


async def serving(made: Deployment, pair: Pair) -> bool:
    """Whether all pods serve it."""
    der = ssl.PEM_cert_to_DER_cert(bundle(pair.certificate)[0].pem.decode())
    trusted = await made.bundle()
    return all([await made.serves(pod, trusted) == der for pod in made.pods])


async def trusted(made: Deployment, authority: Pair) -> bool:
    """Whether it is trusted, and no other."""
    return await made.bundle() == authority.certificate.decode()


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
            while len(bundle((await made.bundle()).encode())) < 2:
                await asyncio.sleep(0.05)
            await used(made)
            assert await serving(made, old[1]), "it waits until every API server has heard whom to trust"
            await in_time(made, lambda: serving(made, new[1]))
            await in_time(made, lambda: trusted(made, new[0]))
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
    await used(made)  # the API server has heard of it
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
            await in_time(made, lambda: trusted(made, authority))
            assert await ends(made) == {
                which: bundle(one.certificate)[0].ends for which, one in (("served", pair), ("authority", authority))
            }
            await replaced(made, "self")
            own = Pair((await made.secret())["ca.crt"], b"")
            await in_time(made, lambda: trusted(made, own))
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


async def inject(made: Deployment, authority: Pair) -> None:
    """As cert-manager's injector does."""
    text = base64.b64encode(authority.certificate).decode()
    patch = [{"op": "add", "path": "/webhooks/0/clientConfig/caBundle", "value": text}]
    await made.api.patch(CONFIGURATION, made.names.base, patch)


async def doubts(made: Deployment) -> bool:
    page = (await made.pods[0].page("/readyz")).body.decode()
    return "[-]bundle failed: the webhooks' caBundle lacks who has signed the certificate that is served" in page
