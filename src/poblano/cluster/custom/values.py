"""Values held to a structural schema: types, bounds, patterns, junctors.

What has not changed in an update is not held against anybody: the schema may have become stricter since (ratcheting).

Source: k8s.io/kube-openapi/pkg/validation/validate; k8s.io/apiextensions-apiserver/pkg/apiserver/validation/validation.go
"""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any, Final

from poblano.cluster import field_errors as errors
from poblano.cluster.cel.patterns import BadPattern, compiled
from poblano.cluster.custom.correlation import UNRELATED, related_item, related_key
from poblano.cluster.custom.formats import is_format
from poblano.cluster.field_errors import FieldError, go_value
from poblano.cluster.schema import Node
from poblano.core.jsonvalue import identical, same

NOWHERE: Final = "<nil>"
"""How Go shows the path of an error that has none."""
_TYPES: Final = {
    str: "string",
    bool: "boolean",
    int: "integer",
    float: "number",
    list: "array",
    dict: "object",
    type(None): "null",
}
_GO_FORMATS: Final = {int: "int64", float: "double"}


def validate(value: Any, node: Node, path: str = "", old: Any = UNRELATED) -> list[FieldError]:
    """What is wrong with a value.

    Args:
        node: the schema.
        path: where the value is.
        old: what was there before; UNRELATED where nothing was.

    >>> [str(one) for one in validate({"n": 7}, {"type": "object", "properties": {"n": {"maximum": 5}}})]
    ['n: Invalid value: 7: n in body should be less than or equal to 5']
    """
    if old is not UNRELATED and identical(value, old):
        return []
    found = _type(value, node, path)
    if value.__class__ is dict:
        found += _map(value, node, path, old)
    elif value.__class__ is list:
        found += _list(value, node, path, old)
    elif value.__class__ is str:
        found += _text(value, node, path)
    elif value.__class__ in (int, float):
        found += _number(value, node, path)
    if node.get("enum") is not None:
        found += _enumeration(value, node["enum"], path)
    return found if value is None else found + _junctors(value, node, path, old)


def _at(path: str) -> str:
    return path or NOWHERE


def _wrong(path: str, value: Any, what: str) -> FieldError:
    return errors.invalid(_at(path), value, f"{path} in body {what}")


def _type(value: Any, node: Node, path: str) -> list[FieldError]:
    wanted, form = node.get("type"), node.get("format")
    types = ("integer", "string") if node.get("x-kubernetes-int-or-string") is True else (wanted,) if wanted else ()
    if value is None:
        return [_mistyped(path, ",".join(types), "null")] if types and node.get("nullable") is not True else []
    found = _TYPES[value.__class__]
    fits = not types or found in types or (found == "integer" and "number" in types)
    fits = fits or (found == "number" and "integer" in types and float(value).is_integer())
    if not fits:
        if form and value.__class__ not in (str, list):
            return [_mistyped(path, str(form), _GO_FORMATS.get(value.__class__, ""))]
        return [_mistyped(path, ",".join(types), found)]
    return []


def _mistyped(path: str, wanted: str, found: str) -> FieldError:
    return errors.type_invalid(_at(path), found, f'{path} in body must be of type {wanted}: "{found}"')


def _map(value: dict[str, Any], node: Node, path: str, old: Any) -> list[FieldError]:
    found: list[FieldError] = []
    least, most = node.get("minProperties"), node.get("maxProperties")
    if least is not None and len(value) < least:
        found.append(_wrong(path, len(value), f"should have at least {least} properties"))
    if most is not None and len(value) > most:
        found.append(errors.too_many(_at(path), len(value), most))
    for key in node.get("required") or ():
        if key not in value:
            found.append(errors.required(_child(path, key)))
    properties: dict[str, Node] = node.get("properties") or {}
    values: Any = node.get("additionalProperties")
    for key, item in value.items():
        inner: Any = properties.get(key, values if values.__class__ is dict else None)
        if inner is not None:
            found += validate(item, inner, _child(path, key), related_key(node, old, key))
        elif values is False:
            found.append(_wrong(_child(path, key), "", "is a forbidden property"))
    return found


