"""Calls over the wire: what is sent, when it is sent again, and what is said when nothing comes back."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from tests.cluster.webhooks.listening import identity, listening
from tests.cluster.webhooks.world import chain, config_map, entry, refusal, request
from tests.ports import free_port


async def failure(world, webhook_entry, *, deadline=None):
    """Why a validating webhook could not be asked; the whole message but its beginning."""
    world.register("validating", "v", webhook_entry)
    async with chain(world) as webhooks:
        error = await refusal(webhooks, request(config_map()))
    assert (error.code, error.reason) == (500, "InternalError")
    begin = f'Internal error occurred: failed calling webhook "{webhook_entry["name"]}": '
    assert error.message.startswith(begin)
    assert error.details == {"causes": [{"message": error.message.removeprefix("Internal error occurred: ")}]}
    return error.message.removeprefix(begin)


async def test_the_request_as_the_api_server_makes_it(world, listener):
    world.register("validating", "v", entry(listener, "v", timeoutSeconds=7))
    async with chain(world) as webhooks:
        assert await refusal(webhooks, request(config_map(), dry_run=True)) is None
    [call] = listener.received
    assert (call.method, call.path) == ("POST", "/v?timeout=7s")
    assert call.headers["Host"] == f"localhost:{listener.port}"
    assert call.headers["User-Agent"] == "kube-apiserver-admission"
    assert call.headers["Content-Type"] == "application/json"
    assert call.headers["Accept"] == "application/json, */*"
    assert call.headers["Accept-Encoding"] == "gzip"
    review = call.review["request"]
    assert list(call.review) == ["kind", "apiVersion", "request"]
    assert list(review) == [
        *("uid", "kind", "resource", "requestKind", "requestResource", "name", "namespace", "operation"),
        *("userInfo", "dryRun", "options", "object", "oldObject"),
    ]
    assert review["userInfo"] == {"username": "admin", "groups": ["system:masters"]}
    assert (review["dryRun"], review["oldObject"], review["object"]) == (True, None, config_map())
    assert review["options"] == {"kind": "CreateOptions", "apiVersion": "meta.k8s.io/v1"}


async def test_integers_of_any_size_arrive_as_they_are(world, listener):
    world.register("validating", "v", entry(listener, "v"))
    huge = config_map() | {"big": 2**70, "exact": 9007199254740993}
    async with chain(world) as webhooks:
        assert await refusal(webhooks, request(huge)) is None
    assert listener.reviews()[0]["object"] == huge


@pytest.mark.parametrize(
    ("understood", "spoken"), [(["v1"], "v1"), (["v2", "v1beta1", "v1"], "v1beta1"), (["v1", "v1beta1"], "v1")]
)
async def test_the_first_version_that_both_understand_is_spoken(world, listener, understood, spoken):
    world.register("validating", "v", entry(listener, "v", admissionReviewVersions=understood))
    async with chain(world) as webhooks:
        assert await refusal(webhooks, request(config_map())) is None
    assert listener.received[0].review["apiVersion"] == f"admission.k8s.io/{spoken}"


async def test_without_a_common_version_there_is_no_call(world, listener):
    why = await failure(world, entry(listener, "v", admissionReviewVersions=["v9"]))
    assert why == (
        "could not create admission objects: webhook does not accept known AdmissionReview versions (v1, v1beta1)"
    )
    assert listener.received == []


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_who_is_busy_and_says_when_is_asked_again(world, listener, status):
    listener.replies["v"] = [{"http": {"status": status, "headers": {"Retry-After": "0"}}}] * 2 + [{}]
    world.register("validating", "v", entry(listener, "v"))
    async with chain(world) as webhooks:
        assert await refusal(webhooks, request(config_map())) is None
    uids = [one["uid"] for one in listener.reviews()]
    assert (len(uids), len(set(uids))) == (3, 1)


@pytest.mark.parametrize(
    "reply",
    [
        {"status": 503},
        {"status": 503, "headers": {"Retry-After": "Fri, 31 Dec 1999 23:59:59 GMT"}},
        {"status": 400, "headers": {"Retry-After": "0"}},
    ],
)
async def test_who_does_not_say_when_is_not_asked_again(world, listener, reply):
    listener.replies["v"] = [{"http": reply}, {}]
    await failure(world, entry(listener, "v"))
    assert len(listener.received) == 1


async def test_ten_times_is_enough(world, listener):
    listener.replies["v"] = [{"http": {"status": 429, "headers": {"Retry-After": "0"}}}]
    why = await failure(world, entry(listener, "v"))
    assert why.endswith("the server has received too many requests and has asked us to try again later")
    assert len(listener.received) == 11


async def test_it_is_waited_for_no_longer_than_the_webhook_has(world, listener):
    listener.replies["v"] = [{"http": {"status": 429, "headers": {"Retry-After": "600"}}}]
    why = await failure(world, entry(listener, "v", timeoutSeconds=1))
    url = f"{listener.url('v')}?timeout=1s"
    assert why == f'failed to call webhook: Post "{url}": context deadline exceeded'


@pytest.mark.parametrize(("status", "method"), [(301, "GET"), (302, "GET"), (303, "GET"), (307, "POST"), (308, "POST")])
async def test_a_redirect_is_followed_as_go_follows_it(world, listener, status, method):
    listener.replies["v"] = [{"http": {"status": status, "headers": {"Location": "/other?x=1"}}}]
    listener.replies["other"] = [{"http": {"status": 404}}]
    await failure(world, entry(listener, "v"))
    assert [(one.method, one.path) for one in listener.received] == [
        ("POST", "/v?timeout=5s"),
        (method, "/other?x=1"),
    ]


async def test_a_redirect_in_a_circle_ends(world, listener):
    listener.replies["v"] = [{"http": {"status": 307, "headers": {"Location": listener.url("v")}}}]
    why = await failure(world, entry(listener, "v"))
    assert why == f'failed to call webhook: Post "{listener.url("v")}": stopped after 10 redirects'
    assert len(listener.received) == 10


async def test_a_redirect_to_nowhere_is_an_answer(world, listener):
    listener.replies["v"] = [{"http": {"status": 302}}]
    why = await failure(world, entry(listener, "v"))
    assert why.endswith("the server responded with the status code 302 but did not return more information")


async def test_nobody_listens(world, listener):
    port = free_port()
    config = {"url": f"https://127.0.0.1:{port}/v", "caBundle": listener.identity.bundle}
    why = await failure(world, entry(listener, "v", clientConfig=config))
    assert why == (
        f'failed to call webhook: Post "https://127.0.0.1:{port}/v?timeout=5s":'
        f" dial tcp 127.0.0.1:{port}: connect: connection refused"
    )


async def test_a_name_that_nobody_has(world, listener):
    config = {"url": "https://nobody.invalid/v", "caBundle": listener.identity.bundle}
    why = await failure(world, entry(listener, "v", clientConfig=config))
    assert why.endswith("dial tcp: lookup nobody.invalid: no such host")


@contextlib.asynccontextmanager
async def rude(talk):
    """A server that does with each connection what `talk(reader, writer)` does, and closes it."""

    async def serve(reader, writer):
        with contextlib.suppress(OSError):
            await talk(reader, writer)
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()


async def test_a_server_that_speaks_no_tls(world, listener):
    async def talk(reader, writer):
        await reader.read(10)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()

    async with rude(talk) as port:
        config = {"url": f"https://127.0.0.1:{port}/v", "caBundle": listener.identity.bundle}
        why = await failure(world, entry(listener, "v", clientConfig=config))
    assert why.endswith("http: server gave HTTP response to HTTPS client")


async def test_a_server_that_hangs_up(world, listener):
    async def talk(reader, writer):
        await reader.read(10)

    async with rude(talk) as port:
        config = {"url": f"https://127.0.0.1:{port}/v", "caBundle": listener.identity.bundle}
        why = await failure(world, entry(listener, "v", clientConfig=config))
    assert why.startswith(f'failed to call webhook: Post "https://127.0.0.1:{port}/v?timeout=5s": ')
    assert why.endswith(("EOF", "read: connection reset by peer"))


TRUST = "tls: failed to verify certificate: x509: "


async def distrust(world, who, bundle):
    with listening(who) as listener:
        config = {"url": listener.url("v"), "caBundle": bundle}
        why = await failure(world, entry(listener, "v", clientConfig=config))
        assert listener.received == []
        assert why.startswith(f'failed to call webhook: Post "{listener.url("v")}?timeout=5s": {TRUST}')
    return why.partition(TRUST)[2]


async def test_an_authority_that_was_made_anew_is_told_apart_from_a_strange_one(world):
    mine, other = identity("localhost"), identity("localhost", common_name="other")
    assert await distrust(world, mine, other.bundle) == "certificate signed by unknown authority"
    assert await distrust(world, mine, identity("localhost").bundle) == (
        'certificate signed by unknown authority (possibly because of "x509: ECDSA verification failure"'
        ' while trying to verify candidate authority certificate "localhost")'
    )


async def test_without_a_bundle_the_system_decides(world):
    assert await distrust(world, identity("localhost"), "") == "certificate signed by unknown authority"


async def test_a_certificate_of_another_name(world):
    who = identity("a.example", "b.example")
    assert await distrust(world, who, who.bundle) == "certificate is valid for a.example, b.example, not localhost"


async def test_a_certificate_with_nothing_but_a_common_name(world):
    who = identity()
    assert await distrust(world, who, who.bundle) == (
        "certificate relies on legacy Common Name field, use SANs instead"
    )


@pytest.mark.parametrize(("days", "word"), [((-9, -2), "after"), ((2, 9), "before")])
async def test_a_certificate_out_of_its_time(world, days, word):
    who = identity("localhost", days=days)
    why = await distrust(world, who, who.bundle)
    assert why.startswith("certificate has expired or is not yet valid: current time ")
    assert f" is {word} " in why


@pytest.mark.parametrize("bundle", ["bm90IGEgY2VydGlmaWNhdGU=", "!"])
async def test_a_bundle_without_a_certificate(world, listener, bundle):
    config = {"url": listener.url("v"), "caBundle": bundle}
    why = await failure(world, entry(listener, "v", clientConfig=config))
    assert why == "could not get REST client: unable to load root certificates: unable to parse bytes as PEM block"


@pytest.mark.parametrize(
    ("side_effects", "code"), [("None", None), ("NoneOnDryRun", None), ("Some", 400), ("Unknown", 400)]
)
@pytest.mark.parametrize("kind", ["mutating", "validating"])
async def test_a_dry_run_asks_only_those_that_do_nothing_else(world, listener, kind, side_effects, code):
    world.register(kind, "v", entry(listener, "v", sideEffects=side_effects, failurePolicy="Ignore"))
    async with chain(world) as webhooks:
        error = await refusal(webhooks, request(config_map(), dry_run=True))
        assert await refusal(webhooks, request(config_map())) is None
    assert (error and error.code) == code
    if error is not None:
        assert error.message == 'admission webhook "v.example.com" does not support dry run'


async def test_a_request_that_is_given_up_gives_up_its_calls(world, listener):
    listener.replies["v"] = [{"sleep": 1}]
    world.register("validating", "v", entry(listener, "v"))
    async with chain(world) as webhooks:
        asking = asyncio.create_task(webhooks.validate(request(config_map())))
        while not listener.received:
            await asyncio.sleep(0.01)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
