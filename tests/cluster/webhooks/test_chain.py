"""The chain as its server meets it: nothing registered, one of each, none of its business."""

from __future__ import annotations

from tests.cluster.webhooks.world import chain, config_map, entry, refusal, request

PATCH = [{"op": "add", "path": "/data/b", "value": "2"}]


async def test_without_webhooks_a_request_goes_through_and_nothing_is_listed_twice(world):
    async with chain(world) as webhooks:
        for _ in range(3):
            assert await refusal(webhooks, request(config_map())) is None
    assert world.lists == 2


async def test_a_validating_webhook_sees_what_a_mutating_one_made(world, listener):
    listener.replies["m"] = [{"response": {"patchType": "JSONPatch", "patch": PATCH}}]
    world.register("mutating", "m", entry(listener, "m"))
    world.register("validating", "v", entry(listener, "v"))
    asked = request(config_map())
    async with chain(world) as webhooks:
        assert await refusal(webhooks, asked) is None
    assert asked.object["data"] == {"a": "1", "b": "2"}
    assert [one["object"]["data"] for one in listener.reviews()] == [{"a": "1"}, {"a": "1", "b": "2"}]


async def test_the_object_that_was_sent_is_not_changed_in_place(world, listener):
    listener.replies["m"] = [{"response": {"patchType": "JSONPatch", "patch": PATCH}}]
    world.register("mutating", "m", entry(listener, "m"))
    sent = config_map()
    async with chain(world) as webhooks:
        await webhooks.mutate(request(sent))
    assert sent == config_map()


async def test_a_configuration_counts_from_the_moment_it_is_stored_until_it_is_gone(world, listener):
    listener.replies["v"] = [{"response": {"allowed": False}}]
    async with chain(world) as webhooks:
        assert await refusal(webhooks, request(config_map())) is None
        world.register("validating", "v", entry(listener, "v"))
        assert (await refusal(webhooks, request(config_map()))) is not None
        world.remove("admissionregistration.k8s.io", "validatingwebhookconfigurations", "v")
        assert await refusal(webhooks, request(config_map())) is None


async def test_connections_are_kept_between_calls(world, listener):
    world.register("validating", "v", entry(listener, "v"))
    async with chain(world) as webhooks:
        for _ in range(3):
            await webhooks.validate(request(config_map()))
    assert len({one.port for one in listener.received}) == 1


async def test_webhook_configurations_are_never_reviewed(world, listener):
    everything = [{"apiGroups": ["*"], "apiVersions": ["*"], "resources": ["*"], "operations": ["*"]}]
    world.register("validating", "v", entry(listener, "v", rules=everything))
    document = {"metadata": {"name": "x"}}
    path = "admissionregistration.k8s.io/v1/validatingwebhookconfigurations"
    async with chain(world) as webhooks:
        assert await refusal(webhooks, request(document, of=path, namespace="")) is None
        assert listener.received == []
        assert await refusal(webhooks, request(config_map())) is None
    assert listener.paths() == ["v"]
