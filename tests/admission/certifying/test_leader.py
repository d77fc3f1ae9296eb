"""A leader over years, on an API server: what it makes, publishes and arms. The days go by as the test says."""

from __future__ import annotations

import asyncio
import base64

import pytest

from poblano.admission.certificates import Pair, issue, new_authority, now
from poblano.admission.certifying.bundles import bundle
from poblano.admission.certifying.sources import Injected
from poblano.admission.webhooks import KINDS
from poblano.client import connect
from poblano.cluster.serving.served import Settings
from poblano.core.certificates import LOOK_AGAIN
from poblano.core.errors import Conflict, NotFound
from poblano.core.store.layout import SECRETS
from tests.admission.certifying.made import authority, leaf
from tests.admission.certifying.years import IDLE, World
from tests.cluster.serving_cluster import running


@pytest.fixture(scope="module")
def embedded():
    with running(Settings()) as cluster:
        yield cluster


@pytest.fixture
async def client(embedded):
    async with connect(embedded.kubeconfig) as opened:
        yield opened


@pytest.fixture
async def world(client):
    made = World(client)
    await made.install()
    return made


async def test_years_go_by_and_what_is_served_is_always_valid_and_believed(world):
    leader = world.leaders[0]
    await world.settle(leader)
    seen = {(await world.contents()).pair.certificate}
    authorities = {one.id for one in (await world.contents()).authorities}
    for _ in range(28):
        world.days += 28
        await world.settle(leader)
        assert world.replica.expired() is None
        contents = await world.contents()
        seen.add(contents.pair.certificate)
        authorities |= {one.id for one in contents.authorities}
        assert len(contents.signers) == 1
        assert all(set(one.trusted) == set(contents.authorities) for one in await world.webhooks())
    assert 9 <= len(seen) <= 14
    assert len(authorities) == 4
    assert len((await world.contents()).authorities) <= 2


async def test_webhooks_are_armed_when_this_pod_is_ready_and_again_when_somebody_disarms_them(world):
    world.is_ready = False
    await world.settle(world.leaders[0])
    assert await world.policies() == {"Ignore"}
    assert all(one.trusted for one in await world.webhooks())
    world.is_ready = True
    await world.settle(world.leaders[0], 2)
    assert await world.policies() == {"Fail"}
    await world.apply(caBundle="")
    assert not any(one.trusted for one in await world.webhooks())
    await world.settle(world.leaders[0], 3)
    assert await world.policies() == {"Fail"}
    assert all(one.trusted for one in await world.webhooks())


async def test_what_somebody_adds_to_a_bundle_is_gone_after_a_while(world):
    await world.settle(world.leaders[0])
    rogue = issue(["x"]).authority
    text = base64.b64encode(rogue + (await world.contents()).authorities[0].pem).decode()
    await world.apply(caBundle=text)
    await world.settle(world.leaders[0])
    authorities = set((await world.contents()).authorities)
    assert all(set(one.trusted) == authorities for one in await world.webhooks())
    assert bundle(rogue)[0] not in authorities


async def test_who_empties_the_secret_gets_a_new_authority_and_the_old_one_is_trusted_no_more_after_a_while(world):
    await world.settle(world.leaders[0])
    (old,) = (await world.contents()).authorities
    emptied = [{"op": "remove", "path": "/data"}]
    await world.api.patch(SECRETS, world.names.certificates, emptied, world.space)
    await world.settle(world.leaders[0], 3)
    (new,) = (await world.contents()).authorities
    assert {one.id for one in (await world.webhooks())[0].trusted} == {old.id, new.id}
    await world.settle(world.leaders[0])
    assert world.replica.served.issuer == new.id
    assert all(one.trusted == (new,) for one in await world.webhooks())


async def test_of_two_that_write_the_secret_at_once_one_wins(world):
    done = await asyncio.gather(*(leader.look() for leader in world.leaders), return_exceptions=True)
    assert sorted(type(one).__name__ for one in done) in (["Conflict", "float"], ["float", "float"])
    await world.settle(world.leaders[1])
    await world.settle(world.leaders[0])
    assert len((await world.contents()).authorities) == 1


async def test_a_secret_that_was_changed_meanwhile_is_not_written(world):
    before = await world.contents()
    await world.settle(world.leaders[0], 1)
    with pytest.raises(Conflict):
        await world.api.patch(SECRETS, world.names.certificates, before.patch, world.space)


async def test_what_others_keep_in_the_secret_stays(world):
    patch = {"data": {"note": "Zm9v"}, "metadata": {"labels": {"team": "shop"}}}
    await world.api.patch(SECRETS, world.names.certificates, patch, world.space)
    await world.settle(world.leaders[0])
    found = await world.api.get(SECRETS, world.names.certificates, world.space)
    assert (found["data"]["note"], found["metadata"]["labels"]) == ("Zm9v", {"team": "shop"})