def _child(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _list(value: list[Any], node: Node, path: str, old: Any) -> list[FieldError]:
    found: list[FieldError] = []
    least, most = node.get("minItems"), node.get("maxItems")
    if least is not None and len(value) < least:
        found.append(_wrong(path, len(value), f"should have at least {least} items"))
    if most is not None and len(value) > most:
        found.append(errors.too_many(_at(path), len(value), most))
    if node.get("uniqueItems") is True and any(
        same(one, other) for at, one in enumerate(value) for other in value[:at]
    ):
        found.append(_wrong(path, "", "shouldn't contain duplicates"))
    items: Any = node.get("items")
    if items.__class__ is dict:
        for at, item in enumerate(value):
            found += validate(item, items, f"{path}[{at}]", related_item(node, old, item))
    return found


def _text(value: str, node: Node, path: str) -> list[FieldError]:
    found: list[FieldError] = []
    least, most, pattern, form = (node.get(key) for key in ("minLength", "maxLength", "pattern", "format"))
    if most is not None and len(value) > most:
        found.append(errors.too_long(_at(path), most))
    if least is not None and len(value) < least:
        found.append(_wrong(path, value, f"should be at least {least} chars long"))
    if pattern and not _matches(pattern, value):
        found.append(_wrong(path, value, f"should match '{pattern}'"))
    if form and node.get("type") in ("string", None) and not is_format(form, value):
        detail = f"{path} in body must be of type {form}: {go_value(value)}"
        found.append(errors.type_invalid(_at(path), value, detail))
    return found


def _matches(pattern: str, value: str) -> bool:
    try:
        return compiled(pattern).search(value) is not None
    except BadPattern:
        return False


def _number(value: float, node: Node, path: str) -> list[FieldError]:
    found: list[FieldError] = []
    most, least, factor = (node.get(key) for key in ("maximum", "minimum", "multipleOf"))
    if factor and Decimal(str(value)) % Decimal(str(factor)):
        found.append(_wrong(path, value, f"should be a multiple of {_shown(factor, value)}"))
    if most is not None and (value >= most if node.get("exclusiveMaximum") is True else value > most):
        how = "less than" if node.get("exclusiveMaximum") is True else "less than or equal to"
        found.append(_wrong(path, value, f"should be {how} {_shown(most, value)}"))
    if least is not None and (value <= least if node.get("exclusiveMinimum") is True else value < least):
        how = "greater than" if node.get("exclusiveMinimum") is True else "greater than or equal to"
        found.append(_wrong(path, value, f"should be {how} {_shown(least, value)}"))
    return found


def _shown(bound: float, value: object) -> str:
    """A bound beside a value, as Go's %v prints it: integers beside integers, else the shortest form of a double."""
    if value.__class__ is int and float(bound).is_integer():
        return str(int(bound))
    exponent = math.floor(math.log10(abs(bound))) if bound else 0
    if -5 < exponent < 21 and not (exponent >= 6 and float(bound).is_integer()):
        return repr(float(bound)).removesuffix(".0")
    digits, _, power = f"{float(bound):.17e}".partition("e")
    short = repr(float(digits)).removesuffix(".0")
    return f"{short}e{int(power):+03d}"


def _enumeration(value: Any, allowed: list[Any], path: str) -> list[FieldError]:
    if any(
        same(value, one) or (value == one and value.__class__ in (int, float) and one.__class__ in (int, float))
        for one in allowed
    ):
        return []
    return [errors.not_supported(_at(path), value, [one if isinstance(one, str) else go_value(one) for one in allowed])]


def _junctors(value: Any, node: Node, path: str, old: Any) -> list[FieldError]:
    found: list[FieldError] = []
    if node.get("anyOf"):
        found += _any_of(value, node["anyOf"], path, old)
    if node.get("oneOf"):
        found += _one_of(value, node["oneOf"], path, old)
    if node.get("allOf"):
        found += _all_of(value, node["allOf"], path, old)
    refused: Any = node.get("not")
    if refused is not None and not validate(value, refused, path, old):
        found.append(_composite(f'"{path}" must not validate the schema (not)'))
    return found


def _composite(message: str) -> FieldError:
    return errors.invalid(NOWHERE, "", message)


def _fewest(tries: list[list[FieldError]]) -> list[FieldError]:
    """The complaints of the alternative that came nearest."""
    return min(tries, key=len)


def _any_of(value: Any, nodes: list[Node], path: str, old: Any) -> list[FieldError]:
    tries: list[list[FieldError]] = []
    for node in nodes:
        found = validate(value, node, path, old)
        if not found:
            return []
        tries.append(found)
    return [_composite(f'"{path}" must validate at least one schema (anyOf)'), *_fewest(tries)]


def _one_of(value: Any, nodes: list[Node], path: str, old: Any) -> list[FieldError]:
    tries = [validate(value, node, path, old) for node in nodes]
    valid = sum(not found for found in tries)
    if valid == 1:
        return []
    how = f"Found {valid} valid alternatives" if valid else "Found none valid"
    complaint = _composite(f'"{path}" must validate one and only one schema (oneOf). {how}')
    return [complaint, *([] if valid else _fewest(tries))]


def _all_of(value: Any, nodes: list[Node], path: str, old: Any) -> list[FieldError]:
    tries = [validate(value, node, path, old) for node in nodes]
    wrong = [one for found in tries for one in found]
    if not wrong:
        return []
    none = "" if any(not found for found in tries) else ". None validated"
    return [*wrong, _composite(f'"{path}" must validate all the schemas (allOf){none}')]
