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
import sys
import types
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final, ForwardRef, Literal, TypeVar, Union, get_args, get_origin, overload

from poblano.core.errors import InvalidDefinition, MalformedObject
from poblano.core.fields import AnyValue, Field, Nested, NestedList, NestedMap, Scalar, ScalarList, ScalarMap, Viewed
from poblano.core.location import caller_location

T = TypeVar("T")

MISSING: Final = object()


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

    >>> from poblano.core.objects import Struct
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
        try:
            return eval(annotation, dict(names), local | {cls.__name__: cls})  # noqa: S307 -- the class's own source
        except NameError as error:
            raise InvalidDefinition(
                f"{cls.__name__}: the annotation {annotation!r} names what is not there: {error}",
                "import or define it in the same module",
            ) from None

    return resolve


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
    hint = _resolver(cls, annotation)() if isinstance(annotation, str) else annotation
    if get_origin(hint) is _class_var():
        return None
    return _field(cls, name, hint, key, default)


def _class_var() -> Any:
    from typing import ClassVar

    return ClassVar


def _field(cls: type, name: str, hint: Any, key: str, default: object) -> Field[Any]:
    optional = False
    if get_origin(hint) is Annotated:
        hint = get_args(hint)[0]
    if get_origin(hint) in (Union, types.UnionType):
        members = [member for member in get_args(hint) if member is not type(None)]
        optional = len(members) < len(get_args(hint))
        hint = members[0] if len(members) == 1 else hint
    if _is_struct(hint):
        return _viewed(Nested(key), hint)
    origin, arguments = get_origin(hint), get_args(hint)
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
