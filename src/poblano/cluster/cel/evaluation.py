"""From a checked syntax tree to closures that compute its value.

A closure takes the variables and returns a value or raises `CelError`. ``&&``, ``||`` and the quantifiers take one side's
failure back where the other side decides, as the specification wants.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from poblano.cluster.cel.checker import TYPE_NAMES, qualified_name
from poblano.cluster.cel.comprehensions import Run, Variables, comprehension
from poblano.cluster.cel.errors import CelError
from poblano.cluster.cel.functions.operators import found_key
from poblano.cluster.cel.library import Library, Overload
from poblano.cluster.cel.syntax import Bind, Call, Comprehension, Constant, ListOf, MapOf, Name, Node, Select
from poblano.cluster.cel.types import Type
from poblano.cluster.cel.values import NONE, Optional, UInt, equals, no_overload


class Builder:
    """Makes closures.

    Args:
        library: the functions there are.
        chosen: the overloads that the checker has settled on, by the identity of the call.
        variables: the names of the variables.
    """

    def __init__(self, library: Library, chosen: Mapping[int, Overload], variables: Iterable[str]) -> None:
        self._library = library
        self._chosen = chosen
        self._variables = frozenset(variables)

    def build(self, node: Node) -> Run:
        """The closure of a node."""
        match node:
            case Constant():
                value = UInt(node.value) if node.type == "uint" else node.value
                return lambda variables: value
            case Name():
                return self._name(node)
            case Select():
                return self._select(node)
            case Call():
                return self._call(node)
            case ListOf():
                return self._list(node)
            case MapOf():
                return self._map(node)
            case Comprehension():
                return comprehension(node, self.build)
            case Bind():
                return self._bind(node)

    def _name(self, node: Name) -> Run:
        name = node.name
        kind = Type(name) if name in TYPE_NAMES else None

        def run(variables: Variables) -> Any:
            try:
                return variables[name]
            except KeyError:
                if kind is not None:
                    return kind
                raise CelError(f"no such attribute(s): {name}") from None

        return run

    def _select(self, node: Select) -> Run:
        whole = qualified_name(node)
        if whole in TYPE_NAMES:
            kind = Type(whole)
            return lambda variables: kind
        of, field = self.build(node.of), node.field
        if node.kind == "has":
            return lambda variables: _has(of(variables), field)
        if node.kind == "optional":
            return lambda variables: _optional(of(variables), field)

        def run(variables: Variables) -> Any:
            value = of(variables)
            try:
                return value[field]
            except (KeyError, TypeError, IndexError):
                return _missing(value, field)

        return run

    def _call(self, node: Call) -> Run:
        match node.function:
            case "_&&_":
                return _junction(*map(self.build, node.arguments), decisive=False)
            case "_||_":
                return _junction(*map(self.build, node.arguments), decisive=True)
            case "_?_:_":
                return _conditional(*map(self.build, node.arguments))
            case "_==_":
                left, right = map(self.build, node.arguments)
                return lambda variables: equals(left(variables), right(variables))
            case "_!=_":
                left, right = map(self.build, node.arguments)
                return lambda variables: not equals(left(variables), right(variables))
            case "or" | "orValue" if node.target is not None:
                return _alternative(self.build(node.target), self.build(node.arguments[0]), node.function)
            case _:
                return self._function(node)

    def _function(self, node: Call) -> Run:
        namespace = qualified_name(node.target) if node.target is not None else None
        name, method, nodes = node.function, node.target is not None, node.arguments
        full = f"{namespace}.{name}"
        if namespace and namespace.split(".")[0] not in self._variables and self._library.find(full, method=False):
            name, method = full, False
        elif node.target is not None:
            nodes = (node.target, *nodes)
        arguments = tuple(map(self.build, nodes))
        chosen = self._chosen.get(id(node))
        if chosen is not None:
            return _direct(chosen.run, arguments)
        call = self._library.call
        return lambda variables: call(name, method, tuple([argument(variables) for argument in arguments]))

    def _list(self, node: ListOf) -> Run:
        items = [(self.build(item), at in node.optional) for at, item in enumerate(node.items)]

        def run(variables: Variables) -> list[Any]:
            made: list[Any] = []
            for item, optional in items:
                value = item(variables)
                if not optional:
                    made.append(value)
                elif value.present:
                    made.append(value.held)
            return made

        return run

    def _map(self, node: MapOf) -> Run:
        entries = [
            (self.build(key), self.build(value), at in node.optional) for at, (key, value) in enumerate(node.entries)
        ]

        def run(variables: Variables) -> dict[Any, Any]:
            made: dict[Any, Any] = {}
            for key, value, optional in entries:
                name, held = key(variables), value(variables)
                if name.__class__ not in (str, bool, int, UInt):
                    raise CelError(f"unsupported key type: {name.__class__.__name__}")
                if optional and not held.present:
                    continue
                if found_key(made, name) is not None:
                    raise CelError(f"Failed with repeated key: {name}")
                made[name] = held.held if optional else held
            return made

        return run

    def _bind(self, node: Bind) -> Run:
        name, value, body = node.name, self.build(node.value), self.build(node.body)
        if node.macro == "bind":
            return lambda variables: body({**variables, name: value(variables)})

        def run(variables: Variables) -> Any:
            held = value(variables)
            if held.__class__ is not Optional:
                raise no_overload()
            if not held.present:
                return NONE
            made = body({**variables, name: held.held})
            return Optional(made) if node.macro == "optMap" else made

        return run


def _direct(run: Callable[..., Any], arguments: tuple[Run, ...]) -> Run:
    if len(arguments) == 1:
        (only,) = arguments
        return lambda variables: run(only(variables))
    if len(arguments) == 2:
        left, right = arguments
        return lambda variables: run(left(variables), right(variables))
    return lambda variables: run(*[argument(variables) for argument in arguments])


def _missing(value: Any, field: str) -> Any:
    if value.__class__ is Optional:
        return _optional(value, field)
    if value.__class__ is dict:
        raise CelError(f"no such key: {field}")
    raise no_overload()


def _has(value: Any, field: str) -> bool:
    if value.__class__ is Optional:
        return value.present and _has(value.held, field)
    if value.__class__ is not dict:
        raise no_overload()
    return field in value


def _optional(value: Any, field: str) -> Optional:
    if value.__class__ is Optional:
        return _optional(value.held, field) if value.present else NONE
    if value.__class__ is not dict:
        raise no_overload()
    return Optional(value[field]) if field in value else NONE


def _junction(left: Run, right: Run, *, decisive: bool) -> Run:
    """``&&`` or ``||``: `decisive` is the value of one side that makes the other one mean nothing."""

    def run(variables: Variables) -> bool:
        wrong: CelError | None = None
        first: object
        try:
            first = left(variables)
        except CelError as error:
            first, wrong = None, error
        if first is decisive:
            return decisive
        second: object = right(variables)
        if second is decisive:
            return decisive
        if wrong is not None:
            raise wrong
        if first.__class__ is not bool or second.__class__ is not bool:
            raise no_overload()
        return not decisive

    return run


def _conditional(condition: Run, positive: Run, negative: Run) -> Run:
    def run(variables: Variables) -> Any:
        decided = condition(variables)
        if decided is True:
            return positive(variables)
        if decided is False:
            return negative(variables)
        raise no_overload()

    return run


def _alternative(value: Run, other: Run, name: str) -> Run:
    def run(variables: Variables) -> Any:
        held = value(variables)
        if held.__class__ is not Optional:
            raise no_overload()
        if not held.present:
            return other(variables)
        return held if name == "or" else held.held

    return run
