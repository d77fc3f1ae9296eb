"""The types of expressions, as the checker reasons about them.

Source: github.com/google/cel-spec/blob/master/doc/langdef.md, "Values" and "Gradual type checking"
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Type:
    """A type: a name and what it is made of.

    >>> str(map_of(STRING, list_of(INT)))
    'map(string, list(int))'
    """

    name: str
    parts: tuple[Type, ...] = ()

    def __str__(self) -> str:
        return f"{self.name}({', '.join(map(str, self.parts))})" if self.parts else self.name

    @property
    def is_variable(self) -> bool:
        """Whether it is a parameter of a signature, "A"."""
        return len(self.name) == 1


@dataclass(frozen=True, slots=True)
class Field:
    """A field of an object.

    Args:
        name: what the JSON calls it.
        type: of its value.
    """

    name: str
    type: Type


@dataclass(frozen=True, slots=True, eq=False)
class ObjectType(Type):
    """A type with declared fields; two of them are the same only when they are one."""

    fields: Mapping[str, Field] = None  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]
    """By the name that an expression uses, which is escaped where CEL reserves the word."""

    def __str__(self) -> str:
        return self.name


DYN: Final = Type("dyn")
ERROR: Final = Type("!error!")
NULL: Final = Type("null")
BOOL: Final = Type("bool")
INT: Final = Type("int")
UINT: Final = Type("uint")
DOUBLE: Final = Type("double")
STRING: Final = Type("string")
BYTES: Final = Type("bytes")
TIMESTAMP: Final = Type("timestamp")
DURATION: Final = Type("duration")
TYPE: Final = Type("type")


def list_of(item: Type) -> Type:
    """A list."""
    return Type("list", (item,))


def map_of(key: Type, value: Type) -> Type:
    """A map."""
    return Type("map", (key, value))


def optional_of(value: Type) -> Type:
    """A value that may not be there."""
    return Type("optional_type", (value,))


Bindings = dict[str, Type]


def substitute(of: Type, bindings: Bindings, *, free: Type | None = None) -> Type:
    """`of` with its parameters replaced by what they are bound to; what is bound to nothing becomes `free`."""
    if of.is_variable:
        found = bindings.get(of.name)
        if found is None:
            return free or of
        return substitute(found, bindings, free=free) if found.name != of.name else found
    if not of.parts:
        return of
    return Type(of.name, tuple(substitute(part, bindings, free=free) for part in of.parts))


def fits(given: Type, wanted: Type, bindings: Bindings) -> bool:
    """Whether a value of one type may stand where another is wanted; binds the parameters of both.

    >>> found: Bindings = {}
    >>> fits(list_of(INT), list_of(Type("A")), found), str(found["A"])
    (True, 'int')
    """
    given, wanted = substitute(given, bindings), substitute(wanted, bindings)
    if DYN in (given, wanted) or ERROR in (given, wanted):
        _bind_rest(given, wanted, bindings)
        return True
    if wanted.is_variable or given.is_variable:
        _bind(given, wanted, bindings)
        return True
    if isinstance(given, ObjectType) or isinstance(wanted, ObjectType):
        return given is wanted or NULL in (given, wanted)
    if given == NULL and wanted.name in _NULLABLE:
        return True
    if given.name != wanted.name or len(given.parts) != len(wanted.parts):
        return False
    return all(fits(one, other, bindings) for one, other in zip(given.parts, wanted.parts, strict=True))


_NULLABLE: Final = frozenset({"timestamp", "duration", "optional_type"})


def _bind(given: Type, wanted: Type, bindings: Bindings) -> None:
    variable, value = (wanted, given) if wanted.is_variable else (given, wanted)
    if value.name != variable.name:
        bindings[variable.name] = value


def _bind_rest(given: Type, wanted: Type, bindings: Bindings) -> None:
    for one in (given, wanted):
        if one.is_variable and one.name not in bindings:
            bindings[one.name] = DYN


def join(types: list[Type]) -> Type:
    """The type of a list's items: theirs where they agree, else dyn.

    >>> str(join([INT, INT])), str(join([INT, STRING])), str(join([]))
    ('int', 'dyn', 'dyn')
    """
    known = [one for one in types if one != ERROR]
    if not known:
        return DYN
    first = known[0]
    return first if all(one is first or one == first for one in known) else DYN
