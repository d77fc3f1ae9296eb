r"""What a value becomes in a log line: short, valid text, and never the contents of an object.

==================================================== ====================================================
given                                                printed
==================================================== ====================================================
an object, a request, a map with kind and metadata   its kind, namespace and name
any other part of an object                          what it is, as ``<Entries of values, 3 long>``
bytes                                                how many
what stands under a name such as password or data    ``<withheld>``
an error                                             its type and its text; no text if the object is a Secret
text with an object, a PEM key or a token             up to where that begins, or without it
long text, long lists, deep maps                     their beginning, and how much is missing
anything else that is not a plain value              its type
==================================================== ====================================================

While an action for a Secret runs, lists and maps are withheld whole.

>>> redacted({"kind": "Pod", "metadata": {"name": "db", "labels": {}}, "spec": {}})
{'kind': 'Pod', 'namespace': '', 'name': 'db'}
>>> redacted("token", key="password")
'<withheld>'
"""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from itertools import islice
from pathlib import PurePath
from typing import Any, Final, TypeAlias, cast
from uuid import UUID

import msgspec
import orjson

from poblano.core.context import Running
from poblano.core.objects import Resource
from poblano.core.requests import Request
from poblano.core.review import AdmissionRequest
from poblano.core.secrets import SecretBytes, SecretText
from poblano.core.structs import Struct
from poblano.core.tokens import WITHHELD, without_tokens
from poblano.core.verdict import described
from poblano.core.views import Entries, Items

Plain: TypeAlias = "dict[str, Plain] | list[Plain] | str | int | float | bool | None"
"""What a log line holds."""

LONGEST: Final = 2048
"""Bytes that one value may take in a line."""

_SHORT: Final = 128
"""Characters of a name that is remembered."""
_MOST_ITEMS: Final = 50
_DEEPEST: Final = 4
_INT64: Final = 1 << 63
_NOT_A_LETTER: Final = re.compile(r"[^a-z0-9]")
_SECRET_WORDS: Final = re.compile(
    r"passw|passphrase|pwd|token|secret|authorization|credential|cookie|bearer|kubeconfig|dockerc(?:onfig|fg)"
    r"|(?:private|api|access|tls|ssh|client|server|signing|encryption|hmac)key"
)
_PASS: Final = re.compile(r"(?:^|[^A-Za-z])(?i:pass)$|[a-z]Pass$")
"""DB_PASS and dbPass, not bypass."""
_SECRET_KEYS: Final = frozenset({"data", "stringdata", "binarydata", "patch", "body", "auth", "managedfields"})
_ABOUT_A_SECRET: Final = re.compile(r"(?:name|namespace|kind|type|uid|count|length|size|seconds|version|present)s?$")
_OBJECT_IN_TEXT: Final = re.compile(r"\b(?:kind|apiVersion|stringData|data)\b\\*['\"]?\s*[:=]")
_METADATA_IN_TEXT: Final = re.compile(r"\bmetadata\b\\*['\"]?\s*[:=]")
_PARTS: tuple[type[Any], ...] = (Struct, Items, Entries, SecretText, SecretBytes)
_BYTES: tuple[type[Any], ...] = (bytes, bytearray, memoryview)
_LISTS: tuple[type[Any], ...] = (Sequence, AbstractSet)
_BASES: tuple[type[Any], ...] = (str, int, float)
_SPELT: tuple[type[Any], ...] = (date, time, timedelta, Decimal, UUID, PurePath)
_MAPS: tuple[type[Any], ...] = (Mapping,)
_TELL_NOTHING: Final = frozenset({bool, type(None)})
_SCALARS: Final = _TELL_NOTHING | {float}


def redacted(value: object, *, key: str = "", about: Running | None = None) -> Plain:
    """`value` as a log line may show it.

    Args:
        value: anything.
        key: the name it is given, which may tell that it is not to be seen.
        about: what runs; its kind may be Secret.
    """
    secret = about is not None and about.kind == "Secret"
    try:
        shown = _shown(value, key, 0, secret=secret)
    except Exception:  # noqa: BLE001 -- a user's class may do anything in its methods
        return f"<{type(value).__name__}, which cannot be read>"
    return _bounded(shown) if isinstance(shown, dict | list) else shown


def is_secret_key(key: str) -> bool:
    """Whether what stands under `key` is not to be seen.

    >>> is_secret_key("apiToken"), is_secret_key("string_data"), is_secret_key("secret_name"), is_secret_key("database")
    (True, True, False, False)
    """
    return _is_secret(key) if len(key) <= _SHORT else _is_secret.__wrapped__(key)


@lru_cache(2048)
def _is_secret(key: str) -> bool:
    """`is_secret_key`: it is asked of the same names again and again."""
    bare = _NOT_A_LETTER.sub("", key.lower())
    if bare in _SECRET_KEYS or _PASS.search(key):
        return True
    return _SECRET_WORDS.search(bare) is not None and _ABOUT_A_SECRET.search(bare) is None


def text(value: str, longest: int = LONGEST) -> str:
    """`value` as valid UTF-8 of at most about `longest` bytes, up to where an object seems to be printed in it.

    >>> text("got {'kind': 'Secret', 'metadata': {}, 'data': {}}")
    'got <an object>'
    """
    if "metadata" in value:
        value = _without_object(value)
    value = without_tokens(value)
    if not value.isascii():
        encoded = value.encode("utf-8", "replace")
        if len(encoded) <= longest:
            return encoded.decode()
        return encoded[:longest].decode("utf-8", "ignore") + _missing(len(encoded) - longest)
    return value if len(value) <= longest else value[:longest] + _missing(len(value) - longest)


