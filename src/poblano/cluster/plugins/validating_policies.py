"""ValidatingAdmissionPolicies: expressions that judge what is about to be stored.

Source: k8s.io/apiserver/pkg/admission/plugin/policy/validating/dispatcher.go, validator.go
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from poblano.cluster.attributes import Attributes
from poblano.cluster.cel import compile
from poblano.cluster.kinds.tree import many
from poblano.cluster.plugins.context import Context, Contexts, Failed
from poblano.cluster.plugins.parameters import KindOf, Unconfigured, parameters
from poblano.cluster.plugins.policy import VALIDATING, Binding, Policies, Policy
from poblano.cluster.plugins.refusing import refusal
from poblano.cluster.reading import Lookup
from poblano.cluster.webhooks.conditions import ConditionFailed
from poblano.cluster.webhooks.versions import Asked, Kinds, Seen, seen
from poblano.core.jsonvalue import Document

_CODES: Final = {"Unauthorized": 401, "Forbidden": 403, "RequestEntityTooLarge": 413}
_LONGEST: Final = 5 * 1024
"""apiserver: celconfig.MaxEvaluatedMessageExpressionSizeBytes"""


@dataclass(frozen=True, slots=True)
class _Wrong:
    message: str
    reason: str = "Invalid"


class ValidatingPolicies:
    """Those of one cluster.

    Args:
        lookup: holds them, their bindings and their parameters.
        contexts: what their expressions see.
        kinds: knows the versions of kinds.
        kind_of: the resource of a parameter's kind.
    """

    def __init__(self, lookup: Lookup, contexts: Contexts, *, kinds: Kinds, kind_of: KindOf) -> None:
        self._policies = Policies(lookup, VALIDATING)
        self._lookup, self._contexts, self._kinds = lookup, contexts, kinds
        self._kind_of = kind_of

    async def validate(self, attributes: Attributes) -> None:
        """Nothing, if every policy in force holds; adds the warnings of those that only warn.

        Raises:
            StatusError: one does not, and its binding denies.
        """
        denied: tuple[Policy, Binding, _Wrong] | None = None
        for policy in self._policies.bound():
            asked = policy.constraints.asked(attributes, self._lookup, self._kinds.equivalents)
            if asked is None:
                continue
            objects = await seen(attributes, asked, self._kinds.convert)
            for binding in policy.bindings:
                if binding.constraints.asked(attributes, self._lookup, self._kinds.equivalents) is None:
                    continue
                for wrong in self._judge(policy, binding, attributes, asked, objects):
                    if "Deny" in binding.actions and denied is None:
                        denied = (policy, binding, wrong)
                    if "Warn" in binding.actions:
                        place = f"ValidatingAdmissionPolicy '{policy.name}' with binding '{binding.name}'"
                        attributes.warnings.append(f"Validation failed for {place}: {wrong.message}")
        if denied is not None:
            policy, binding, wrong = denied
            place = f"ValidatingAdmissionPolicy '{policy.name}' with binding '{binding.name}'"
            code = _CODES.get(wrong.reason, 422)
            why = f"{place} denied request: {wrong.message}"
            raise refusal(attributes, why, reason=wrong.reason, code=code, explained=True)

    def _judge(
        self, policy: Policy, binding: Binding, attributes: Attributes, asked: Asked, objects: Seen
    ) -> Iterator[_Wrong]:
        try:
            found = parameters(policy, binding, attributes.namespace, self._lookup, self._kind_of)
        except Unconfigured as error:
            if policy.fails:
                yield _Wrong(f"failed to configure binding: {error}")
            return
        for parameter in found:
            yield from _judged(policy, self._contexts(policy, attributes, asked, objects, parameter))


def _judged(policy: Policy, context: Context) -> Iterator[_Wrong]:
    try:
        if policy.conditions and not policy.conditions.hold(context.values):
            return
    except ConditionFailed as error:
        yield _Wrong(str(error))
        return
    for validation in many(policy.spec, "validations"):
        try:
            holds = context.evaluate(compile(validation["expression"].strip())) is True
        except Failed as error:
            if policy.fails:
                yield _Wrong(str(error))
            continue
        if not holds:
            yield _Wrong(_message(validation, context), validation.get("reason") or "Invalid")


def _message(validation: Document, context: Context) -> str:
    computed = _computed(validation.get("messageExpression") or "", context)
    told = (validation.get("message") or "").strip()
    return computed or told or f"failed expression: {validation['expression'].strip()}"


def _computed(expression: str, context: Context) -> str:
    """What the messageExpression says; empty where it fails or says nothing fit for a line."""
    if not expression.strip():
        return ""
    try:
        found = context.evaluate(compile(expression.strip()))
    except Failed:
        return ""
    text = found.strip() if isinstance(found, str) else ""
    return "" if "\n" in text or len(text.encode()) > _LONGEST else text
