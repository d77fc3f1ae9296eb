"""From the annotations of a class to its fields.

Generated kinds name the field (``spec: Nested[PodSpec] = Nested()``). A user's own kinds may just annotate::

    class WebAppSpec(Struct):
        theme: Literal["dark", "light"]
        replicas: int = 1
        hosts: list[str]
        owner: Owner | None
"""

from __future__ import annotations

import inspect
import re
import sys
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar, ForwardRef, Literal, Union, get_args, get_origin

from poblano.core.errors import InvalidDefinition, MalformedObject
from poblano.core.field_options import MISSING, FieldOptions
from poblano.core.fields import AnyValue, Field, Nested, NestedList, NestedMap, Scalar, ScalarList, ScalarMap, Viewed
from poblano.core.location import caller_location

_CLASS_VAR = re.compile(r"(typing\.)?ClassVar\b")


@dataclass(frozen=True, slots=True)
class Declared:
    """What the annotation of a field says, for those who describe the kind to others.

    Args:
        hint: the type, without None.
        optional: whether None was one of its types.
        options: what `field` was told.
    """

    hint: Any
    optional: bool
    options: FieldOptions


class Value(Field[Any]):
    """A scalar of a user's own kind, read with its default; absent without one it is an error, for its type has no None."""

    __slots__ = ("default", "optional", "owner")

    def __init__(self, key: str, default: object, *, optional: bool) -> None:
        super().__init__(key)
        self.default = default
        self.optional = optional
        self.owner = ""

    def __set_name__(self, owner: type[Any], name: str) -> None:
        super().__set_name__(owner, name)
        self.owner = owner.__name__

    def __get__(self, view: Any, owner: type[Any], /) -> Any:
        if view is None:
            return self
        document = view.__found__()
        found = None if document is None else document.get(self.key)
        if found is not None:
            return found
        if self.default is not MISSING:
            return self.default
        if self.optional:
            return None
        raise MalformedObject(f"{self.owner}.{self.key} is absent; give the field a default, or annotate it `| None`")

    def __set__(self, view: Any, value: Any, /) -> None:
        self._write(view, value)


class Moment(Value):
    """A point in time: RFC 3339 in the object, an aware `datetime` to whoever reads it."""

    __slots__ = ()

    def __get__(self, view: Any, owner: type[Any], /) -> Any:
        found = super().__get__(view, owner)
        if not isinstance(found, str):
            return found
        try:
            return datetime.fromisoformat(found)
        except ValueError:
            raise MalformedObject(f"{self.owner}.{self.key} is no RFC 3339 timestamp") from None

    def __set__(self, view: Any, value: Any, /) -> None:
        self._write(view, timestamp(value) if isinstance(value, datetime) else value)


def timestamp(moment: datetime) -> str:
    """A point in time as Kubernetes writes it: in UTC, to the second, or to the microsecond if it has any.

    >>> timestamp(datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))
    '2026-01-02T03:04:05Z'
    """
    if moment.tzinfo is None:
        raise MalformedObject("this datetime has no time zone: write datetime.now(UTC)")
    precision = "microseconds" if moment.microsecond else "seconds"
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec=precision) + "Z"


def fields_of(cls: type, namespace: Mapping[str, Any]) -> dict[str, Field[Any]]:
    """The fields that the body of `cls` defines; annotated attributes become descriptors here."""
    annotations: dict[str, Any] = inspect.get_annotations(cls)
    found: dict[str, Field[Any]] = {}
    for name, annotation in annotations.items():
        if name.startswith("_"):
            continue
        given: Any = namespace.get(name, MISSING)
        if issubclass(type(given), Field):
            _tell(given, cls, annotation)
            found[name] = given
        elif (made := _made(cls, name, annotation, given)) is not None:
            made.__set_name__(cls, name)
            setattr(cls, name, made)
            found[name] = made
    return found


def _defining_frame() -> types.FrameType | None:
    """Where the class statement stands."""
    frame = inspect.currentframe()
    while frame is not None and frame.f_globals.get("__name__", "").startswith("poblano.core."):
        frame = frame.f_back
    return frame


def _resolver(cls: type, annotation: str) -> Callable[[], Any]:
    """What finds the class that `annotation` names: among the module's names when it is asked, and those of the function
    that the class stands in, if it does. Code that was not imported has no module: then those of its frame."""
    module = sys.modules.get(cls.__module__)
    nested = "<locals>" in cls.__qualname__
    frame = _defining_frame() if nested or module is None else None
    names = vars(module) if module is not None else frame.f_globals if frame is not None else {}
    local = dict(frame.f_locals) if nested and frame is not None else {}

    def resolve() -> Any:
        inner = {name: value for name, value in vars(cls).items() if isinstance(value, type)}
        try:
            found = eval(annotation, dict(names), local | inner | {cls.__name__: cls})  # noqa: S307 -- the class's own source
        except NameError as error:
            raise _NotThere(
                f"{cls.__name__}: the annotation {annotation!r} names what is not there: {error}",
                "import or define it in the same module",
            ) from None
        return _whole(cls, found)

    return resolve


def inner_hint(cls: type, name: str) -> tuple[str, Any]:
    """What stands in the brackets of a descriptor's annotation, ``Scalar[Time]``: its text, and what that is."""
    owner = next(base for base in cls.__mro__ if name in vars(base).get("__annotations__", {}))
    annotation: str = inspect.get_annotations(owner)[name]
    text = annotation[annotation.index("[") + 1 : annotation.rindex("]")]
    return text, Any if text == "JSON" else _whole(owner, text)


