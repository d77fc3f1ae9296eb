"""A review is in the API server's trace, an action is in its review, and a request that an action makes is in the action."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager

import pytest

from poblano import Capability, Module, a
from poblano.admission.reviewer import ModuleReviewer
from tests.admission.serving import connected, post, serving
from tests.client.loopback import client_of
from tests.client.loopback import serving as api_serving
from tests.core.driving import POD, review
from tests.spans import exported

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = "b7ad6b7169203331"
TRACEPARENT = f"traceparent: 00-{TRACE}-{PARENT}-01"


@pytest.fixture
def spans():
    with exported() as found:
        yield found


@asynccontextmanager
async def asked(module, *requests):
    """The answers of a server that serves `module`."""
    reviewer = ModuleReviewer(module)
    try:
        async with serving(reviewer) as server, connected(server) as client:
            yield [await client.ask(request) for request in requests]
    finally:
        reviewer.close()


def shop_of(action, **options):
    shop = Capability("shop")
    shop.when(a.Pod).is_created().validate(name="named", **options)(action)
    return Module(shop)


async def test_a_review_joins_the_trace_of_the_api_server_and_says_what_was_asked(spans):
    module = shop_of(lambda pod: pod.deny("no"))
    async with asked(module, post(review(), "/validate/fail/10", TRACEPARENT)) as (answer,):
        assert answer.status == 200

    span = spans.one("validate Pod")
    assert f"{span.context.trace_id:032x}" == TRACE
    assert f"{span.parent.span_id:016x}" == PARENT
    assert span.kind.name == "SERVER"
    assert dict(span.attributes) == {
        "http.request.method": "POST",
        "http.route": "/validate/fail/10",
        "http.response.status_code": 200,
        "poblano.operation": "CREATE",
        "poblano.kind": "Pod",
        "poblano.name": POD["metadata"]["name"],
        "k8s.namespace.name": "shop",
        "poblano.uid": json.loads(review())["request"]["uid"],
        "poblano.allowed": False,
    }


async def test_each_review_on_a_connection_has_the_trace_of_its_own_request(spans):
    """Heads that were seen before take a short way: it must not be that of another trace."""
    module = shop_of(lambda pod: pod.approve())
    traces = [f"{number:032x}" for number in range(1, 4)]
    requests = [post(review(), "/validate/fail/10", f"traceparent: 00-{trace}-{PARENT}-01") for trace in traces]
    async with asked(module, *requests, *requests) as answers:
        assert {answer.status for answer in answers} == {200}

    assert [f"{span.context.trace_id:032x}" for span in spans.named("validate Pod")] == [*traces, *traces]


@pytest.mark.parametrize("header", [(), ("traceparent: nonsense",)])
async def test_a_review_without_a_trace_begins_one(spans, header):
    async with asked(shop_of(lambda pod: pod.approve()), post(review(), "/validate/fail/10", *header)):
        pass

    assert spans.one("validate Pod").parent is None


async def test_a_trace_that_is_not_recorded_costs_no_spans(spans):
    unsampled = f"traceparent: 00-{TRACE}-{PARENT}-00"
    async with asked(shop_of(lambda pod: pod.approve()), post(review(), "/validate/fail/10", unsampled)) as (answer,):
        assert answer.status == 200

    assert spans.all() == []


async def test_an_action_is_in_its_review_and_what_it_asks_is_in_the_action(spans):
    async with api_serving() as api:
        client = client_of(api.url)

        async def look(pod):
            async with client:
                await client.request("GET", "/version")
            return pod.approve()

        async with asked(shop_of(look), post(review(), "/validate/fail/10", TRACEPARENT)) as (answer,):
            assert answer.status == 200

    request = spans.one("GET")
    assert spans.child_of(request) == spans.one("shop/named")
    assert spans.child_of(spans.one("shop/named")) == spans.one("validate Pod")
    assert f"00-{TRACE}-{request.context.span_id:016x}" in api.asked[0].headers["traceparent"]


async def test_what_a_def_action_returns_to_be_awaited_is_in_its_span(spans):
    def later(pod):
        async def judge():
            await asyncio.sleep(0)
            return pod.deny("no")

        return judge()

    async with asked(shop_of(later), post(review(), "/validate/fail/10", TRACEPARENT)) as (answer,):
        assert not json.loads(answer.body)["response"]["allowed"]

    span = spans.one("shop/named")
    assert spans.child_of(span) == spans.one("validate Pod")
    assert span.attributes["poblano.allowed"] is False


async def test_an_action_that_raises_has_a_span_that_says_so(spans):
    def fails(pod):
        raise ValueError("broken")

    async with asked(shop_of(fails), post(review(), "/validate/fail/10")) as (answer,):
        assert not json.loads(answer.body)["response"]["allowed"]

    span = spans.one("shop/named")
    assert (span.status.status_code.name, span.status.description) == ("ERROR", "ValueError: broken")
    assert span.events[0].attributes["exception.message"] == "ValueError: broken"
    assert span.attributes["error.type"] == "ValueError"
    assert spans.one("validate Pod").status.status_code.name == "UNSET"


async def test_the_text_of_an_error_about_a_secret_is_withheld(spans):
    def fails(secret):
        raise ValueError("hunter2")

    shop = Capability("shop")
    shop.when(a.Secret).is_created().validate(name="named")(fails)
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "key", "namespace": "shop"}}
    body = review(secret)
    async with asked(Module(shop), post(body, "/validate/fail/10")) as (answer,):
        assert not json.loads(answer.body)["response"]["allowed"]

    assert spans.one("shop/named").attributes["error.type"] == "ValueError"
    assert "hunter2" not in "".join(span.to_json() for span in spans.all())


async def test_hooks_and_predicates_have_spans_of_their_own(spans):
    shop = Capability("shop")
    shop.when(a.Pod).is_created().where(lambda pod: True).mutate(name="tier")(lambda pod: pod.set_label("a", "b"))
    module = Module(shop, before=lambda request: None)
    async with asked(module, post(review(), "/mutate/fail/10")) as (answer,):
        assert json.loads(answer.body)["response"]["patch"]

    assert [span.name for span in spans.all()] == ["module/before", "shop/tier predicate", "shop/tier", "mutate Pod"]


async def test_what_is_no_review_has_a_span_named_after_its_path(spans):
    async with asked(shop_of(lambda pod: pod.approve()), post(b"{}", "/validate/fail/10")) as (answer,):
        assert answer.status == 400

    assert spans.one("POST /validate/fail/10").attributes["http.response.status_code"] == 400


async def test_without_anybody_who_wants_spans_nothing_is_wrapped():
    reviewer = ModuleReviewer(shop_of(lambda pod: pod.approve()))
    async with serving(reviewer) as server:
        assert server.app._traced is None
    assert {type(pipeline).__name__ for _, pipeline in reviewer._served.values()} == {"Pipeline"}
    reviewer.close()
