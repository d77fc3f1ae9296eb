"""Policies in CEL change what is written."""

from __future__ import annotations

from typing import Any

from tests.cluster.rest.asking import CONFIG_MAPS, Asking, asking

GROUP = "/apis/admissionregistration.k8s.io/v1"
RULES = [{"apiGroups": ["", "apps"], "apiVersions": ["v1"], "operations": ["*"], "resources": ["*"]}]


def apply(expression: str) -> dict[str, Any]:
    return {"patchType": "ApplyConfiguration", "applyConfiguration": {"expression": expression}}


def patch(expression: str) -> dict[str, Any]:
    return {"patchType": "JSONPatch", "jsonPatch": {"expression": expression}}


async def policy(ask: Asking, name: str, *mutations: dict[str, Any], **spec: Any) -> None:
    constraints = {"resourceRules": spec.pop("rules", RULES)}
    whole = {"matchConstraints": constraints, "reinvocationPolicy": "Never", "mutations": list(mutations), **spec}
    await ask.create(f"{GROUP}/mutatingadmissionpolicies", name, spec=whole)
    await ask.create(f"{GROUP}/mutatingadmissionpolicybindings", f"{name}-all", spec={"policyName": name})


async def test_an_applied_configuration_is_merged_as_server_side_apply_merges_it() -> None:
    async with asking() as ask:
        containers = 'spec: Object.spec.template.spec{containers: [Object.spec.template.spec.containers{name: "c", image: "new"}]}'
        await policy(ask, "p", apply(f"Object{{spec: Object.spec{{template: Object.spec.template{{{containers}}}}}}}"))
        template = {
            "metadata": {"labels": {"a": "b"}},
            "spec": {"containers": [{"name": "c", "image": "old", "args": ["x"]}, {"name": "d", "image": "d"}]},
        }
        spec = {"selector": {"matchLabels": {"a": "b"}}, "template": template}
        made = await ask.create("/apis/apps/v1/namespaces/default/deployments", "d", spec=spec)
        found = made["spec"]["template"]["spec"]["containers"]
        assert [(one["name"], one["image"], one.get("args")) for one in found] == [
            ("c", "new", ["x"]),
            ("d", "d", None),
        ]


async def test_a_json_patch_is_computed_and_keys_are_escaped() -> None:
    async with asking() as ask:
        made = """has(object.metadata.labels)
          ? [JSONPatch{op: "add", path: "/metadata/labels/" + jsonpatch.escapeKey("example.com/x"), value: "1"}]
          : [JSONPatch{op: "add", path: "/metadata/labels", value: {"example.com/x": "2"}}]"""
        await policy(ask, "p", patch(made))
        assert (await ask.create(CONFIG_MAPS, "a"))["metadata"]["labels"] == {"example.com/x": "2"}
        labels = {"name": "b", "labels": {"a": "b"}}
        assert (await ask.create(CONFIG_MAPS, "b", metadata=labels))["metadata"]["labels"] == {
            "a": "b",
            "example.com/x": "1",
        }


async def test_policies_see_what_those_before_them_made_and_again_if_they_ask_for_it() -> None:
    async with asking() as ask:
        count = 'Object{data: {"count": string(has(object.data) ? size(object.data) : 0)}}'
        await policy(ask, "a", apply(count), reinvocationPolicy="IfNeeded")
        await policy(ask, "b", apply('Object{data: {"b": "1"}}'), apply('Object{data: {"c": object.data.b}}'))
        assert (await ask.create(CONFIG_MAPS, "a"))["data"] == {"count": "3", "b": "1", "c": "1"}


async def test_what_cannot_be_done_is_refused_unless_failures_are_ignored() -> None:
    async with asking() as ask:
        await policy(ask, "p", patch('[JSONPatch{op: "remove", path: "/data/no"}]'))
        answer = await ask("POST", CONFIG_MAPS, {"metadata": {"name": "a"}})
        assert answer.status == 403
        assert "policy 'p' with binding 'p-all' denied request: " in answer.document["message"]
    async with asking() as ask:
        await policy(ask, "p", patch('[JSONPatch{op: "remove", path: "/data/no"}]'), failurePolicy="Ignore")
        await ask.create(CONFIG_MAPS, "a", data={"x": "y"})


async def test_a_mutation_without_an_expression_is_refused() -> None:
    async with asking() as ask:
        for mutation in ({"patchType": "JSONPatch"}, patch("Other{a: 1}")):
            spec = {
                "matchConstraints": {"resourceRules": RULES},
                "reinvocationPolicy": "Never",
                "mutations": [mutation],
            }
            answer = await ask("POST", f"{GROUP}/mutatingadmissionpolicies", {"metadata": {"name": "p"}, "spec": spec})
            assert answer.status == 422