def _missing(count: int) -> str:
    return f"… ({count} bytes more)"


def _without_object(value: str) -> str:
    if not _METADATA_IN_TEXT.search(value) or not (found := _OBJECT_IN_TEXT.search(value)):
        return value
    brace = value.find("{", 0, found.start() + 1)
    return f"{value[: max(brace, 0)]}<an object>"


def _shown(value: Any, key: str, depth: int, *, secret: bool) -> Plain:
    kind = value.__class__
    if key and kind not in _TELL_NOTHING and is_secret_key(key):
        return WITHHELD
    if kind is str:
        return text(value)
    if kind is int:
        return value if -_INT64 <= value < _INT64 else _long_number(value)
    if kind in _SCALARS:
        return str(value) if kind is float and not math.isfinite(value) else value
    return _structured(value, depth, secret=secret)


def _structured(value: Any, depth: int, *, secret: bool) -> Plain:
    reference = reference_of(value)
    if reference is not None:
        return {name: text(part, 256) for name, part in reference.items()}
    if isinstance(value, BaseException):
        return text(described(value, secret=secret))
    if isinstance(value, _PARTS):
        return repr(value)
    if isinstance(value, _BYTES):
        return f"<{len(value)} bytes>"
    if isinstance(value, (*_BASES, Enum)):
        return _shown(_base(value), "", depth, secret=secret)
    if isinstance(value, _SPELT):
        return text(value.isoformat() if isinstance(value, datetime) else str(value))
    if secret:
        return WITHHELD
    return _container(value, depth)


def _base(value: Any) -> Any:
    """What a member of an enumeration, or a subclass of a plain value, stands for."""
    if isinstance(value, Enum):
        return value.value
    return next(base(value) for base in _BASES if isinstance(value, base))


def _container(value: Any, depth: int) -> Plain:
    pairs = _pairs(value)
    if pairs is None and not isinstance(value, _LISTS):
        return f"<{type(value).__name__}>"
    if depth >= _DEEPEST:
        return (
            f"<{type(value).__name__}, {len(value)} long>" if hasattr(value, "__len__") else f"<{type(value).__name__}>"
        )
    if pairs is not None:
        return _map(dict(islice(pairs, _MOST_ITEMS)), depth)
    items = cast("Iterable[Any]", value)
    shown = [_shown(item, "", depth + 1, secret=False) for item in islice(items, _MOST_ITEMS)]
    return [*shown, f"… ({len(value) - _MOST_ITEMS} more)"] if len(value) > _MOST_ITEMS else shown


def _map(pairs: dict[Any, Any], depth: int) -> Plain:
    shown = {_key(name): _shown(item, str(name), depth + 1, secret=False) for name, item in pairs.items()}
    if "value" in shown and names_a_secret(pairs):
        shown["value"] = WITHHELD
    return shown


def names_a_secret(pairs: Mapping[Any, Any]) -> bool:
    """An environment variable such as PASSWORD, or an operation of a JSON patch: their ``value`` is not to be seen."""
    name = pairs.get("name") or pairs.get("key")
    return ("op" in pairs and "path" in pairs) or (isinstance(name, str) and is_secret_key(name))


def _pairs(value: Any) -> Iterable[tuple[Any, Any]] | None:
    if isinstance(value, _MAPS):
        return cast("Mapping[Any, Any]", value).items()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return [(field.name, getattr(value, field.name)) for field in dataclasses.fields(value)]
    if isinstance(value, msgspec.Struct):
        return [(name, getattr(value, name)) for name in value.__struct_fields__]
    return None


def _key(name: object) -> str:
    return (
        text(name, 128)
        if isinstance(name, str)
        else f"<{type(name).__name__}>"
        if not isinstance(name, int)
        else str(name)
    )


def reference_of(value: object) -> dict[str, str] | None:
    """Kind, namespace and name, when `value` is an object or a request about one.

    >>> reference_of(Resource(kind="Pod", metadata={"name": "db", "namespace": "shop"}))
    {'kind': 'Pod', 'namespace': 'shop', 'name': 'db'}
    """
    if isinstance(value, Request):
        asked = cast("Request[Resource]", value).request
        return {"kind": asked.kind.kind, "namespace": asked.namespace, "name": asked.name}
    if isinstance(value, AdmissionRequest):
        return {"kind": value.kind.kind, "namespace": value.namespace, "name": value.name}
    if isinstance(value, Resource):
        return _reference(value.__document__(), type(value).__name__)
    if isinstance(value, Mapping):
        found = cast("Mapping[str, Any]", value)
        if isinstance(found.get("metadata"), Mapping) and ("kind" in found or "apiVersion" in found):
            return _reference(found, "object")
    return None


def _reference(document: Mapping[str, Any], kind: str) -> dict[str, str]:
    metadata: Any = document.get("metadata")
    names: Mapping[str, Any] = metadata if isinstance(metadata, _MAPS) else {}
    return {
        "kind": _word(document.get("kind")) or kind,
        "namespace": _word(names.get("namespace")),
        "name": _word(names.get("name")) or _word(names.get("generateName")),
    }


def _word(value: object) -> str:
    return value if isinstance(value, str) else ""


def _long_number(value: int) -> str:
    return f"<a number of {value.bit_length()} bits>" if value.bit_length() > 4096 else str(value)


def _bounded(shown: dict[str, Plain] | list[Plain]) -> Plain:
    size = len(orjson.dumps(shown))
    if size <= LONGEST:
        return shown
    return f"<{'a map' if isinstance(shown, dict) else 'a list'} of {len(shown)}, {size} bytes>"
