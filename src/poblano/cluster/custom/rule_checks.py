"""What a rule in a definition may be.

Source: k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation/validation.go, pkg/apiserver/schema/cel/compilation.go
"""

from __future__ import annotations

import re
from typing import Any, Final

from poblano.cluster import field_errors as errors
from poblano.cluster.cel.types import Type
from poblano.cluster.custom.field_paths import BadFieldPath, normalized
from poblano.cluster.custom.rule_types import type_of_schema
from poblano.cluster.custom.rules import BadMessage, BadRule, compile_rule
from poblano.cluster.field_errors import FieldError
from poblano.cluster.schema import Node
from poblano.core.jsonvalue import Document

_REASONS: Final = ("FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired")
_LINE_BREAK: Final = re.compile(r"[\n\r]")


def validate_shape(node: Node, path: str) -> list[FieldError]:
    """What is wrong with rules before anybody reads the expressions."""
    found: list[FieldError] = []
    for at, rule in enumerate(node["x-kubernetes-validations"]):
        found += _shape(rule, node, f"{path}.x-kubernetes-validations[{at}]")
    return found


def _shape(rule: Document, node: Node, path: str) -> list[FieldError]:
    source, message = rule.get("rule") or "", rule.get("message") or ""
    found = _message(source, message, path)
    expression = rule.get("messageExpression") or ""
    if expression and not expression.strip():
        detail = "messageExpression must be non-empty if specified"
        found.append(errors.required(f"{path}.messageExpression", detail))
    if rule.get("reason") is not None and rule["reason"] not in _REASONS:
        found.append(errors.not_supported(f"{path}.reason", rule["reason"], _REASONS))
    return found + _field_path(rule.get("fieldPath") or "", node, f"{path}.fieldPath")


def _message(source: str, message: str, path: str) -> list[FieldError]:
    if not source.strip():
        return [errors.required(f"{path}.rule", "rule is not specified")]
    if message and not message.strip():
        return [errors.invalid(f"{path}.message", message, "message must be non-empty if specified")]
    if _LINE_BREAK.search(message.strip()):
        return [errors.invalid(f"{path}.message", message, "message must not contain line breaks")]
    if _LINE_BREAK.search(source.strip()) and not message.strip():
        return [errors.required(f"{path}.message", "message must be specified if rule contains line breaks")]
    return []


def _field_path(given: str, node: Node, path: str) -> list[FieldError]:
    found: list[FieldError] = []
    if given and not given.strip():
        found.append(errors.invalid(path, given, "fieldPath must be non-empty if specified"))
    if _LINE_BREAK.search(given):
        found.append(errors.invalid(path, given, "fieldPath must not contain line breaks"))
    if given:
        try:
            normalized(given, node)
        except BadFieldPath:
            found.append(errors.invalid(path, given, "fieldPath must be a valid path"))
    return found


def validate_rules(node: Node, path: str, *, uncorrelatable: str, is_root: bool) -> list[FieldError]:
    """What is wrong with the expressions of a node's rules.

    Args:
        uncorrelatable: the node above whose values cannot be told from the old ones; empty for none.
        is_root: whether it is the schema of whole objects.
    """
    self_type = type_of_schema(node, is_object=is_root)
    found: list[FieldError] = []
    for at, rule in enumerate(node["x-kubernetes-validations"]):
        found += _rule(rule, node, f"{path}.x-kubernetes-validations[{at}]", uncorrelatable, self_type)
    return found


def _rule(rule: Document, node: Node, path: str, uncorrelatable: str, self_type: Type) -> list[FieldError]:
    try:
        made = compile_rule(rule, node, of=self_type)
    except BadMessage as wrong:
        return [errors.invalid(f"{path}.messageExpression", _in_go(rule), str(wrong))]
    except BadRule as wrong:
        return [errors.invalid(f"{path}.rule", _in_go(rule), str(wrong))]
    if made.uses_old and uncorrelatable:
        detail = f"oldSelf cannot be used on the uncorrelatable portion of the schema within {uncorrelatable}"
        return [errors.invalid(f"{path}.rule", rule["rule"], detail)]
    if not made.uses_old and rule.get("optionalOldSelf") is not None:
        detail = "may not be set if oldSelf is not used in rule"
        return [errors.invalid(f"{path}.optionalOldSelf", rule["optionalOldSelf"], detail)]
    return []


def _in_go(rule: Document) -> dict[str, Any]:
    """The rule as Go's JSON has its internal type."""
    return {
        "Rule": rule.get("rule") or "",
        "Message": rule.get("message") or "",
        "MessageExpression": rule.get("messageExpression") or "",
        "Reason": rule.get("reason"),
        "FieldPath": rule.get("fieldPath") or "",
        "OptionalOldSelf": rule.get("optionalOldSelf"),
    }
