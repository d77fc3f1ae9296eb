"""A17: Pepr makes no spans, so that the API server's trace of a slow request ends where Pepr begins."""

from __future__ import annotations

from poblano import Capability, Module, a
from poblano.admission.reviewer import ModuleReviewer
from tests.admission.serving import connected, post, serving
from tests.core.driving import review
from tests.spans import exported

TRACE = "0af7651916cd43dd8448eb211c80319c"


async def test_a17_a_review_is_in_the_trace_of_the_api_server():
    shop = Capability("shop")
    shop.when(a.Pod).is_created().validate(name="named")(lambda pod: pod.approve())
    with exported() as spans:
        reviewer = ModuleReviewer(Module(shop))
        async with serving(reviewer) as server, connected(server) as client:
            traceparent = f"traceparent: 00-{TRACE}-b7ad6b7169203331-01"
            assert (await client.ask(post(review(), "/validate/fail/10", traceparent))).status == 200
        reviewer.close()

    assert {span.name: f"{span.context.trace_id:032x}" for span in spans.all()} == {
        "shop/named": TRACE,
        "validate Pod": TRACE,
    }
