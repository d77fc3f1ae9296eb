"""FlowSchema and PriorityLevelConfiguration.

Source: kubernetes/pkg/apis/flowcontrol/validation
"""

from __future__ import annotations

from poblano.cluster import field_errors as errors
from poblano.cluster.field_errors import FieldError
from poblano.cluster.kinds import checks
from poblano.cluster.kinds.strategy import Strategy
from poblano.cluster.kinds.tree import many, struct
from poblano.core.jsonvalue import Document


class FlowSchema(Strategy):
    """Source: ValidateFlowSchema"""

    namespaced = False
    has_status = True
    counts_generation = True

    def validate_content(self, obj: Document, old: Document | None = None) -> list[FieldError]:
        spec = struct(obj, "spec")
        precedence, name = spec.get("matchingPrecedence") or 0, struct(spec, "priorityLevelConfiguration").get("name")
        found: list[FieldError] = []
        if precedence <= 0:
            text = "must be a positive value"
            found.append(errors.invalid("spec.matchingPrecedence", precedence, text))
        if precedence > 10000:
            text = "must not be greater than 10000"
            found.append(errors.invalid("spec.matchingPrecedence", precedence, text))
        method = spec.get("distinguisherMethod")
        if method is not None:
            where = "spec.distinguisherMethod"
            found += checks.known(method.get("type") or "", where, "ByNamespace", "ByUser")
        if not name:
            found.append(errors.required("spec.priorityLevelConfiguration.name", "must reference a priority level"))
        for where, rule in checks.indexed(many(spec, "rules"), "spec.rules"):
            if not many(rule, "subjects"):
                found.append(errors.required(f"{where}.subjects", "subjects must contain at least one value"))
            if not many(rule, "resourceRules") and not many(rule, "nonResourceRules"):
                text = "at least one of resourceRules and nonResourceRules has to be non-empty"
                found.append(errors.required(where, text))
        return found


class PriorityLevelConfiguration(Strategy):
    """Source: ValidatePriorityLevelConfiguration"""

    namespaced = False
    has_status = True
    counts_generation = True

    def default(self, obj: Document, version: str = "") -> None:
        spec = struct(obj, "spec")
        if spec.get("type") == "Limited" and "limited" not in spec:
            spec["limited"] = {}
        if spec.get("type") == "Exempt" and "exempt" not in spec:
            spec["exempt"] = {}
        super().default(obj, version)
        response = struct(spec, "limited", "limitResponse")
        if response and not response.get("type"):
            response["type"] = "Reject"

    def validate_content(self, obj: Document, old: Document | None = None) -> list[FieldError]:
        spec = struct(obj, "spec")
        kind = spec.get("type") or ""
        found = checks.known(kind, "spec.type", "Exempt", "Limited")
        if kind == "Exempt" and spec.get("limited") is not None:
            text = "must be nil if the type is not Limited"
            found.append(errors.forbidden("spec.limited", text))
        if kind == "Limited" and spec.get("limited") is None:
            text = "must not be empty when type is Limited"
            found.append(errors.required("spec.limited", text))
        shares = struct(spec, "limited").get("nominalConcurrencyShares")
        if shares is not None and shares < 0:
            text = "must be a non-negative integer"
            found.append(errors.invalid("spec.limited.nominalConcurrencyShares", shares, text))
        return found
