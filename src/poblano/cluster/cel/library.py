"""Functions and their signatures: what the checker knows of them, and what runs.

A signature is written as CEL's documentation writes it: ``string.contains(string) -> bool`` for a method,
``size(list<A>) -> int`` for a function.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from poblano.cluster.cel.types import Bindings, Type, fits, substitute
from poblano.cluster.cel.values import Implementation, no_overload, type_of

_SIGNATURE: Final = re.compile(
    r"(?:(?P<target>[\w<>, .]+)\.)?(?P<name>\w+|[\w@!?:\[\]+\-*/%<>=&|]+)\((?P<arguments>.*)\) -> (?P<result>.+)"
)
_NAMESPACES: Final = frozenset({"base64", "format", "ip", "jsonpatch", "lists", "math", "optional", "sets", "strings"})
"""What stands before a dot without being a type."""
_NAME: Final = re.compile(r"[\w.]+")


@dataclass(frozen=True, slots=True)
class Overload:
    """A function for arguments of certain types.

    Args:
        method: whether the first parameter is what it is called on.
        parameters: their types, the target's first.
        result: its type.
        run: what computes it.
    """

    name: str
    method: bool
    parameters: tuple[Type, ...]
    result: Type
    run: Implementation

    def takes(self, given: Sequence[Type], bindings: Bindings) -> bool:
        """Whether arguments of these types may be passed."""
        return len(given) == len(self.parameters) and all(
            fits(one, wanted, bindings) for one, wanted in zip(given, self.parameters, strict=True)
        )

    def result_for(self, bindings: Bindings) -> Type:
        """The type of the result, given what the parameters are bound to."""
        return substitute(self.result, bindings, free=Type("dyn"))


Function = TypeVar("Function", bound=Callable[..., Any])


class Library:
    """Overloads, by name.

    >>> example = Library()
    >>> @example.overload("string.twice() -> string")
    ... def twice(text): return text * 2
    >>> example.call("twice", True, ("ab",))
    'abab'
    """

    def __init__(self, *parts: Library) -> None:
        self.overloads: dict[tuple[str, bool], list[Overload]] = {}
        self._dispatched: dict[tuple[Any, ...], Implementation] = {}
        for part in parts:
            for key, found in part.overloads.items():
                self.overloads.setdefault(key, []).extend(found)

    def overload(self, *signatures: str) -> Callable[[Function], Function]:
        """The decorated function implements these."""

        def add(function: Function) -> Function:
            for signature in signatures:
                self.add(signature, function)
            return function

        return add

    def add(self, signature: str, run: Implementation) -> None:
        """Implement one signature."""
        name, method, parameters, result = _read(signature)
        overload = Overload(name, method, parameters, result, run)
        self.overloads.setdefault((name, method), []).append(overload)

    def find(self, name: str, *, method: bool) -> Sequence[Overload]:
        """All overloads of a name."""
        return self.overloads.get((name, method), ())

    def call(self, name: str, method: bool, arguments: tuple[Any, ...]) -> Any:  # noqa: FBT001 -- called by place, often
        """Call what takes these values.

        Raises:
            CelError: when nothing does, or it fails.
        """
        key = (name, method, *[argument.__class__ for argument in arguments])
        run = self._dispatched.get(key)
        if run is None:
            run = self._dispatched[key] = self._dispatch(name, method, arguments)
        return run(*arguments)

    def _dispatch(self, name: str, method: bool, arguments: tuple[Any, ...]) -> Implementation:  # noqa: FBT001
        for overload in self.overloads[name, method]:
            if accepts(overload.parameters, arguments):
                return overload.run
        raise no_overload()


def accepts(parameters: tuple[Type, ...], arguments: tuple[Any, ...]) -> bool:
    """Whether values may be passed for parameters, judged by the outermost type."""
    if len(parameters) != len(arguments):
        return False
    for parameter, argument in zip(parameters, arguments, strict=True):
        name = parameter.name
        if len(name) != 1 and name != "dyn" and type_of(argument).name != name:
            return False
    return True


def _read(signature: str) -> tuple[str, bool, tuple[Type, ...], Type]:
    found = _SIGNATURE.fullmatch(signature)
    assert found is not None, signature
    target, name = found["target"], found["name"]
    if target in _NAMESPACES:
        target, name = None, f"{target}.{name}"
    parameters = [*([target] if target else []), *_split(found["arguments"])]
    return name, bool(target), tuple(map(read_type, parameters)), read_type(found["result"])


def _split(text: str) -> Iterable[str]:
    depth, start = 0, 0
    for at, character in enumerate(text):
        depth += (character == "<") - (character == ">")
        if character == "," and depth == 0:
            yield text[start:at]
            start = at + 1
    if text[start:].strip():
        yield text[start:]


def read_type(text: str) -> Type:
    """A type as a signature writes it.

    >>> str(read_type("map<string, list<A>>"))
    'map(string, list(A))'
    """
    text = text.strip()
    name = _NAME.match(text)
    assert name is not None, text
    inner = text[name.end() + 1 : -1] if name.end() < len(text) else ""
    return Type(name.group(), tuple(map(read_type, _split(inner))))
