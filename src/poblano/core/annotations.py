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
from typing import Annotated, Any, ClassVar, Final, ForwardRef, Literal, TypeVar, Union, get_args, get_origin, overload

from poblano.core.errors import InvalidDefinition, MalformedObject
from poblano.core.fields import AnyValue, Field, Nested, NestedList, NestedMap, Scalar, ScalarList, ScalarMap, Viewed
from poblano.core.location import caller_location

T = TypeVar("T")

MISSING: Final = object()

_CLASS_VAR = re.compile(r"(typing\.)?ClassVar\b")


class FieldOptions:
    """What `field` was told, until the class it stands in is made."""

    __slots__ = ("default", "key")

    def __init__(self, key: str, default: object) -> None:
        self.key = key
        self.default = default


@overload
def field(*, key: str = ...) -> Any: ...
@overload
def field(*, key: str = ..., default: T) -> T: ...
def field(*, key: str = "", default: Any = MISSING) -> Any:
    """Options of an annotated attribute of a `Struct` or `Resource` of your own.

    Args:
        key: the API's name, where it is not the attribute's in camelCase.
        default: what reading gives while the key is absent. It is not written into the object.

    >>> from poblano.core.structs import Struct
    >>> class Spec(Struct):
    ...     cluster_ip: str = field(key="clusterIP", default="None")
    >>> Spec().cluster_ip
    'None'
    """
    return FieldOptions(key, default)


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

    def _become(self) -> Any:
        made = self._finish()
        made.__set_name__(self._owner, self._name)
        self._owner.__fields__[self._name] = made
        setattr(self._owner, self._name, made)
        return made

    def __get__(self, view: Any, owner: type[Any], /) -> Any:
        return self._become().__get__(view, owner)

    def __set__(self, view: Any, value: Any, /) -> None:
        self._become().__set__(view, value)

    def __delete__(self, view: Any) -> None:
        self._become().__delete__(view)


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
    key = given.key if isinstance(given, FieldOptions) else ""
    default = given.default if isinstance(given, FieldOptions) else given
    if get_origin(annotation) is ClassVar or (isinstance(annotation, str) and _CLASS_VAR.match(annotation)):
        return None
    try:
        hint = _whole(cls, annotation)
    except _NotThere:
        resolver = _resolver(cls, annotation) if isinstance(annotation, str) else lambda: _whole(cls, annotation)
        return Later(key, lambda: _field(cls, name, resolver(), key, default))
    return _field(cls, name, hint, key, default)


def _field(cls: type, name: str, hint: Any, key: str, default: object) -> Field[Any]:
    optional = False
    if get_origin(hint) in (Union, types.UnionType):
        members = [member for member in get_args(hint) if member is not type(None)]
        optional = len(members) < len(get_args(hint))
        hint = members[0] if len(members) == 1 else hint
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
    if _is_scalar(hint):
        return Value(key, default, optional=optional) if default is not MISSING or not optional else Scalar(key)
    raise InvalidDefinition(
        f"{cls.__name__}.{name} is annotated {hint!r}, which is no JSON",
        "use str, int, float, bool, Literal, a Struct, list[...], dict[str, ...], Any, or one of them | None",
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
