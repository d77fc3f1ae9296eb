"""MutatingAdmissionPolicies: expressions that say how what is written is to be changed.

Source: k8s.io/apiserver/pkg/admission/plugin/policy/mutating/dispatcher.go, patch/
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from poblano.cluster.attributes import Attributes
from poblano.cluster.cel import compile
from poblano.cluster.kinds.tree import many, struct
from poblano.cluster.managed.merging import merge
from poblano.cluster.managed.types import DEDUCED, type_of
from poblano.cluster.plugins.context import Contexts, Failed
from poblano.cluster.plugins.parameters import KindOf, Unconfigured, parameters
from poblano.cluster.plugins.policy import MUTATING, Binding, Policies, Policy
from poblano.cluster.plugins.refusing import refusal
from poblano.cluster.reading import Lookup
from poblano.cluster.resources import Resource
from poblano.cluster.status import StatusError
from poblano.cluster.webhooks.conditions import ConditionFailed
from poblano.cluster.webhooks.operations import DoesNotApply, applied
from poblano.cluster.webhooks.versions import Asked, Kinds, Seen, converted, seen
from poblano.core.jsonvalue import Document, as_list, as_map, identical


@dataclass(slots=True)
class _Round:
    """Which policies have seen the object, and which of them are to see it again."""

    seen: list[Policy] = field(default_factory=list[Policy])
    again: list[Policy] = field(default_factory=list[Policy])

    def note(self, policy: Policy, *, changed: bool) -> None:
        if changed:
            self.again += [one for one in self.seen if one not in self.again and one is not policy]
        if policy.spec.get("reinvocationPolicy") == "IfNeeded" and policy not in self.seen:
            self.seen.append(policy)


class MutatingPolicies:
    """Those of one cluster. Arguments as for `ValidatingPolicies`."""

    def __init__(self, lookup: Lookup, contexts: Contexts, *, kinds: Kinds, kind_of: KindOf) -> None:
        self._policies = Policies(lookup, MUTATING)
        self._lookup, self._contexts, self._kinds = lookup, contexts, kinds
        self._kind_of = kind_of

    async def mutate(self, attributes: Attributes) -> None:
        """Change `attributes.object` as every policy in force wants it, those that ask for it a second time.

        Raises:
            StatusError: one cannot be evaluated, and must not be passed by.
        """
        round_ = _Round()
        await self._all(self._policies.bound(), attributes, round_)
        if round_.again:
            await self._all([one for one in round_.again if one in round_.seen], attributes, _Round())

    async def _all(self, policies: Sequence[Policy], attributes: Attributes, round_: _Round) -> None:
        for policy in policies:
            asked = policy.constraints.asked(attributes, self._lookup, self._kinds.equivalents)
            if asked is None or attributes.object is None:
                continue
            for binding in policy.bindings:
                if binding.constraints.asked(attributes, self._lookup, self._kinds.equivalents) is not None:
                    round_.note(policy, changed=await self._one(policy, binding, attributes, asked))

    async def _one(self, policy: Policy, binding: Binding, attributes: Attributes, asked: Asked) -> bool:
        """Whether the policy changed the object."""
        try:
            found = parameters(policy, binding, attributes.namespace, self._lookup, self._kind_of)
            before = attributes.object
            for parameter in found:
                await self._mutated(policy, attributes, asked, parameter)
        except (Unconfigured, ConditionFailed, Failed, DoesNotApply) as error:
            if not policy.fails:
                return False
            why = f"policy '{policy.name}' with binding '{binding.name}' denied request: {error}"
            raise refusal(attributes, why, explained=True) from None
        return not identical(before, attributes.object)

    async def _mutated(self, policy: Policy, attributes: Attributes, asked: Asked, parameter: Document | None) -> None:
        objects = await seen(attributes, asked, self._kinds.convert)
        if policy.conditions and not policy.conditions.hold(
            self._contexts(policy, attributes, asked, objects, parameter).values
        ):
            return
        new = objects.object
        for mutation in many(policy.spec, "mutations"):
            now = Seen(new, objects.old_object)
            made = self._contexts(policy, attributes, asked, now, parameter).evaluate(_program(mutation))
            new = self._read(_changed(mutation, asked.resource, attributes.subresource, new or {}, made), asked)
        if new is not None and asked.kind != attributes.kind:
            new = await converted(new, asked.resource, attributes.resource, self._kinds.convert)
        attributes.object = new

    def _read(self, document: Document, asked: Asked) -> Document:
        try:
            return self._kinds.restore(document, asked.resource, asked.kind)
        except StatusError as error:
            raise Failed(error.message) from None


def _program(mutation: Document) -> Any:
    part = "jsonPatch" if mutation.get("patchType") == "JSONPatch" else "applyConfiguration"
    return compile(str(struct(mutation, part).get("expression") or "").strip())


def _changed(mutation: Document, resource: Resource, subresource: str, document: Document, made: Any) -> Document:
    if mutation.get("patchType") == "JSONPatch":
        operations = as_list(made)
        if operations is None:
            raise Failed("type mismatch: JSONPatchType.expression should evaluate to array")
        patched: Document = applied(document, operations)
        return patched
    config = as_map(made)
    if config is None:
        raise Failed("unexpected evaluation result, expected an Object")
    schema = None if subresource else resource.schema
    kind = {"apiVersion": document.get("apiVersion"), "kind": document.get("kind")}
    return merge(DEDUCED if schema is None else type_of(schema), document, {**kind, **config})
