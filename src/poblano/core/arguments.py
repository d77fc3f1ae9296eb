"""What the methods of a chain are given, checked where it is written: names, namespaces, labels, patterns, options."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable
from typing import Any, cast, get_args

from poblano.core.binding import Mode, OnError, Phase
from poblano.core.errors import InvalidDefinition, Location
from poblano.core.location import caller_location

RULE_NAME = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?")

_NAMESPACE = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_QUALIFIED = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
_PREFIX = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")
"""What names can be: apimachinery/pkg/util/validation/validation.go."""


def checked_rule_name(name: object, where: Location) -> str:
    """`name`, if a rule can have it."""
    if not isinstance(name, str) or not RULE_NAME.fullmatch(name):
        raise InvalidDefinition(
            f"{name!r} cannot name a rule",
            "use letters, digits, dashes, dots and underscores, beginning and ending with a letter or digit",
            where,
        )
    return name


def strings(values: Iterable[object], method: str, example: str) -> frozenset[str]:
    """`values`, at least one and all strings."""
    found = tuple(values)
    if not found or not all(isinstance(value, str) and value for value in found):
        if len(found) == 1 and isinstance(found[0], list | tuple | set | frozenset):
            several = cast("Iterable[object]", found[0])
            example = ", ".join(f'"{value}"' for value in sorted(map(str, several))) or example
        raise InvalidDefinition(
            f"{method} takes one or more strings, not {', '.join(map(repr, found)) or 'nothing'}",
            f"write {method}({example})",
            caller_location(),
        )
    return frozenset(str(value) for value in found)


def namespaces(values: Iterable[object], method: str) -> frozenset[str]:
    """`values`, all of which a namespace can be called."""
    found = strings(values, method, '"shop"')
    for name in sorted(found):
        if not _NAMESPACE.fullmatch(name):
            raise InvalidDefinition(
                f"no namespace can be called {name!r}",
                f'use lower-case letters, digits and dashes, at most 63: {method}("shop")',
                caller_location(),
            )
    return found


def check_label(key: str, values: Iterable[str], method: str) -> None:
    """See that a label can be called `key` and have `values`: the API server refuses a selector that asks for others."""
    if not is_label_key(key):
        raise InvalidDefinition(
            f"no label can be called {key!r}",
            f'use letters, digits, dashes, dots and underscores, at most 63: {method}("tier") or {method}("example.com/tier")',
            caller_location(),
        )
    for value in sorted(values):
        if not is_label_value(value):
            raise InvalidDefinition(
                f"no label can have the value {value!r}",
                f'use letters, digits, dashes, dots and underscores, at most 63: {method}("{key}", "data")',
                caller_location(),
            )


def is_label_key(key: str) -> bool:
    """Whether a label can be called `key`.

    >>> is_label_key("example.com/tier"), is_label_key("a/b/c")
    (True, False)
    """
    prefix, slash, name = key.rpartition("/")
    return bool(_QUALIFIED.fullmatch(name)) and bool(slash) is bool(_PREFIX.fullmatch(prefix))


def is_label_value(value: str) -> bool:
    """Whether a label can have the value `value`."""
    return not value or bool(_QUALIFIED.fullmatch(value))


def patterns(values: Iterable[Any], method: str) -> tuple[re.Pattern[str], ...]:
    """`values` as compiled patterns; their flags count."""
    where = caller_location()
    made: list[re.Pattern[str]] = []
    for value in values:
        if issubclass(type(value), re.Pattern):
            made.append(_of_text(value, method, where))
            continue
        if not isinstance(value, str):
            raise InvalidDefinition(
                f"{method} takes patterns of text, not {value!r}", f'write {method}(r"^shop-")', where
            )
        try:
            made.append(re.compile(value))
        except re.error as error:
            raise InvalidDefinition(f"{value!r} is no regular expression: {error}", "mend the pattern", where) from None
    if not made:
        raise InvalidDefinition(f"{method} takes one or more patterns", f'write {method}(r"^shop-")', where)
    return tuple(made)


def _of_text(pattern: re.Pattern[Any], method: str, where: Location) -> re.Pattern[str]:
    if not isinstance(pattern.pattern, str):
        raise InvalidDefinition(
            f"{method} takes patterns of text, not {pattern!r}", f'write {method}(r"^shop-")', where
        )
    return pattern


def check_on_error(value: OnError | None) -> OnError | None:
    """`value`, if it is one."""
    if value is not None and value not in get_args(OnError):
        raise InvalidDefinition(
            f"on_error is {value!r}", 'write on_error="reject", "audit" or "ignore"', caller_location()
        )
    return value


def check_timeout(value: int | None) -> int | None:
    """`value`, if a webhook can have it."""
    if value is not None and (type(value) is not int or value not in range(1, 31)):
        raise InvalidDefinition(
            f"timeout is {value!r}", "write whole seconds from 1 to 30: timeout=10", caller_location()
        )
    return value


def check_mode(mode: Mode, where: Location) -> Mode:
    """`mode`, if it is one."""
    if mode not in get_args(Mode):
        raise InvalidDefinition(f"mode is {mode!r}", 'write mode="enforce", "warn" or "audit"', where)
    return mode


def check_action(phase: Phase, action: object, where: Location) -> None:
    """See that `action` can be called with a request, and does something when it is."""
    remedy = f"write def rule(request): ... and .{phase}(rule)"
    if isinstance(action, type) or not callable(action):
        raise InvalidDefinition(f"{phase} takes a function, not {action!r}", remedy, where)
    if inspect.isgeneratorfunction(action) or inspect.isasyncgenfunction(action):
        raise InvalidDefinition(
            f"the {phase} action has a yield in it, so calling it would run nothing", "take the yield out", where
        )
    if (wrong := unlike_arguments(action, 1)) is not None:
        raise InvalidDefinition(f"the {phase} action cannot be called with the request alone: {wrong}", remedy, where)


def check_predicate(predicate: object) -> None:
    """See that `predicate` can be called with an object."""
    remedy = "write where(lambda pod: pod.spec.host_network)"
    if isinstance(predicate, type) or not callable(predicate):
        raise InvalidDefinition(f"where takes a function, not {predicate!r}", remedy, caller_location())
    if (wrong := unlike_arguments(predicate, 1)) is not None:
        raise InvalidDefinition(
            f"the predicate cannot be called with the object alone: {wrong}", remedy, caller_location()
        )


def unlike_arguments(function: Callable[..., Any], count: int) -> TypeError | None:
    """Why `function` cannot be called with so many arguments; None when it can, or when it does not say."""
    try:
        inspect.signature(function).bind(*[None] * count)
    except TypeError as error:
        return error
    except ValueError:
        return None
    return None


def is_async(action: Callable[..., Any]) -> bool:
    """Whether calling `action` returns an awaitable, as far as that can be known."""
    action = inspect.unwrap(action)
    return inspect.iscoroutinefunction(action) or inspect.iscoroutinefunction(getattr(action, "__call__", None))  # noqa: B004
