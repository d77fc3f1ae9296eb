"""Values as texts: a str is its own, all else is JSON of a type that was said once."""

from __future__ import annotations

from typing import Any, Protocol, TypeVar

import msgspec

from poblano.core.errors import InvalidDefinition, Location, PoblanoError

V = TypeVar("V")


class UnreadableItem(PoblanoError):
    """An item of a store is not what the store's type says; its text is not shown."""


class Codec(Protocol[V]):
    """Reads and writes the values of a store."""

    def read(self, text: str, key: str) -> V:
        """The value of a text. Raises `UnreadableItem`."""
        ...

    def written(self, value: V, key: str) -> str:
        """The text of a value. Raises `TypeError` when it is of another type."""
        ...


def codec_of(model: type[Any], where: Location) -> Codec[Any]:
    """How values of `model` are kept.

    Raises:
        InvalidDefinition: there is no JSON of them.
    """
    if model is str:
        return _Text()
    if hasattr(model, "model_validate_json") and hasattr(model, "model_dump_json"):
        return _Pydantic(model)
    try:
        msgspec.json.Decoder(model)
        msgspec.json.schema(model)
    except TypeError as error:
        why = str(error)
        if "schema_hook" in why:  # msgspec tells how to extend itself, which is of no use here
            why = "it is, or has in it, a class that JSON has nothing for"
        raise InvalidDefinition(
            f"values of {getattr(model, '__name__', model)} cannot be kept as JSON: {why}",
            "use str, int, a dataclass, a TypedDict, a list or dict of these, or a pydantic model",
            where,
        ) from None
    return _Json(model)


class _Text:
    def read(self, text: str, key: str) -> str:
        return text

    def written(self, value: str, key: str) -> str:
        if type(value) is not str:
            raise TypeError(f"the item {key!r} is a {type(value).__name__}; this store keeps str")
        if not is_unicode(value):
            raise _half_a_character(key)
        return value


class _Json:
    def __init__(self, model: type[Any]) -> None:
        self._model = model
        self._decoder = msgspec.json.Decoder(model)

    def read(self, text: str, key: str) -> Any:
        try:
            return self._decoder.decode(text)
        except msgspec.MsgspecError:
            raise UnreadableItem(f"the item {key!r} of the store is no {_named(self._model)}") from None

    def written(self, value: Any, key: str) -> str:
        try:
            text = msgspec.json.encode(value)
            self._decoder.decode(text)
        except UnicodeEncodeError:
            raise _half_a_character(key) from None
        except msgspec.MsgspecError:
            raise TypeError(
                f"the item {key!r} is a {type(value).__name__}; this store keeps {_named(self._model)}"
            ) from None
        return text.decode()


class _Pydantic:
    def __init__(self, model: Any) -> None:
        self._model = model

    def read(self, text: str, key: str) -> Any:
        try:
            return self._model.model_validate_json(text)
        except ValueError:
            raise UnreadableItem(f"the item {key!r} of the store is no {_named(self._model)}") from None

    def written(self, value: Any, key: str) -> str:
        if not isinstance(value, self._model):
            raise TypeError(f"the item {key!r} is a {type(value).__name__}; this store keeps {_named(self._model)}")
        try:
            return str(value.model_dump_json())
        except ValueError:  # PydanticSerializationError; what it says may quote the value
            raise TypeError(f"the item {key!r} cannot be written as JSON") from None


def is_unicode(text: str) -> bool:
    """Whether it can be written: a ``str`` of Python may have half a character in it."""
    if text.isascii():  # which is known without a look at it
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _half_a_character(key: str) -> TypeError:
    return TypeError(f"the item {key!r} has half a character in it, which no JSON can have")


def _named(model: Any) -> str:
    return str(getattr(model, "__name__", model))
