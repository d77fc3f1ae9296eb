"""Admission policies in CEL and their bindings.

Source: kubernetes/pkg/apis/admissionregistration/validation
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from poblano.cluster import field_errors as errors
from poblano.cluster.cel.request_types import POLICY
from poblano.cluster.cel.types import BOOL, DYN, STRING, Field, ObjectType, Type
from poblano.cluster.field_errors import FieldError
from poblano.cluster.kinds import admission_rules, checks, names, selectors
from poblano.cluster.kinds.strategy import Strategy
from poblano.cluster.kinds.tree import many, struct
from poblano.core.jsonvalue import Document

_ACTIONS: Final = ("Audit", "Deny", "Warn")


class _Policy(Strategy):
    namespaced = False
    counts_generation = True
    unconditional_update = False
    update_checks = ("create", "update")

    def shared(self, obj: Document) -> list[FieldError]:
        """What both kinds of policy are asked."""
        spec = struct(obj, "spec")
        found = checks.choice(spec.get("failurePolicy"), "spec.failurePolicy", "Fail", "Ignore")
        if spec.get("paramKind") is not None:
            found += checks.needed(spec["paramKind"], "spec.paramKind", "apiVersion", "kind")
        constraints = spec.get("matchConstraints")
        if constraints is None:
            found.append(errors.required("spec.matchConstraints"))
        else:
            found += matching(constraints, "spec.matchConstraints", required=True)
        params = spec.get("paramKind") is not None
        found += admission_rules.conditions(many(spec, "matchConditions"), "spec.matchConditions", params=params)
        seen: set[str] = set()
        known: dict[str, Field] = {}
        for where, variable in checks.indexed(many(spec, "variables"), "spec.variables"):
            name = variable.get("name") or ""
            wrong = checks.complaints(f"{where}.name", name, names.c_identifier(name))
            found += wrong if name else [errors.required(f"{where}.name", "name is not specified")]
            if name in seen:
                found.append(errors.duplicate(where, name))
            seen.add(name)
            found += _expression(variable, where, _variables(spec, known))
            known[name] = Field(name, DYN)
        return found


def _all_variables(spec: Document) -> Mapping[str, Type]:
    """What the expressions of a policy may refer to, with all of its variables."""
    names_of = (one.get("name") or "" for one in many(spec, "variables"))
    return _variables(spec, {name: Field(name, DYN) for name in names_of})


def _variables(spec: Document, known: Mapping[str, Field]) -> Mapping[str, Type]:
    found: dict[str, Type] = {**POLICY, "variables": ObjectType("kubernetes.variables", (), dict(known))}
    if spec.get("paramKind") is None:
        del found["params"]
    return found


def _expression(node: Document, path: str, variables: Mapping[str, Type], *wanted: Type) -> list[FieldError]:
    text = (node.get("expression") or "").strip()
    where = f"{path}.expression"
    if not text:
        return [errors.required(where, "expression is not specified")]
    return admission_rules.expression(text, where, variables, wanted)


def matching(given: Document, path: str, *, required: bool) -> list[FieldError]:
    """What is wrong with a MatchResources."""
    found = checks.known(given.get("matchPolicy"), f"{path}.matchPolicy", "Equivalent", "Exact")
    for key in ("namespaceSelector", "objectSelector"):
        found += selectors.validate(given.get(key), f"{path}.{key}")
    rules = many(given, "resourceRules")
    if required and not rules:
        found.append(errors.required(f"{path}.resourceRules"))
    for key in ("resourceRules", "excludeResourceRules"):
        for where, rule in checks.indexed(many(given, key), f"{path}.{key}"):
            found += admission_rules.rule(rule, where)
    return found


class ValidatingAdmissionPolicy(_Policy):
    """Source: ValidateValidatingAdmissionPolicy"""

    has_status = True

    def validate_content(self, obj: Document, old: Document | None = None) -> list[FieldError]:
        spec, found = struct(obj, "spec"), self.shared(obj)
        validations = many(spec, "validations")
        if not validations and not many(spec, "auditAnnotations"):
            text = "validations or auditAnnotations must contain at least one item"
            found.append(errors.required("spec.validations", text))
        variables = _all_variables(spec)
        for where, validation in checks.indexed(validations, "spec.validations"):
            found += _expression(validation, where, variables, BOOL)
            told = (validation.get("messageExpression") or "").strip()
            if told:
                found += admission_rules.expression(told, f"{where}.messageExpression", variables, (STRING,))
            message = validation.get("message") or ""
            if "\n" in message:
                found.append(errors.invalid(f"{where}.message", message, "message must not contain line breaks"))
        return found


class MutatingAdmissionPolicy(_Policy):
    """Source: ValidateMutatingAdmissionPolicy"""

    def validate_content(self, obj: Document, old: Document | None = None) -> list[FieldError]:
        spec, found = struct(obj, "spec"), self.shared(obj)
        policy = spec.get("reinvocationPolicy") or ""
        found += checks.choice(policy, "spec.reinvocationPolicy", "IfNeeded", "Never")
        if not many(spec, "mutations"):
            found.append(errors.required("spec.mutations"))
        for where, mutation in checks.indexed(many(spec, "mutations"), "spec.mutations"):
            kind = mutation.get("patchType") or ""
            found += checks.choice(kind, f"{where}.patchType", "ApplyConfiguration", "JSONPatch")
            part = {"ApplyConfiguration": "applyConfiguration", "JSONPatch": "jsonPatch"}.get(kind)
            if part and mutation.get(part) is None:
                found.append(errors.required(f"{where}.{part}", f"must be specified when patchType is {kind}"))
            elif part:
                found += _expression(mutation[part], f"{where}.{part}", _all_variables(spec))
        return found


class ValidatingAdmissionPolicyBinding(Strategy):
    """Source: ValidateValidatingAdmissionPolicyBinding"""

    namespaced = False
    counts_generation = True
    unconditional_update = False
    update_checks = ("create", "update")

    def validate_content(self, obj: Document, old: Document | None = None) -> list[FieldError]:
        found = _binding(struct(obj, "spec"))
        actions = many(obj, "spec", "validationActions")
        if not actions:
            found.append(errors.required("spec.validationActions"))
        for where, action in checks.indexed(actions, "spec.validationActions"):
            if action not in _ACTIONS:
                found.append(errors.not_supported(where, action, _ACTIONS))
            if actions.count(action) > 1 and not where.endswith("[0]"):
                found.append(errors.duplicate(where, action))
        if {"Deny", "Warn"} <= set(actions):
            text = "must not contain both Deny and Warn (repeating the same validation failure information in the API "
            text += "response and headers serves no purpose)"
            found.append(errors.invalid("spec.validationActions", actions, text))
        return found


class MutatingAdmissionPolicyBinding(Strategy):
    """Source: ValidateMutatingAdmissionPolicyBinding"""

    namespaced = False
    counts_generation = True
    unconditional_update = False
    update_checks = ("create", "update")

    def validate_content(self, obj: Document, old: Document | None = None) -> list[FieldError]:
        return _binding(struct(obj, "spec"))


def _binding(spec: Document) -> list[FieldError]:
    name = spec.get("policyName") or ""
    wrong = checks.complaints("spec.policyName", name, names.subdomain(name))
    found = wrong if name else [errors.required("spec.policyName")]
    if spec.get("matchResources") is not None:
        found += matching(spec["matchResources"], "spec.matchResources", required=False)
    if spec.get("paramRef") is not None:
        policy = struct(spec, "paramRef").get("parameterNotFoundAction")
        where = "spec.paramRef.parameterNotFoundAction"
        found += [errors.required(where)] if policy is None else checks.known(policy, where, "Allow", "Deny")
    return found