class _NotThere(InvalidDefinition):
    """A name in an annotation does not exist, or not yet."""


def _whole(cls: type, hint: Any) -> Any:
    """`hint` with the names that stand in quotes in it replaced by what they name."""
    if isinstance(hint, str | ForwardRef):
        return _resolver(cls, hint if isinstance(hint, str) else hint.__forward_arg__)()
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _whole(cls, arguments[0])
    if origin in (Union, types.UnionType):
        return Union[tuple(_whole(cls, argument) for argument in arguments)]  # noqa: UP007 -- of as many as there are
    if origin in (list, dict):
        return types.GenericAlias(origin, tuple(_whole(cls, argument) for argument in arguments))
    return hint


class Later(Field[Any]):
    """A field whose annotation names what is defined further down. It becomes what it is when it is first used."""

    __slots__ = ("_finish", "_name", "_owner")

    def __init__(self, key: str, finish: Callable[[], Field[Any]]) -> None:
        super().__init__(key)
        self._finish = finish

    def __set_name__(self, owner: type[Any], name: str) -> None:
        super().__set_name__(owner, name)
        self._owner, self._name = owner, name

    def become(self) -> Any:
        """The field that it is, once what its annotation names is there."""
        made = self._finish()
        made.__set_name__(self._owner, self._name)
        self._owner.__fields__[self._name] = made
        setattr(self._owner, self._name, made)
        return made

    def __get__(self, view: Any, owner: type[Any], /) -> Any:
        return self.become().__get__(view, owner)

    def __set__(self, view: Any, value: Any, /) -> None:
        self.become().__set__(view, value)

    def __delete__(self, view: Any) -> None:
        self.become().__delete__(view)


def _tell(given: Field[Any], cls: type, annotation: Any) -> None:
    if not isinstance(given, Viewed):
        return
    if isinstance(annotation, str):
        inner = annotation[annotation.index("[") + 1 : annotation.rindex("]")]
        given.__finds__(_resolver(cls, inner))
        return
    argument = get_args(annotation)[0]
    if isinstance(argument, str | ForwardRef):
        given.__finds__(_resolver(cls, argument if isinstance(argument, str) else argument.__forward_arg__))
    else:
        given.__finds__(lambda: argument)


def _made(cls: type, name: str, annotation: Any, given: object) -> Field[Any] | None:
    options = given if isinstance(given, FieldOptions) else FieldOptions(default=given)
    if get_origin(annotation) is ClassVar or (isinstance(annotation, str) and _CLASS_VAR.match(annotation)):
        return None
    try:
        hint = _whole(cls, annotation)
    except _NotThere:
        resolver = _resolver(cls, annotation) if isinstance(annotation, str) else lambda: _whole(cls, annotation)
        return Later(options.key, lambda: _field(cls, name, resolver(), options))
    return _field(cls, name, hint, options)


def _field(cls: Any, name: str, hint: Any, options: FieldOptions) -> Field[Any]:
    key, default, optional = options.key, options.default, False
    if get_origin(hint) in (Union, types.UnionType):
        members = [member for member in get_args(hint) if member is not type(None)]
        optional = len(members) < len(get_args(hint))
        hint = members[0] if len(members) == 1 else Union[tuple(members)]  # noqa: UP007 -- of as many as there are
    cls.__declared__[name] = Declared(hint, optional, options)
    origin, arguments = get_origin(hint), get_args(hint)
    if default not in (MISSING, None, [], {}) and (
        _is_struct(hint) or list in (origin, hint) or dict in (origin, hint)
    ):
        raise InvalidDefinition(
            f"{cls.__name__}.{name} has a default, which is for a single value",
            "leave it out: what is absent reads as empty",
            caller_location(),
        )
    if _is_struct(hint):
        return _viewed(Nested(key), hint)
    if origin is list or hint is list:
        return _viewed(NestedList(key), arguments[0]) if arguments and _is_struct(arguments[0]) else ScalarList(key)
    if origin is dict or hint is dict:
        return _viewed(NestedMap(key), arguments[1]) if arguments and _is_struct(arguments[1]) else ScalarMap(key)
    if hint is Any:
        return AnyValue(key)
    if hint is datetime:
        return Moment(key, default, optional=optional)
    if _is_scalar(hint):
        return Value(key, default, optional=optional) if default is not MISSING or not optional else Scalar(key)
    raise InvalidDefinition(
        f"{cls.__name__}.{name} is annotated {hint!r}, which is no JSON",
        "use str, int, float, bool, datetime, Literal, a Struct, list[...], dict[str, ...], Any, or one of them | None",
        caller_location(),
    )


def _viewed(made: Viewed[Any], target: Any) -> Field[Any]:
    made.__finds__(lambda: target)
    return made


def _is_struct(hint: Any) -> bool:
    return isinstance(hint, type) and hasattr(hint, "__attached__")


def _is_scalar(hint: Any) -> bool:
    if get_origin(hint) is Literal:
        return True
    if get_origin(hint) in (Union, types.UnionType):
        return all(_is_scalar(member) for member in get_args(hint))
    return hint in (str, int, float, bool)
