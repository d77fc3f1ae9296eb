"""x-kubernetes-validations: rules in CEL, over every value that has one.

Source: k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel/validation.go
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from poblano.cluster.cel.errors import CelError, CompileError
from poblano.cluster.cel.program import Program, compile
from poblano.cluster.cel.types import BOOL, DYN, STRING, Type, optional_of
from poblano.cluster.cel.values import NONE, Optional
from poblano.cluster.custom.correlation import UNRELATED, related_item, related_key
from poblano.cluster.custom.field_paths import BadFieldPath, normalized
from poblano.cluster.custom.rule_types import converter, type_of_schema
from poblano.cluster.field_errors import OMIT, FieldError
from poblano.cluster.schema import Node
from poblano.core.jsonvalue import Document, identical

_LONGEST_MESSAGE: Final = 5120
"""apiserver: MaxEvaluatedMessageExpressionSizeBytes"""
_REASONS: Final = frozenset({"FieldValueForbidden", "FieldValueRequired", "FieldValueDuplicate", "FieldValueInvalid"})
_WITHOUT_DETAIL: Final = frozenset({"FieldValueDuplicate"})


class BadRule(Exception):
    """A rule that cannot be right."""


class BadMessage(BadRule):
    """A messageExpression that cannot be right."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule, ready to run.

    Args:
        text: what it is called in complaints: its message, else its source.
        message: what its failure says.
        message_program: what computes that instead; None for none.
        reason: of the failure's cause.
        field_path: what is to blame, below the value; empty for the value itself.
        optional_old: whether oldSelf is an optional, and the rule runs without an old value too.
    """

    program: Program
    text: str
    message: str
    message_program: Program | None
    reason: str
    field_path: str
    optional_old: bool

    @property
    def uses_old(self) -> bool:
        """Whether it is about the transition from the old value."""
        return "oldSelf" in self.program.names


@dataclass(slots=True)
class Rules:
    """The rules of a value and of all that is in it."""

    node: Node
    convert: Callable[[Any], Any]
    own: list[Rule] = field(default_factory=list[Rule])
    properties: dict[str, Rules] = field(default_factory=dict[str, "Rules"])
    values: Rules | None = None
    items: Rules | None = None


def compile_rules(node: Node, *, is_object: bool = False) -> Rules | None:
    """The rules of a schema; None where it has none. Rules that do not compile are left out: the definition is to blame."""
    made = Rules(node, converter(node, is_object=is_object))
    for one in node.get("x-kubernetes-validations") or ():
        try:
            made.own.append(compile_rule(one, node, is_object=is_object))
        except (BadRule, BadFieldPath):
            continue
    properties: Mapping[str, Node] = node.get("properties") or {}
    for name, inner in properties.items():
        found = compile_rules(inner)
        if found:
            made.properties[name] = found
    values: Any = node.get("additionalProperties")
    items: Any = node.get("items")
    made.values = compile_rules(values) if values.__class__ is dict else None
    made.items = compile_rules(items) if items.__class__ is dict else None
    return made if made.own or made.properties or made.values or made.items else None


def compile_rule(one: Document, node: Node, *, is_object: bool = False, of: Type | None = None) -> Rule:
    """One rule of a schema.

    Raises:
        BadRule: with what is wrong about the rule itself.
        BadMessage: about its messageExpression.
        BadFieldPath: for a fieldPath that leads nowhere.
    """
    self_type = of or type_of_schema(node, is_object=is_object)
    optional = one.get("optionalOldSelf") is True
    variables = {"self": self_type, "oldSelf": optional_of(self_type) if optional else self_type}
    source = one.get("rule") or ""
    program = _compiled(source, variables, BOOL, "compilation failed: ", "cel expression must evaluate to a bool")
    expression = (one.get("messageExpression") or "").strip()
    messages: Program | None = None
    if expression:
        wrong = "messageExpression must evaluate to a string"
        try:
            messages = _compiled(expression, variables, STRING, "messageExpression compilation failed: ", wrong)
        except BadRule as error:
            raise BadMessage(str(error)) from None
    message = (one.get("message") or "").strip()
    reason = one.get("reason") or "FieldValueInvalid"
    path = normalized(one["fieldPath"], node) if one.get("fieldPath") else ""
    text = message or source.strip()
    return Rule(program, text, message or f"failed rule: {text}", messages, reason, path, optional)


def _compiled(source: str, variables: Mapping[str, Type], wanted: Type, failed: str, mistyped: str) -> Program:
    try:
        program = compile(source, variables)
    except CompileError as error:
        raise BadRule(f"{failed}{error}") from None
    if program.type not in (wanted, DYN):
        raise BadRule(mistyped)
    return program


def run_rules(rules: Rules | None, value: Any, old: Any = UNRELATED, path: str = "") -> list[FieldError]:
    """The failures of all rules.

    Args:
        old: what was there before; UNRELATED where nothing was.
    """
    if rules is None or value is None:
        return []
    unchanged = old is not UNRELATED and identical(value, old)
    found = _own(rules, value, old, path, unchanged=unchanged) if rules.own else []
    if value.__class__ is dict:
        for key, item in value.items():
            inner = rules.properties.get(key)
            where = f"{path}.{key}" if path else key
            if inner is None and rules.values is not None:
                inner, where = rules.values, f"{path}[{key}]"
            if inner is not None:
                found += run_rules(inner, item, related_key(rules.node, old, key), where)
    elif value.__class__ is list and rules.items is not None:
        for at, item in enumerate(value):
            found += run_rules(rules.items, item, related_item(rules.node, old, item), f"{path}[{at}]")
    return found


def _own(rules: Rules, value: Any, old: Any, path: str, *, unchanged: bool) -> list[FieldError]:
    try:
        self = rules.convert(value)
        before = UNRELATED if old is UNRELATED or old is None else rules.convert(old)
    except CelError as error:
        return [FieldError("FieldValueInvalid", path or "<nil>", OMIT, str(error))]
    found: list[FieldError] = []
    for rule in rules.own:
        if rule.uses_old and before is UNRELATED and not rule.optional_old:
            continue
        wrong = _failure(rule, self, before, path)
        if wrong is not None and (rule.uses_old or not unchanged):
            found.append(wrong)
    return found


def _failure(rule: Rule, self: Any, before: Any, path: str) -> FieldError | None:
    where = path or "<nil>"
    variables: dict[str, Any] = {"self": self}
    if rule.optional_old:
        variables["oldSelf"] = NONE if before is UNRELATED else Optional(before)
    elif before is not UNRELATED:
        variables["oldSelf"] = before
    try:
        if rule.program.evaluate(**variables) is True:
            return None
    except CelError as error:
        return FieldError("FieldValueInvalid", where, OMIT, _error_detail(str(error), rule))
    if rule.field_path:
        where = f"{path}{'' if rule.field_path.startswith('[') or not path else '.'}{rule.field_path}"
    detail = _computed(rule, variables) or rule.message
    reason = rule.reason if rule.reason in _REASONS else "FieldValueInvalid"
    return FieldError(reason, where, OMIT, "" if reason in _WITHOUT_DETAIL else detail)


def _error_detail(error: str, rule: Rule) -> str:
    if error.startswith("no such overload"):
        what = "call arguments did not match a supported operator, function or macro signature for rule"
        return f"'{error}': {what}: {rule.text}"
    if error.startswith("operation cancelled"):
        what = "no further validation rules will be run due to call cost exceeds limit for rule"
        return f"'{error}': {what}: {rule.text}"
    return f"{error} evaluating rule: {rule.text}"


def _computed(rule: Rule, variables: dict[str, Any]) -> str:
    """What the messageExpression says; empty where it fails or says nothing fit for a line."""
    if rule.message_program is None:
        return ""
    try:
        found = rule.message_program.evaluate(**variables)
    except CelError:
        return ""
    text = found.strip() if isinstance(found, str) else ""
    return "" if "\n" in text or len(text.encode()) > _LONGEST_MESSAGE else text
