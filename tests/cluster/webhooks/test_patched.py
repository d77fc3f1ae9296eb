"""What a patch makes of an object, and everything for which it makes nothing."""

from __future__ import annotations

import base64

import pytest

from poblano.cluster.status import StatusError
from tests.cluster.webhooks.world import chain, config_map, entry, refusal, request


async def outcome(world, listener, response, attributes=None, *, policy="Fail", **options):
    """The refusal of a request whose mutating webhook answers so; None when it is admitted."""
    listener.replies["m"] = [{"response": response}]
    world.register("mutating", "m", entry(listener, "m", failurePolicy=policy))
    async with chain(world, **options) as webhooks:
        return await refusal(webhooks, attributes or request(config_map()))


def patch(*operations):
    return {"patchType": "JSONPatch", "patch": list(operations)}


def raw(text):
    return {"patchType": "JSONPatch", "patch": base64.b64encode(text).decode()}


ADD = {"op": "add", "path": "/data/b", "value": "2"}
UNDECODABLE = 'failed calling webhook "m.example.com": received undecodable patch in webhook response: '


@pytest.mark.parametrize("policy", ["Fail", "Ignore"])
async def test_one_that_does_not_apply_fails_the_request_whatever_the_policy(world, listener, policy):
    error = await outcome(world, listener, patch({"op": "remove", "path": "/nope"}), policy=policy)
    why = "error in remove for path: '/nope': Unable to remove nonexistent key: nope: missing value"
    assert (error.code, error.message) == (500, f"Internal error occurred: {why}")


@pytest.mark.parametrize("policy", ["Fail", "Ignore"])
async def test_a_delete_has_nothing_to_patch(world, listener, policy):
    error = await outcome(world, listener, patch(ADD), request(None, config_map()), policy=policy)
    why = 'admission webhook "m.example.com" attempted to modify the object, which is not supported for this operation'
    assert (error.code, error.message) == (500, f"Internal error occurred: {why}")


@pytest.mark.parametrize("response", [patch(), raw(b"null"), raw(b" [] ")])
async def test_an_empty_one_is_none_even_for_a_delete(world, listener, response):
    assert await outcome(world, listener, response, request(None, config_map())) is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"{}", "json: cannot unmarshal object into Go value of type jsonpatch.Patch"),
        (b'"x"', "json: cannot unmarshal string into Go value of type jsonpatch.Patch"),
        (b"[1]", "json: cannot unmarshal number into Go value of type jsonpatch.Operation"),
        (b"[", "unexpected end of JSON input"),
        (b"[}", "invalid character '}' looking for beginning of value"),
    ],
)
async def test_what_is_no_patch_is_told_or_passed_by(world, listener, text, why):
    error = await outcome(world, listener, raw(text))
    assert error.message == f"Internal error occurred: {UNDECODABLE}{why}"
    assert await outcome(world, listener, raw(text), policy="Ignore") is None


async def test_only_json_patches_are_understood(world, listener):
    error = await outcome(world, listener, patch(ADD) | {"patchType": "MergePatch"})
    assert error.message.endswith('failed calling webhook "m.example.com": unsupported patch type "MergePatch"')


async def test_what_is_no_object_of_the_kind_any_more_is_told_without_the_client_s_part(world, listener):
    why = "json: cannot unmarshal number into Go struct field ConfigMap.data of type string"

    def restore(document, resource, kind):
        raise StatusError(400, "BadRequest", f'ConfigMap in version "v1" cannot be handled as a ConfigMap: {why}')

    error = await outcome(world, listener, patch(ADD), restore=restore, policy="Ignore")
    assert (error.code, error.message) == (500, f"Internal error occurred: {why}")


async def test_a_denial_is_heard_before_its_patch(world, listener):
    error = await outcome(world, listener, patch({"op": "remove", "path": "/nope"}) | {"allowed": False})
    assert (error.code, error.message) == (
        400,
        'admission webhook "m.example.com" denied the request without explanation',
    )


async def test_name_and_namespace_may_be_patched_here_the_server_sees_to_the_rest(world, listener):
    attributes = request(config_map())
    rename = {"op": "replace", "path": "/metadata/name", "value": "other"}
    assert await outcome(world, listener, patch(rename), attributes) is None
    assert attributes.object["metadata"]["name"] == "other"
    assert attributes.name == "x"


def sets(path, value):
    return patch({"op": "replace", "path": path, "value": value})


async def test_a_kind_that_is_taken_away_comes_back(world, listener):
    attributes = request(config_map())
    gone = patch({"op": "remove", "path": "/kind"}, {"op": "remove", "path": "/apiVersion"})
    assert await outcome(world, listener, gone, attributes) is None
    assert (attributes.object["kind"], attributes.object["apiVersion"]) == ("ConfigMap", "v1")


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("Secret", "converting (v1.Secret) to (core.ConfigMap): unknown conversion"),
        (
            "Nonsense",
            (
                'Internal error occurred: no kind "Nonsense" is registered for version "v1" in scheme'
                ' "pkg/api/legacyscheme/scheme.go:30"'
            ),
        ),
    ],
)
@pytest.mark.parametrize("policy", ["Fail", "Ignore"])
async def test_a_patch_that_makes_another_kind_of_it_fails_whatever_the_policy(world, listener, kind, message, policy):
    error = await outcome(world, listener, sets("/kind", kind), policy=policy)
    assert (error.code, error.message) == (500, message)