async def test_nothing_is_owned_of_the_configurations_and_nothing_is_written_when_nothing_is_to_do(world):
    await world.settle(world.leaders[0])
    before = [await world.api.get(kind, world.names.base) for kind in KINDS.values()]
    await world.settle(world.leaders[0])
    after = [await world.api.get(kind, world.names.base) for kind in KINDS.values()]
    assert before == after
    assert {one["manager"] for found in after for one in found["metadata"]["managedFields"]} == {"git"}


async def test_without_webhooks_a_certificate_is_made_and_without_a_secret_nothing_is(world):
    for kind in KINDS.values():
        await world.api.delete(kind, world.names.base)
    await world.leaders[0].look()
    await world.leaders[0].look()
    assert (await world.contents()).pair is not None
    await world.api.delete(SECRETS, world.names.certificates, world.space)
    with pytest.raises(NotFound):
        await world.leaders[0].look()


async def test_no_webhook_is_armed_for_a_certificate_that_no_api_server_believes(world):
    root = authority("root")
    world.leaders[0]._source = Injected()
    wrong, right = (leaf(root, *names) for names in (("else.where.svc",), world.service))
    world.replica.swap(Pair(wrong.pem, wrong.key_pem))
    await world.apply(caBundle=base64.b64encode(root.pem).decode())
    await world.leaders[0].look()
    await world.hear()
    assert await world.policies() == {"Ignore"}
    assert "it is for else.where.svc, not for" in world.replica.doubted()
    world.replica.swap(Pair(right.pem, right.key_pem))
    await world.settle(world.leaders[0], 3)
    assert await world.policies() == {"Fail"}


def _garbled() -> dict[str, dict[str, bytes | None]]:
    """What a person may have written into the Secret, by what it was meant to be."""
    other, own = authority("other"), leaf(None)
    elsewhere = leaf(other, "poblano-other.other.svc")
    theirs = {"tls.crt": elsewhere.pem, "tls.key": elsewhere.key_pem, "ca.crt": other.pem, "ca.key": other.key_pem}
    narrow = new_authority("narrow", ["poblano-other.other.svc"], now().replace(year=2100))
    return {
        "nothing that can be read": dict.fromkeys(theirs, b"\xff\x00 not PEM"),
        "that of another module": {**theirs, "ca.crt": narrow.certificate, "ca.key": narrow.key},
        "that of a company's authority": theirs,
        "a key that is not the certificate's": {"tls.key": elsewhere.key_pem},
        "an authority's key that is not its own": {"ca.key": other.key_pem},
        "one that has signed itself, for an authority": {"ca.crt": own.pem, "ca.key": own.key_pem},
        "nobody to trust": {"ca.crt": None},
        "half a certificate": {"tls.crt": elsewhere.pem[:200], "ca.crt": other.pem[:-40]},
        "other keys": {"tls.pem": elsewhere.pem, "ca.crt": None, "tls.crt": None},
    }


@pytest.mark.parametrize("garbled", _garbled().values(), ids=_garbled())
async def test_whatever_somebody_writes_into_the_secret_what_is_served_is_believed_all_the_while(world, garbled):
    leader = world.leaders[0]
    await world.settle(leader)
    data = {key: value and base64.b64encode(value).decode() for key, value in garbled.items()}
    await world.api.patch(SECRETS, world.names.certificates, {"data": data}, world.space)
    idle = 0
    while idle < IDLE:
        await world.hear()
        assert (world.replica.expired(), world.replica.doubted()) == (None, None)
        pause = await leader.look()
        idle = idle + 1 if pause >= LOOK_AGAIN else 0
        world.seconds += min(pause, LOOK_AGAIN)
    await world.hear()
    contents = await world.contents()
    assert world.replica.pair == contents.pair
    (signer,) = contents.signers
    assert world.replica.served.issuer in {one.id for one in contents.authorities}
    assert await world.policies() == {"Fail"}
    world.days += 70
    await world.settle(leader)
    assert world.replica.expired() is None, "it is renewed"
    assert signer.id in {one.id for one in (await world.contents()).authorities}


async def test_certificates_are_renewed_though_somebody_empties_the_bundles_every_minute(world):
    leader = world.leaders[0]
    await world.settle(leader)
    authorities = set()
    for days in (*[28] * 10, *[16] * 4, *[4] * 8):  # slowly where the first authority ends
        world.days += days
        for _ in range(2):
            await world.apply(caBundle="")
            for _ in range(3):
                await leader.look()
                await world.hear()
                assert (world.replica.expired(), world.replica.doubted()) == (None, None)
                world.seconds += 20
        authorities |= {one.id for one in (await world.contents()).authorities}
        assert await world.policies() == {"Fail"}
    assert len(authorities) == 2
    assert world.days > 365
