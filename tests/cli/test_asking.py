"""Asking as an API server does: mutating webhooks first, validating ones about what came of that, and nobody in vain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from poblano import Capability, Module, Resource, Struct, a
from poblano.admission.certificates import issue
from poblano.admission.reviewer import ModuleReviewer
from poblano.admission.server import AdmissionServer
from poblano.admission.tls import LiveCertificate
from poblano.cli.asking import ApiServerDouble, NotAnswered, Outcome, _converted
from poblano.cli.changes import changes

if TYPE_CHECKING:
    from poblano.core.review import Verb


async def ask(capability: Capability, document: dict[str, Any], verb: Verb = "CREATE") -> tuple[Outcome, list[str]]:
    """What became of a request, and the rules that ran, in order."""
    import asyncio

    ran: list[str] = []
    reviewer = ModuleReviewer(
        Module(capability), observers=[lambda entry, review, verdict, *_: ran.extend(r.rule for r in verdict.results)]
    )
    issued = issue(["localhost"])
    async with AdmissionServer(reviewer, LiveCertificate(issued.pair), host="localhost", port=0) as server:
        double = ApiServerDouble(reviewer.entries, server.port, issued.authority, Module(capability).bindings)
        outcome = await asyncio.to_thread(double.ask, verb, document)
    reviewer.close()
    return outcome, ran


def pod(**metadata: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x", "namespace": "shop", **metadata}}


async def test_a_judge_sees_what_every_change_came_to() -> None:
    shop = Capability("shop")
    shop.when(a.Pod).is_created().alias("judge").validate(
        lambda pod: pod.approve() if pod.has_label("one") and pod.has_label("two") else pod.deny("too early")
    )
    shop.when(a.Pod).is_created().alias("one").mutate(lambda pod: pod.set_label("one", "1"))
    shop.when(a.Pod).is_created().alias("two").mutate(timeout=3)(lambda pod: pod.set_label("two", "2"))
    outcome, ran = await ask(shop, pod())
    assert ran == ["one", "two", "judge"]
    assert not outcome.refused
    assert outcome.after["metadata"]["labels"] == {"one": "1", "two": "2"}
    assert "labels" not in outcome.before["metadata"]


async def test_after_a_refusal_nobody_else_is_asked() -> None:
    shop = Capability("shop")
    shop.when(a.Pod).is_created().alias("no").mutate(lambda pod: pod.deny("no", 409))
    shop.when(a.Pod).is_created().alias("judge").validate(lambda pod: pod.approve())
    outcome, ran = await ask(shop, pod())
    assert (outcome.refused, outcome.code, outcome.message, ran) == (True, 409, "shop/no: no", ["no"])


async def test_nobody_is_called_for_what_no_rule_is_about() -> None:
    shop = Capability("shop", namespaces=["shop"])
    shop.when(a.Pod).is_created().with_name("y").validate(lambda pod: pod.approve())
    for document in (pod(), pod(name="y", namespace="elsewhere"), {"apiVersion": "v1", "kind": "Node"}):
        outcome, ran = await ask(shop, document)
        assert (outcome.called, ran) == (False, [])


async def test_a_kind_of_one_s_own_and_a_deletion_are_asked_about() -> None:
    class GadgetSpec(Struct):
        size: int | None

    class Gadget(Resource, group="shop.example.com", version="v1", plural="gadgetry", scope="Cluster"):
        spec: GadgetSpec

    shop = Capability("shop")
    shop.when(Gadget).is_deleted().alias("last-look").validate(lambda gadget: gadget.deny(f"{gadget.raw.spec.size}"))
    document = {"apiVersion": "shop.example.com/v1", "kind": "Gadget", "metadata": {"name": "x"}, "spec": {"size": 7}}
    outcome, ran = await ask(shop, document, "DELETE")
    assert (outcome.message, ran) == ("shop/last-look: 7", ["last-look"])
    assert outcome.request.namespace == ""


def test_a_server_that_is_not_there_is_no_answer() -> None:
    shop = Capability("shop")
    shop.when(a.Pod).is_created().validate(lambda pod: pod.approve())
    reviewer = ModuleReviewer(Module(shop))
    double = ApiServerDouble(reviewer.entries, 1, issue(["localhost"]).authority, ())
    with pytest.raises(NotAnswered, match="no answer at /validate/fail/10"):
        double.ask("CREATE", pod())
    reviewer.close()


def test_a_diff_shows_what_changed_with_a_little_around_it() -> None:
    before = {"a": 1, "b": 2, "c": 3, "d": 4, "e": 5, "f": 6, "g": 7, "h": "x" * 200}
    after = {**before, "a": 0, "h": "y"}
    lines = list(changes(before, after))
    assert lines == ["-a: 1", "+a: 0", " b: 2", " c: 3", " ...", " f: 6", " g: 7", f"-h: {'x' * 200}", "+h: y"]
    assert list(changes(before, before)) == []


def test_a_secrets_string_data_is_in_its_data_by_the_time_webhooks_see_it():
    secret = {"apiVersion": "v1", "kind": "Secret", "data": {"a": "MQ=="}, "stringData": {"b": "2"}}

    assert _converted(secret) == {"apiVersion": "v1", "kind": "Secret", "data": {"a": "MQ==", "b": "Mg=="}}
