"""Validating webhooks: all at the same time, each heard, one refusal told."""

from __future__ import annotations

from tests.cluster.webhooks.world import chain, config_map, entry, refusal, request


def denies(message):
    return {"response": {"allowed": False, "status": {"message": message}}}


async def test_of_several_denials_the_first_to_be_heard_reaches_the_user_and_all_were_asked(world, listener):
    listener.replies |= {"a": [{"sleep": 0.3, **denies("slow")}], "b": [denies("quick")], "c": [{}]}
    world.register("validating", "v", *(entry(listener, name) for name in "abc"))
    async with chain(world) as webhooks:
        error = await refusal(webhooks, request(config_map()))
    assert error.message == 'admission webhook "b.example.com" denied the request: quick'
    assert sorted(listener.paths()) == ["a", "b", "c"]


async def test_warnings_of_all_of_them_arrive(world, listener):
    listener.replies |= {"a": [{"response": {"warnings": ["one"]}}], "b": [{"response": {"warnings": ["two"]}}]}
    world.register("validating", "v", entry(listener, "a"), entry(listener, "b"))
    attributes = request(config_map())
    async with chain(world) as webhooks:
        assert await refusal(webhooks, attributes) is None
    assert sorted(attributes.warnings) == ["one", "two"]


async def test_warnings_arrive_with_a_denial_too(world, listener):
    listener.replies["a"] = [{"response": {"allowed": False, "warnings": ["told you"]}}]
    world.register("validating", "v", entry(listener, "a"))
    attributes = request(config_map())
    async with chain(world) as webhooks:
        assert await refusal(webhooks, attributes) is not None
    assert attributes.warnings == ["told you"]


async def test_audit_annotations_carry_the_name_of_their_webhook(world, listener):
    noted = []
    listener.replies["a"] = [{"response": {"auditAnnotations": {"k": "v"}}}]
    listener.replies["b"] = [{"http": {"status": 500}}]
    world.register("validating", "v", entry(listener, "b", failurePolicy="Ignore"), entry(listener, "a"))
    async with chain(world, audit=lambda attributes, key, value: noted.append((key, value))) as webhooks:
        assert await refusal(webhooks, request(config_map())) is None
    assert sorted(noted) == [
        ("a.example.com/k", "v"),
        ("failed-open.validating.webhook.admission.k8s.io/round_0_index_0", "b.example.com"),
    ]


async def test_a_name_that_was_generated_meanwhile_is_sent(world, listener):
    world.register("validating", "v", entry(listener, "a"))
    async with chain(world) as webhooks:
        await webhooks.validate(request(config_map("gen-abcde"), name=""))
    assert listener.reviews()[0]["name"] == "gen-abcde"


async def test_an_object_of_a_deleted_collection_has_no_name_in_its_review(world, listener):
    world.register("validating", "v", entry(listener, "a"))
    async with chain(world) as webhooks:
        await webhooks.validate(request(None, config_map("d1"), name=""))
    [review] = listener.reviews()
    assert "name" not in review
    assert (review["object"], review["oldObject"]["metadata"]["name"]) == (None, "d1")
