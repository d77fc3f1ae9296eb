"""Who is asked: selectors of namespaces and objects, other versions of a resource, conditions."""

from __future__ import annotations

import pytest

from tests.cluster.webhooks.world import chain, config_map, entry, refusal, request, resource

EVERYTHING = [{"apiGroups": ["*"], "apiVersions": ["*"], "resources": ["*/*"], "operations": ["*"]}]
PICK = {"matchLabels": {"pick": "me"}}


async def asked(world, listener, attributes, **config):
    """Whether a validating webhook so configured is called for a request."""
    world.register("validating", "v", entry(listener, "v", **config))
    async with chain(world) as webhooks:
        assert await refusal(webhooks, attributes) is None
    return bool(listener.received)


@pytest.mark.parametrize(
    ("selector", "called"),
    [
        ({}, True),
        ({"matchLabels": {"case": "yes"}}, True),
        ({"matchLabels": {"case": "no"}}, False),
        ({"matchExpressions": [{"key": "case", "operator": "Exists"}]}, True),
        ({"matchExpressions": [{"key": "none", "operator": "NotIn", "values": ["x"]}]}, True),
        ({"matchExpressions": [{"key": "case", "operator": "DoesNotExist"}]}, False),
    ],
)
async def test_the_namespace_must_be_selected(world, listener, selector, called):
    assert await asked(world, listener, request(config_map()), namespaceSelector=selector) is called


async def test_the_namespace_selector_says_nothing_about_what_lives_in_no_namespace(world, listener):
    role = {"metadata": {"name": "r"}}
    attributes = request(role, of="rbac.authorization.k8s.io/v1/clusterroles", namespace="")
    assert await asked(world, listener, attributes, rules=EVERYTHING, namespaceSelector=PICK)


@pytest.mark.parametrize(
    ("operation", "new", "subresource", "called"),
    [
        ("CREATE", {"pick": "me"}, "", True),
        ("UPDATE", {}, "", False),  # what it is to be counts,
        ("DELETE", None, "", True),  # when it goes, what it is
        ("UPDATE", {}, "status", True),
    ],
)
async def test_a_namespace_is_selected_by_its_own_labels(world, listener, operation, new, subresource, called):
    world.namespace("inner", pick="me")
    stored = {"metadata": {"name": "inner", "labels": {"pick": "me"}}}
    made = None if new is None else {"metadata": {"name": "inner", "labels": new}}
    old = None if operation == "CREATE" else stored
    attributes = request(
        made, old, of="v1/namespaces", operation=operation, subresource=subresource, namespace="inner", name="inner"
    )
    assert await asked(world, listener, attributes, rules=EVERYTHING, namespaceSelector=PICK) is called


async def test_a_namespace_that_is_not_there_is_a_404_for_those_the_rules_name(world, listener):
    world.register("validating", "v", entry(listener, "v", namespaceSelector=PICK))
    async with chain(world) as webhooks:
        refused = await refusal(webhooks, request(config_map(), namespace="gone"))
        assert (refused.code, refused.message) == (404, 'namespaces "gone" not found')
        assert await refusal(webhooks, request({}, of="v1/secrets", namespace="gone")) is None


@pytest.mark.parametrize(
    ("new", "old", "called"),
    [
        ({"pick": "me"}, None, True),
        ({}, None, False),
        ({}, {"pick": "me"}, True),
        (None, {"pick": "me"}, True),
        (None, {}, False),
    ],
)
async def test_the_object_or_the_old_one_must_be_selected(world, listener, new, old, called):
    objects = [None if labels is None else config_map(labels=labels) for labels in (new, old)]
    assert await asked(world, listener, request(*objects), objectSelector=PICK) is called


async def test_what_has_no_metadata_is_never_selected_by_its_labels(world, listener):
    selector = {"matchExpressions": [{"key": "any", "operator": "DoesNotExist"}]}
    options = {"kind": "PodExecOptions", "apiVersion": "v1", "command": ["ls"]}
    attributes = request(options, of="v1/pods", operation="CONNECT", subresource="exec", name="p")
    assert not await asked(world, listener, attributes, rules=EVERYTHING, objectSelector=selector)


async def test_a_mutating_webhook_is_selected_by_the_object_as_it_is_by_then(world, listener):
    patch = [{"op": "add", "path": "/metadata/labels", "value": {"pick": "me"}}]
    listener.replies["a"] = [{"response": {"patchType": "JSONPatch", "patch": patch}}]
    world.register("mutating", "one", entry(listener, "a"), entry(listener, "b", objectSelector=PICK))
    async with chain(world) as webhooks:
        assert await refusal(webhooks, request(config_map())) is None
    assert listener.paths() == ["a", "b"]


HPA_V2 = [
    {
        "apiGroups": ["autoscaling"],
        "apiVersions": ["v2"],
        "resources": ["horizontalpodautoscalers"],
        "operations": ["*"],
    }
]
HPA = "autoscaling/v1/horizontalpodautoscalers"


def versions(one):
    return [resource(f"autoscaling/{version}/horizontalpodautoscalers") for version in ("v2", "v1")]


async def convert(document, source, target):
    return {**document, "apiVersion": target.api_version, "was": source.version}


