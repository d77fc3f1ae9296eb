"""Small checks that many kinds share; each takes a value and its path and returns what is wrong."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from poblano.cluster import field_errors as errors
from poblano.cluster.field_errors import FieldError
from poblano.cluster.kinds import names
from poblano.core.jsonvalue import Document

NEGATIVE: Final = "must be greater than or equal to 0"
NOT_POSITIVE: Final = "must be greater than 0"
MAX_INT32: Final = 2**31 - 1


def indexed(items: Sequence[Any] | None, path: str) -> Iterator[tuple[str, Any]]:
    """The items of a list, each with its path.

    >>> list(indexed(["a"], "spec.args"))
    [('spec.args[0]', 'a')]
    """
    for index, item in enumerate(items or ()):
        yield f"{path}[{index}]", item


def complaints(path: str, value: object, wrong: Iterable[str]) -> list[FieldError]:
    """An "Invalid value" for each complaint about one value."""
    return [errors.invalid(path, value, text) for text in wrong]


def nonnegative(node: Document, path: str, *keys: str) -> list[FieldError]:
    """Which of the numbers under `keys` are below 0."""
    return [errors.invalid(f"{path}.{key}", node[key], NEGATIVE) for key in keys if _number(node.get(key)) < 0]


def positive(node: Document, path: str, *keys: str) -> list[FieldError]:
    """Which of the numbers under `keys`, where they are there, are not above 0."""
    found = [key for key in keys if node.get(key) is not None and _number(node[key]) <= 0]
    return [errors.invalid(f"{path}.{key}", node[key], NOT_POSITIVE) for key in found]


def _number(value: object) -> float:
    return value if isinstance(value, (int, float)) else 0


def between(value: int, low: int, high: int) -> list[str]:
    """The complaint about a number outside of its bounds (InclusiveRangeError)."""
    return [] if low <= value <= high else [f"must be between {low} and {high}, inclusive"]


def choice(value: object, path: str, *allowed: str) -> list[FieldError]:
    """Required, and one of `allowed`.

    >>> [e.message for e in choice("", "spec.type", "A")], [e.message for e in choice("x", "spec.type", "A")]
    (['Required value'], ['Unsupported value: "x": supported values: "A"'])
    """
    if not value:
        return [errors.required(path)]
    return [] if value in allowed else [errors.not_supported(path, value, allowed)]


def known(value: object, path: str, *allowed: str) -> list[FieldError]:
    """One of `allowed`; absent is fine."""
    return [] if value is None or value in allowed else [errors.not_supported(path, value, allowed)]


def needed(node: Document, path: str, *keys: str) -> list[FieldError]:
    """Which of the fields are missing or empty."""
    return [errors.required(f"{path}.{key}") for key in keys if not node.get(key)]


def dns_label(value: str, path: str) -> list[FieldError]:
    """A DNS label."""
    return complaints(path, value, names.label(value))


def dns_subdomain(value: str, path: str) -> list[FieldError]:
    """A DNS subdomain."""
    return complaints(path, value, names.subdomain(value))


def label_key(value: str, path: str) -> list[FieldError]:
    """The key of a label."""
    return complaints(path, value, names.qualified(value))


def ip_address(value: str, path: str) -> list[FieldError]:
    """An IP address.

    >>> [e.message for e in ip_address("300.1.1.1", "ip")]
    ['Invalid value: "300.1.1.1": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)']
    """
    if is_ip(value):
        return []
    return [errors.invalid(path, value, "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)")]


def is_ip(value: object) -> bool:
    """Whether it is the text of an IP address."""
    try:
        ipaddress.ip_address(str(value))
    except ValueError:
        return False
    return "%" not in str(value)


def is_cidr(value: object) -> bool:
    """Whether it is the text of a network."""
    try:
        ipaddress.ip_network(str(value), strict=False)
    except ValueError:
        return False
    return "/" in str(value)


def port_or_name(value: object, path: str) -> list[FieldError]:
    """A port by number or by name."""
    if isinstance(value, str):
        return complaints(path, value, names.port_name(value))
    number = value if isinstance(value, int) else 0
    return complaints(path, number, names.port_number(number))


def count_or_percent(value: object, path: str, *, least: int = 0) -> list[FieldError]:
    """A number of at least `least`, or a percentage (ValidatePositiveIntOrPercent)."""
    if isinstance(value, str):
        return complaints(path, value, names.percent(value))
    return [errors.invalid(path, value, NEGATIVE)] if isinstance(value, int) and value < least else []


def percent_of(value: object) -> int | None:
    """25 of ``25%``; None for anything else."""
    return int(value[:-1]) if isinstance(value, str) and not names.percent(value) else None
