"""The elements of a field's path, as managedFields writes them: a name, the keys of a list's item, a value, an index.

Source: sigs.k8s.io/structured-merge-diff/v6/fieldpath/serialize-pe.go, element.go; typed/helpers.go
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final

import msgspec
import orjson

from poblano.cluster.managed.types import ListType

_ESCAPES: Final = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
_ORDER: Final = {".": 0, "f": 1, "k": 2, "v": 3, "i": 4}
_RANKS: Final[dict[type, int]] = {dict: 6, list: 5, str: 4, float: 1, int: 1, bool: 3}


class ElementError(ValueError):
    """An item of a list has no path element."""


def go_json(value: Any) -> str:
    """`value` as Go writes it: compact, keys sorted, safe within HTML.

    >>> go_json({"b": "<", "a": 1})
    '{"a":1,"b":"\\\\u003c"}'
    """
    text = orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
    for plain, escaped in _ESCAPES.items():
        if plain in text:
            text = text.replace(plain, escaped)
    return text


def element_of(kind: ListType, item: Any) -> str:
    """The path element of an item of an associative list.

    Raises:
        ElementError: the item has none, in the words of the API server.
    """
    if kind.keys:
        return _keyed(kind, item)
    if item.__class__ is dict:
        raise ElementError("associative list without keys has an element that's a map type")
    if item.__class__ is list:
        raise ElementError("not supported: associative list with lists as elements")
    if item is None:
        raise ElementError("associative list without keys has an element that's an explicit null")
    return f"v:{go_json(item)}"


def _keyed(kind: ListType, item: Any) -> str:
    if item is None:
        raise ElementError("associative list with keys may not have a null element")
    if item.__class__ is not dict:
        raise ElementError("associative list with keys may not have non-map elements")
    parts: list[str] = []
    for key in kind.sorted_keys:
        if key in item:
            parts.append(f'"{key}":{go_json(item[key])}')
        elif kind.key_defaults.get(key) is not None:
            parts.append(f'"{key}":{go_json(kind.key_defaults[key])}')
    if not parts:
        names = " ".join(json.dumps(key) for key in kind.keys)
        raise ElementError(
            f"associative list with keys has an element that omits all key fields [{names}]"
            " (and doesn't have default values for any key fields)"
        )
    return f"k:{{{','.join(parts)}}}"


def canonical(element: str) -> str:
    """A path element as it came from a client, in the one spelling that is compared.

    Raises:
        ElementError: it is none.

    >>> canonical('k:{ "b": 1, "a": "x" }')
    'k:{"a":"x","b":1}'
    """
    kind, rest = element[:2], element[2:]
    if kind == "f:":
        return element
    if len(element) < 2:
        raise ElementError("key must be 2 characters long:")
    if element[1] != ":":
        raise ElementError(f"missing colon: {element}")
    if kind == "i:":
        return f"i:{_index(rest)}"
    if kind not in ("k:", "v:"):
        raise ElementError("unknown path element type")
    value = _decoded(rest)
    if kind == "k:" and not isinstance(value, dict):
        raise ElementError(f"expect {{ or n, but found {rest[:1]}")
    return kind + go_json(value)


def _index(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ElementError(f'strconv.Atoi: parsing "{text}": invalid syntax') from None


def _decoded(text: str) -> Any:
    try:
        return msgspec.json.decode(text.encode())
    except (msgspec.DecodeError, UnicodeEncodeError) as error:
        raise ElementError(str(error)) from None


def sort_key(element: str) -> tuple[Any, ...]:
    """Where an element stands among its siblings: names, keys, values, indices; each by what it holds."""
    kind, rest = element[0], element[2:]
    if kind == "i":
        return (_ORDER[kind], int(rest))
    if kind == "v":
        return (_ORDER[kind], _rank(msgspec.json.decode(rest)))
    if kind == "k":
        fields: dict[str, Any] = msgspec.json.decode(rest)
        return (_ORDER[kind], tuple((name, _rank(value)) for name, value in sorted(fields.items())))
    return (_ORDER.get(kind, 9), rest)


def _rank(value: Any) -> tuple[int, Any]:
    rank = _RANKS.get(value.__class__, 0)
    return (rank, go_json(value) if rank > 4 else value) if rank else (0, 0)


def shown(elements: Iterable[str]) -> str:
    """A path for people.

    >>> shown(["f:spec", "f:containers", 'k:{"name":"web"}', "f:image"])
    '.spec.containers[name="web"].image'
    """
    return "".join(map(_shown, elements))


def _shown(element: str) -> str:
    kind, rest = element[0], element[2:]
    if kind == "f":
        return f".{rest}"
    if kind == "i":
        return f"[{rest}]"
    value = msgspec.json.decode(rest)
    if kind == "v":
        return f"[={_text(value)}]"
    return "[" + ",".join(f"{name}={_text(item)}" for name, item in sorted(value.items())) + "]"


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else go_json(value)
