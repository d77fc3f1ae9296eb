"""Objects with places in them that a chart's user may set: one tree is both a manifest and a template.

A `Slot` stands where a value may differ from one cluster to the next. A manifest has its default there, a chart asks
``.Values`` and lists the default in ``values.yaml``. So neither can say what the other does not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from poblano.core.jsonvalue import Document, as_list


@dataclass(frozen=True, slots=True)
class Slot:
    """A value that a chart's user may set. Where it is empty, the key that it stands at is left out.

    Args:
        path: in the chart's values: ``admission.replicas``.
        default: of the manifest and of the chart.
        schema: what it may be, as JSON schema.
        about: what it is for, in a sentence.
    """

    path: str
    default: Any
    schema: Document
    about: str


@dataclass(frozen=True, slots=True)
class Namespace:
    """Where the module lives: a manifest has the module's setting, a chart the namespace of its release."""


@dataclass(frozen=True, slots=True)
class Text:
    """A string with places in it. A list at one of them is its items with commas between.

    >>> str(resolved(Text(("system:serviceaccount:", Namespace(), ":poblano-hello")), namespace="shop"))
    'system:serviceaccount:shop:poblano-hello'
    """

    parts: tuple[str | Namespace | Slot, ...]


@dataclass(frozen=True, slots=True)
class Joined:
    """A list, and what a chart's user has more for it; `more` is a slot with an empty list."""

    items: tuple[Any, ...]
    more: Slot


@dataclass(frozen=True, slots=True)
class Merged:
    """A map, and what a chart's user has more for it; `more` is a slot with an empty map. What is there already stays: a
    Deployment selects its pods by it.
    """

    items: Mapping[str, Any]
    more: Slot


@dataclass(frozen=True, slots=True)
class WhenGiven:
    """An item of a list that is there where a place is not empty."""

    slot: Slot
    item: Any


Tree: TypeAlias = Any
"""JSON, with the classes above in places. A recursive alias says nothing more to a checker."""


@dataclass(frozen=True, slots=True)
class Part:
    """One object of what is deployed.

    Args:
        name: of its file: ``admission-deployment``.
        tree: the object.
        when: slots of true or false: a chart has it when all of them are true.
        in_every_manifest: whether a manifest has it though the defaults say that a chart has not. A chart has no Namespace,
            say: Helm makes that of a release, and keeps its own records there.
        shared: with the other modules of a cluster: the first chart brings it, and no other takes it for its own, nor away.

    >>> few = Slot("few", False, {"type": "boolean"}, "Whether it may be few.")
    >>> Part("disruption", {}, when=(few,)).in_manifest
    False
    """

    name: str
    tree: Tree
    when: tuple[Slot, ...] = ()
    in_every_manifest: bool = False
    shared: bool = False

    @property
    def in_manifest(self) -> bool:
        """Whether a manifest has it: when the defaults of `when` say so."""
        return self.in_every_manifest or all(slot.default for slot in self.when)


def resolved(tree: Tree, *, namespace: str) -> Any:
    """`tree` as plain JSON, each slot being its default. The tree stays as it is.

    >>> port = Slot("port", 8443, {"type": "integer"}, "Where to serve.")
    >>> nodes = Slot("nodes", {}, {"type": "object"}, "Which nodes.")
    >>> resolved({"namespace": Namespace(), "port": port, "nodeSelector": nodes, "emptyDir": {}}, namespace="shop")
    {'namespace': 'shop', 'port': 8443, 'emptyDir': {}}
    """
    match tree:
        case Slot():
            return tree.default
        case Namespace():
            return namespace
        case Text():
            return "".join(_as_text(resolved(part, namespace=namespace)) for part in tree.parts)
        case Joined():
            return [*resolved(list(tree.items), namespace=namespace), *tree.more.default]
        case Merged():
            return resolved(dict(tree.items), namespace=namespace) | {
                key: value for key, value in tree.more.default.items() if key not in tree.items
            }
        case dict():
            return _resolved_map(tree, namespace)  # pyright: ignore[reportUnknownArgumentType]
        case list():
            return [
                resolved(item.item if isinstance(item, WhenGiven) else item, namespace=namespace)
                for item in tree  # pyright: ignore[reportUnknownVariableType]
                if not (isinstance(item, WhenGiven) and _is_empty(item.slot.default))
            ]
        case _:
            return tree


def _resolved_map(tree: Mapping[str, Tree], namespace: str) -> Document:
    return {
        key: resolved(value, namespace=namespace)
        for key, value in tree.items()
        if not (isinstance(value, Slot) and _is_empty(value.default))
    }


def _as_text(value: object) -> str:
    items = as_list(value)
    return str(value) if items is None else ",".join(map(str, items))


def _is_empty(value: object) -> bool:
    return value is None or value in ("", {}, [])
