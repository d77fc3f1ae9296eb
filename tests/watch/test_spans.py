"""Each run of an action is a trace, and what it asks of the API server is in it."""

from __future__ import annotations

import asyncio

import pytest

from poblano import Capability, a
from poblano.core.cache import Key
from poblano.watch.calling import Caller, caller
from tests.client.loopback import client_of, serving
from tests.spans import exported

KEY = Key("shop", "web")


@pytest.fixture
def spans():
    with exported() as found:
        yield found


def rule(action):
    shop = Capability("shop")
    shop.when(a.ConfigMap).reconcile(name="deploy")(action)
    return shop.bindings[0]


async def called(binding, *arguments):
    calling = caller()
    try:
        return await calling.call(binding, KEY, "7", *arguments)
    finally:
        calling.close()


async def test_a_run_has_a_span_that_says_of_what(spans):
    async def deploy(obj, ctx):
        await asyncio.sleep(0)

    await called(rule(deploy), None, None)

    span = spans.one("reconcile shop/deploy")
    assert span.parent is None
    assert dict(span.attributes) == {
        "poblano.kind": "ConfigMap",
        "poblano.name": "web",
        "k8s.namespace.name": "shop",
        "poblano.uid": "7",
    }


async def test_what_a_run_asks_of_the_api_server_is_in_its_span(spans):
    async with serving() as server, client_of(server.url) as client:

        async def deploy(obj, ctx):
            await client.request("GET", "/version")

        await called(rule(deploy), None, None)

    assert spans.child_of(spans.one("GET")) == spans.one("reconcile shop/deploy")


async def test_a_def_action_is_in_its_span_though_it_runs_in_a_thread(spans):
    from opentelemetry.trace import get_current_span

    seen = []
    await called(rule(lambda obj, ctx: seen.append(get_current_span().get_span_context().span_id)), None, None)

    assert seen == [spans.one("reconcile shop/deploy").context.span_id]


async def test_a_run_that_fails_has_a_span_that_says_so(spans):
    async def fails(obj, ctx):
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        await called(rule(fails), None, None)

    span = spans.one("reconcile shop/deploy")
    assert span.status.status_code.name == "ERROR"
    assert span.events[0].attributes["exception.message"] == "ValueError: broken"
    assert span.attributes["error.type"] == "ValueError"


async def test_the_text_of_an_error_about_a_secret_is_withheld(spans):
    async def fails(obj, ctx):
        raise ValueError("hunter2")

    shop = Capability("shop")
    shop.when(a.Secret).reconcile(name="deploy")(fails)
    with pytest.raises(ValueError, match="hunter2"):
        await called(shop.bindings[0], None, None)

    (span,) = spans.all()
    assert "hunter2" not in span.to_json()
    assert span.attributes["error.type"] == "ValueError"


async def test_without_anybody_who_wants_spans_the_caller_is_the_plain_one():
    found = caller()
    found.close()
    assert type(found) is Caller
