"""YAML as the API server reads it: turned into JSON first.

Source: sigs.k8s.io/yaml (goyaml.v2): YAML 1.1 booleans, no dates, keys that become strings, the first document only
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any, Final

_MOST_NODES: Final = 1_000_000
"""An alias is copied wherever it stands; so many nodes are a bomb, not a document."""
_RESOLVERS: Final = (
    (
        "bool",
        r"y|Y|yes|Yes|YES|n|N|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF",
        "yYnNtTfFoO",
    ),
    ("int", r"[-+]?(?:0b[01_]+|0o[0-7_]+|0[0-7_]*|[1-9][0-9_]*|0x[0-9a-fA-F_]+)", "-+0123456789"),
    (
        "float",
        r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)",
        "-+0123456789.",
    ),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("merge", r"<<", "<"),
)
_TRUE: Final = frozenset({"y", "yes", "true", "on"})


class BadYAML(Exception):
    """It cannot be read: "yaml: line 2: mapping values are not allowed in this context"."""


@cache
def _loader() -> Any:
    """The class that reads; made late, for PyYAML is."""
    import yaml

    base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

    loader: Any = type("Loader", (base,), {"yaml_implicit_resolvers": {}})
    for name, pattern, first in _RESOLVERS:
        loader.add_implicit_resolver(f"tag:yaml.org,2002:{name}", re.compile(f"(?:{pattern})\\Z"), list(first))
    for name, construct in _CONSTRUCTORS.items():
        loader.add_constructor(f"tag:yaml.org,2002:{name}", construct)
    return loader


def _number(text: str) -> float:
    return float(text.replace("_", "").lower().replace(".inf", "inf").replace(".nan", "nan"))


def _integer(text: str) -> int:
    digits = text.replace("_", "")
    if re.fullmatch(r"[-+]?0[0-7]+", digits):
        return int(digits, 8)
    return int(digits, 0)


def _of_text(read: Callable[[str], Any]) -> Callable[[Any, Any], Any]:
    return lambda loader, node: read(node.value)


_CONSTRUCTORS: Final = {
    "bool": _of_text(lambda text: text.lower() in _TRUE),
    "int": _of_text(_integer),
    "float": _of_text(_number),
    "timestamp": _of_text(str),
}


def read_yaml(body: bytes) -> Any:
    """The first document of a YAML text, as JSON.

    Raises:
        BadYAML: when it is none.

    >>> read_yaml(b"a: yes\\n80: 1e3\\n")
    {'a': True, '80': 1000.0}
    """
    import yaml

    try:
        loader = _loader()(body)
        try:
            return _Copier().copy(loader.get_data() if loader.check_data() else None)
        finally:
            loader.dispose()
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        raise BadYAML(_described(error)) from None
    except RecursionError:
        raise BadYAML("yaml: exceeded max depth") from None


def _described(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    problem = getattr(error, "problem", None) or str(error).split("\n")[0]
    return f"yaml: line {mark.line + 1}: {problem}" if mark else f"yaml: {problem}"


class _Copier:
    """Copies what aliases share, and makes every key a string."""

    def __init__(self) -> None:
        self._nodes = 0

    def copy(self, value: Any) -> Any:
        self._nodes += 1
        if self._nodes > _MOST_NODES:
            raise BadYAML("yaml: document contains excessive aliasing")
        if isinstance(value, dict):
            return {_key(key): self.copy(item) for key, item in value.items()}  # pyright: ignore[reportUnknownVariableType]
        if isinstance(value, list):
            return [self.copy(item) for item in value]  # pyright: ignore[reportUnknownVariableType]
        if isinstance(value, bytes):
            import base64

            return base64.b64encode(value).decode()
        if value is None or isinstance(value, (str, bool, int)):
            return value
        if isinstance(value, float) and abs(value) != float("inf") and value == value:  # noqa: PLR0124 -- not a number
            return value
        raise BadYAML(f"yaml: cannot turn {value!r} into JSON")


def _key(key: Any) -> str:
    if isinstance(key, str):
        return key
    if isinstance(key, bool):
        return "true" if key else "false"
    if key is None:
        return "null"
    if isinstance(key, (int, float)):
        return str(key)
    raise BadYAML(f"error converting YAML to JSON: unsupported map key of type: {type(key).__name__}")


def duplicate_keys(body: bytes) -> list[str]:
    """What the strict reader says of keys that stand twice in one map."""
    import yaml

    try:
        root = yaml.compose(body, Loader=_loader())
    except yaml.YAMLError:
        return []
    lines: list[str] = []
    pending: list[Any] = [root]
    seen: set[int] = set()
    while pending:
        node = pending.pop()
        if node is None or id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            keys: set[str] = set()
            for key, value in node.value:
                if key.value in keys and isinstance(key, yaml.ScalarNode):
                    lines.append(f'  line {key.start_mark.line + 1}: key "{key.value}" already set in map')
                keys.add(str(key.value))
                pending.append(value)
        elif isinstance(node, yaml.SequenceNode):
            pending.extend(node.value)
    return [f"yaml: unmarshal errors:\n{chr(10).join(sorted(lines))}"] if lines else []
