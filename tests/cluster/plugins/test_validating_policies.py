"""Policies in CEL judge what is written, as their bindings want it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cluster.rest.asking import CONFIG_MAPS, MERGE, Asking, asking

GROUP = "/apis/admissionregistration.k8s.io/v1"
RULES = [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["*"], "resources": ["configmaps"]}]
PLACE = "ValidatingAdmissionPolicy 'house' with binding 'house-all' denied request:"


async def policy(ask: Asking, *validations: dict[str, Any], **spec: Any) -> None:
    spec = {"matchConstraints": {"resourceRules": RULES}, "validations": list(validations), **spec}
    await ask.create(f"{GROUP}/validatingadmissionpolicies", "house", spec=spec)


async def bind(ask: Asking, **spec: Any) -> None:
    spec = {"policyName": "house", "validationActions": ["Deny"], **spec}
    await ask.create(f"{GROUP}/validatingadmissionpolicybindings", "house-all", spec=spec)


async def refused(ask: Asking, **data: str) -> tuple[int, str]:
    answer = await ask("POST", CONFIG_MAPS, {"metadata": {"name": "x"}, "data": data}, query={"dryRun": "All"})
    return (0, "") if answer.status == 201 else (answer.status, answer.document["message"].partition(f"{PLACE} ")[2])


async def test_a_policy_without_a_binding_judges_nothing() -> None:
    async with asking() as ask:
        await policy(ask, {"expression": "false"})
        assert await refused(ask) == (0, "")


@pytest.mark.parametrize(
    ("validation", "said"),
    [
        ({"expression": "object.data.a == 'b'"}, (422, "failed expression: object.data.a == 'b'")),
        ({"expression": "object.data.a == 'b'", "message": "be b"}, (422, "be b")),
        ({"expression": "false", "messageExpression": "'was ' + object.data.a", "reason": "Forbidden"}, (403, "was c")),
        ({"expression": "false", "messageExpression": "string(object.data.no)", "message": "plain"}, (422, "plain")),
        ({"expression": "object.data.a == 'c'"}, (0, "")),
    ],
)
async def test_what_an_expression_refuses_is_told_in_the_words_of_its_author(
    validation: dict[str, Any], said: tuple[int, str]
) -> None:
    async with asking() as ask:
        await policy(ask, validation)
        await bind(ask)
        assert await refused(ask, a="c") == said


async def test_a_refusal_names_policy_and_binding_in_message_and_cause() -> None:
    async with asking() as ask:
        await policy(ask, {"expression": "false", "message": "no"})
        await bind(ask)
        answer = await ask("POST", CONFIG_MAPS, {"metadata": {"name": "x"}})
        assert answer.document["message"] == f'configmaps "x" is forbidden: {PLACE} no'
        assert answer.document["details"]["causes"] == [{"message": f"{PLACE} no"}]


async def test_a_binding_that_warns_lets_pass() -> None:
    async with asking() as ask:
        await policy(ask, {"expression": "false", "message": "careful"})
        await bind(ask, validationActions=["Warn", "Audit"])
        answer = await ask("POST", CONFIG_MAPS, {"metadata": {"name": "x"}})
        assert answer.status == 201
        told = "Validation failed for ValidatingAdmissionPolicy 'house' with binding 'house-all': careful"
        assert answer.header("warning") == f'299 - "{told}"'


@pytest.mark.parametrize(("failure_policy", "code"), [("Fail", 422), ("Ignore", 0)])
async def test_an_expression_without_a_value_is_a_matter_of_the_failure_policy(failure_policy: str, code: int) -> None:
    async with asking() as ask:
        await policy(ask, {"expression": "object.data.no == 'x'"}, failurePolicy=failure_policy)
        await bind(ask)
        assert (await refused(ask, a="b"))[0] == code


async def test_variables_see_those_before_them_and_their_failures_are_named() -> None:
    async with asking() as ask:
        variables = [
            {"name": "text", "expression": "object.data.a"},
            {"name": "number", "expression": "int(variables.text)"},
        ]
        await policy(ask, {"expression": "variables.number < 3"}, variables=variables)
        await bind(ask)
        assert await refused(ask, a="2") == (0, "")
        assert (await refused(ask, a="3"))[1] == "failed expression: variables.number < 3"
        assert 'composited variable "number" fails to evaluate' in (await refused(ask, a="x"))[1]


async def test_parameters_are_looked_up_where_the_request_is() -> None:
    async with asking() as ask:
        kind = {"apiVersion": "v1", "kind": "Secret"}
        await policy(ask, {"expression": "object.data.a in params.data"}, paramKind=kind)
        await bind(ask, paramRef={"name": "allowed", "parameterNotFoundAction": "Deny"})
        missing = "failed to configure binding: no params found for policy binding with `Deny` parameterNotFoundAction"
        assert (await refused(ask, a="red"))[1] == missing
        await ask.create("/api/v1/namespaces/default/secrets", "allowed", stringData={"red": "x"})
        assert await refused(ask, a="red") == (0, "")
        assert (await refused(ask, a="blue"))[0] == 422


async def test_a_policy_may_ask_what_the_user_may_do() -> None:
    async with asking(rbac=True) as ask:
        may = "authorizer.requestResource.check('update').allowed()"
        bot = "authorizer.serviceAccount('default', 'bot').group('').resource('pods').check('get').allowed()"
        await policy(ask, {"expression": f"{may} && !{bot}"})
        await bind(ask)
        assert await refused(ask) == (0, "")


@pytest.mark.parametrize(
    "match",
    [
        {"excludeResourceRules": [{**RULES[0], "resourceNames": ["x"]}]},
        {"resourceRules": [{**RULES[0], "resourceNames": ["y"]}]},
        {"namespaceSelector": {"matchLabels": {"nobody": "has"}}},
        {"objectSelector": {"matchLabels": {"nobody": "has"}}},
    ],
)
async def test_a_binding_narrows_what_its_policy_is_about(match: dict[str, Any]) -> None:
    async with asking() as ask:
        await policy(ask, {"expression": "false"})
        await bind(ask, matchResources=match)
        assert await refused(ask) == (0, "")


async def test_match_conditions_may_ask_for_the_user_and_the_policy_changes_at_once() -> None:
    async with asking() as ask:
        condition = {"name": "others", "expression": "request.userInfo.username != 'admin'"}
        await policy(ask, {"expression": "false"}, matchConditions=[condition])
        await bind(ask)
        assert await refused(ask) == (0, "")
        patch = {"spec": {"matchConditions": None}}
        await ask("PATCH", f"{GROUP}/validatingadmissionpolicies/house", patch, content_type=MERGE)
        assert (await refused(ask))[0] == 422


async def test_policies_are_out_of_the_reach_of_policies() -> None:
    async with asking() as ask:
        everything = [{"apiGroups": ["*"], "apiVersions": ["*"], "operations": ["*"], "resources": ["*"]}]
        await policy(ask, {"expression": "false"}, matchConstraints={"resourceRules": everything})
        await bind(ask)
        assert (await refused(ask))[0] == 422
        assert (await ask("DELETE", f"{GROUP}/validatingadmissionpolicies/house")).status == 200


@pytest.mark.parametrize(
    ("expression", "wrong"),
    [
        ("foo", "compilation failed: ERROR: <input>:1:1: undeclared reference to 'foo'"),
        ("params.x == 1", "undeclared reference to 'params'"),
        ("variables.x", "undefined field 'x'"),
        ("request.nope == 1", "undefined field 'nope'"),
        ("object.x", "must evaluate to bool but got dyn"),
        ("'a'", "must evaluate to bool but got string"),
    ],
)
async def test_an_expression_that_cannot_be_right_is_refused_with_its_policy(expression: str, wrong: str) -> None:
    async with asking() as ask:
        spec = {"matchConstraints": {"resourceRules": RULES}, "validations": [{"expression": expression}]}
        answer = await ask("POST", f"{GROUP}/validatingadmissionpolicies", {"metadata": {"name": "p"}, "spec": spec})
        (cause,) = answer.document["details"]["causes"]
        assert answer.status == 422
        assert cause["field"] == "spec.validations[0].expression"
        assert wrong in cause["message"]


@pytest.mark.parametrize(
    "expression",
    [
        "object.spec.replicas <= 5",
        "!has(object.metadata.labels) || object.metadata.labels.all(key, key.startsWith('a'))",
        "object.spec.template.spec.containers.all(c, has(c.securityContext) && c.securityContext.privileged == false)",
        "object.spec.?hostNetwork.orValue(false) == false",
        "(has(object.spec.containers) ? object.spec.containers : []).size() < 3",
        "request.operation in ['CREATE', 'UPDATE'] && request.userInfo.groups.exists(g, g == 'a')",
        "oldObject == null || oldObject.spec.type == object.spec.type",
        "quantity(object.spec.size).isLessThan(quantity('5Gi'))",
        "authorizer.group('').resource('configmaps').check('get').allowed()",
        "namespaceObject.metadata.labels['env'].matches('^prod')",
    ],
)
async def test_usual_expressions_compile(expression: str) -> None:
    async with asking() as ask:
        await policy(ask, {"expression": expression})