@pytest.mark.parametrize(("policy", "called"), [("Exact", False), ("Equivalent", True), (None, True)])
async def test_a_request_in_another_version_is_sent_to_those_who_want_it_so(world, listener, policy, called):
    config = {} if policy is None else {"matchPolicy": policy}
    world.register("validating", "v", entry(listener, "v", rules=HPA_V2, **config))
    document = {"kind": "HorizontalPodAutoscaler", "apiVersion": "autoscaling/v1", "metadata": {"name": "h"}}
    async with chain(world, convert=convert, equivalents=versions) as webhooks:
        assert await refusal(webhooks, request(document, of=HPA)) is None
    assert bool(listener.received) is called
    for review in listener.reviews():
        assert review["kind"] == {"group": "autoscaling", "version": "v2", "kind": "HorizontalPodAutoscaler"}
        assert review["requestKind"]["version"] == "v1"
        assert review["resource"]["version"] == "v2"
        assert review["requestResource"]["version"] == "v1"
        assert review["object"]["apiVersion"] == "autoscaling/v2"


async def test_what_a_webhook_made_of_another_version_comes_back_in_the_one_that_was_asked_for(world, listener):
    patch = [{"op": "add", "path": "/spec", "value": {"maxReplicas": 3}}]
    listener.replies["a"] = [{"response": {"patchType": "JSONPatch", "patch": patch}}]
    world.register("mutating", "m", entry(listener, "a", rules=HPA_V2))
    document = {"kind": "HorizontalPodAutoscaler", "apiVersion": "autoscaling/v1", "metadata": {"name": "h"}}
    attributes = request(document, document, of=HPA)
    async with chain(world, convert=convert, equivalents=versions) as webhooks:
        assert await refusal(webhooks, attributes) is None
    assert attributes.object["apiVersion"] == "autoscaling/v1"
    assert attributes.object["was"] == "v2"
    assert attributes.object["spec"] == {"maxReplicas": 3}
    assert listener.reviews()[0]["oldObject"]["apiVersion"] == "autoscaling/v2"


async def test_a_scale_is_the_same_in_every_version_and_is_not_converted(world, listener):
    rules = [{**HPA_V2[0], "apiGroups": ["apps"], "apiVersions": ["v9"], "resources": ["deployments/scale"]}]
    world.register("validating", "v", entry(listener, "v", rules=rules))
    deployments = resource("apps/v1/deployments")
    from dataclasses import replace

    scale = {"kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": {"name": "d"}, "spec": {"replicas": 2}}
    attributes = request(scale, scale, of="apps/v1/deployments", subresource="scale", name="d")
    async with chain(world, equivalents=lambda one: [replace(deployments, version="v9")]) as webhooks:
        assert await refusal(webhooks, attributes) is None
    [review] = listener.reviews()
    assert review["kind"] == {"group": "autoscaling", "version": "v1", "kind": "Scale"}
    assert (review["resource"]["version"], review["requestResource"]["version"]) == ("v9", "v1")


CONDITION = "request.operation == 'CREATE' && object.metadata.name.startsWith('x')"


@pytest.mark.parametrize(
    ("expressions", "called"),
    [
        ([CONDITION], True),
        ([CONDITION, "request.userInfo.username == 'nobody'"], False),
        (["'system:masters' in request.userInfo.groups"], True),
        (["oldObject == null"], True),
        (["request.namespace == 'shop' && request.name == 'x' && !request.dryRun"], True),
        (["request.resource.resource == 'configmaps' && request.requestKind.kind == 'ConfigMap'"], True),
        (["object.data.nope == 'x'", "false"], False),  # one that is false decides
    ],
)
async def test_all_conditions_must_hold(world, listener, expressions, called):
    conditions = [{"name": f"c{index}", "expression": one} for index, one in enumerate(expressions)]
    assert await asked(world, listener, request(config_map()), matchConditions=conditions) is called


@pytest.mark.parametrize(("policy", "refused"), [("Fail", True), ("Ignore", False)])
async def test_a_condition_that_cannot_be_evaluated_is_a_403_or_passes_the_webhook_by(world, listener, policy, refused):
    conditions = [{"name": "c", "expression": "object.data.nope == 'x'"}, {"name": "d", "expression": "true"}]
    world.register("validating", "v", entry(listener, "v", matchConditions=conditions, failurePolicy=policy))
    async with chain(world) as webhooks:
        error = await refusal(webhooks, request(config_map()))
    assert listener.received == []
    assert (error is not None) is refused
    if error is not None:
        why = "expression 'object.data.nope == 'x'' resulted in error: no such key: nope"
        assert (error.code, error.message) == (403, f'configmaps "x" is forbidden: {why}')


async def test_several_conditions_that_fail_are_told_together(world, listener):
    conditions = [{"name": name, "expression": f"object.{name}.x == 1"} for name in ("a", "b")]
    world.register("validating", "v", entry(listener, "v", matchConditions=conditions))
    async with chain(world) as webhooks:
        error = await refusal(webhooks, request(config_map()))
    assert "forbidden: [expression 'object.a.x == 1' resulted in error: " in error.message
    assert error.message.endswith("]")
