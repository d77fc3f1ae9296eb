"""Objects: typed views over the plain JSON that came off the wire.

>>> pod = Resource.of({"metadata": {"name": "db", "labels": {"tier": "data"}}})
>>> pod.metadata.name, pod.metadata.labels["tier"], pod.metadata.generation
('db', 'data', None)
>>> pod.metadata.annotations["note"] = "hello"
>>> document(pod)
{'metadata': {'name': 'db', 'labels': {'tier': 'data'}, 'annotations': {'note': 'hello'}}}

Nothing is converted, so nothing is lost: what this version has never heard of stays where it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final, TypeVar, overload

from poblano.core.errors import InvalidDefinition, Location, MalformedObject
from poblano.core.fields import Nested, NestedList, Scalar, ScalarList, ScalarMap, Text
from poblano.core.jsonvalue import JSON, Document
from poblano.core.kinds import Kind
from poblano.core.location import caller_location
from poblano.core.structs import Struct
from poblano.core.views import Entries, Items

R = TypeVar("R", bound="Resource")

_NAMES: Final = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9._-]*[A-Za-z0-9_])?")
"""Roughly what groups, versions, kinds and plurals are: which of them exactly, the API server says."""


class OwnerReference(Struct):
    """What an object belongs to: it is deleted when its owner is."""

    api_version: Text = Text()
    block_owner_deletion: Scalar[bool] = Scalar()
    controller: Scalar[bool] = Scalar()
    kind: Text = Text()
    name: Text = Text()
    uid: Text = Text()


class ManagedFieldsEntry(Struct):
    """Which fields of an object a manager has set, and when."""

    api_version: Scalar[str] = Scalar()
    fields_type: Scalar[str] = Scalar()
    fields_v1: ScalarMap[JSON] = ScalarMap("fieldsV1")
    manager: Scalar[str] = Scalar()
    operation: Scalar[str] = Scalar()
    subresource: Scalar[str] = Scalar()
    time: Scalar[str] = Scalar()


class ObjectMeta(Struct):
    """Metadata that every stored object has: its name, labels, owners and the server's own marks."""

    annotations: ScalarMap[str] = ScalarMap()
    creation_timestamp: Scalar[str] = Scalar()
    deletion_grace_period_seconds: Scalar[int] = Scalar()
    deletion_timestamp: Scalar[str] = Scalar()
    finalizers: ScalarList[str] = ScalarList()
    generate_name: Scalar[str] = Scalar()
    generation: Scalar[int] = Scalar()
    labels: ScalarMap[str] = ScalarMap()
    managed_fields: NestedList[ManagedFieldsEntry] = NestedList()
    name: Text = Text()
    namespace: Text = Text()
    owner_references: NestedList[OwnerReference] = NestedList()
    resource_version: Text = Text()
    self_link: Scalar[str] = Scalar()
    uid: Text = Text()


@dataclass(frozen=True, slots=True)
class ClassLine:
    """What the class line of a kind says beside its `Kind`: see `Resource`; and where it stands, for a class of a user's."""

    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    columns: Mapping[str, str] = field(default_factory=dict[str, str])
    foreign: bool = False
    location: Location | None = None


class Resource(Struct):
    """A kind of its own: what has an ``apiVersion``, a ``kind`` and metadata. Subclass it for a custom resource.

    Class arguments:
        group: the API group, such as ``"shop.example.com"``; "" is the core group.
        version: such as ``"v1alpha1"``. A subclass without it is a base for others and not a kind itself.
        kind: by default the class's name.
        plural: the resource's name in URLs; by default guessed as Kubernetes guesses it.
        scope: ``"Namespaced"`` (default) or ``"Cluster"``.
        short_names, categories: how else kubectl may call it: ``["wa"]``, ``["all"]``.
        columns: what ``kubectl get`` shows, by heading: ``{"Theme": ".spec.theme"}``.
        foreign: somebody else defines it; the class only reads and writes it.

    >>> class Webapp(Resource, group="shop.example.com", version="v1alpha1"):
    ...     spec: Nested[Struct] = Nested()
    >>> kind_of(Webapp).plural, document(Webapp(metadata={"name": "x"}))["apiVersion"]
    ('webapps', 'shop.example.com/v1alpha1')
    """

    api_version: Scalar[str] = Scalar()
    kind: Scalar[str] = Scalar()
    metadata: Nested[ObjectMeta] = Nested()

    __kind__: ClassVar[Kind | None] = None
    __line__: ClassVar[ClassLine] = ClassLine()

    def __init_subclass__(
        cls,
        *,
        group: str | None = None,
        version: str | None = None,
        kind: str | None = None,
        plural: str | None = None,
        scope: str = "Namespaced",
        short_names: Sequence[str] = (),
        categories: Sequence[str] = (),
        columns: Mapping[str, str] | None = None,
        foreign: bool = False,
    ) -> None:
        super().__init_subclass__()
        where = None if cls.__module__.startswith("poblano.") else caller_location()
        cls.__line__ = ClassLine(tuple(short_names), tuple(categories), dict(columns or {}), foreign, where)
        if version is None:
            if group is not None:
                raise InvalidDefinition(
                    f"{cls.__name__} has a group and no version", 'add version="v1"', caller_location()
                )
            return
        cls.__kind__ = named_kind(kind or cls.__name__, group or "", version, plural, scope)

    def __init__(self, **fields: Any) -> None:
        super().__init__()
        known = type(self).__kind__
        if known is not None:
            self.__held__ = {"apiVersion": known.api_version, "kind": known.kind}
        self.__assign__(fields)

    def __repr__(self) -> str:
        try:
            meta = self.metadata
        except MalformedObject:
            return f"<{type(self).__name__} with malformed metadata>"
        name = meta.name or f"{meta.generate_name or ''}*"
        return f"<{type(self).__name__} {f'{meta.namespace}/' if meta.namespace else ''}{name}>"


class GenericKind(Resource):
    """Any kind at all, for what has no class: name it with ``when(a.GenericKind, group=..., version=..., kind=...)``.

    Its items are the JSON itself: ``unicorn["spec"]["horns"] = 1``.
    """


def named_kind(name: str, group: str, version: str, plural: str | None, scope: str) -> Kind:
    """The kind of these names.

    Raises:
        InvalidDefinition: they are those of none; ``*`` would be all kinds, and a webhook for all stops a cluster.
    """
    if scope not in ("Namespaced", "Cluster"):
        raise InvalidDefinition(
            f"the scope of {name} is {scope!r}", 'write scope="Namespaced" or scope="Cluster"', caller_location()
        )
    made = Kind(group, version, name, plural or guess_plural(name), scope == "Namespaced")
    for what in ("group", "version", "kind", "plural"):
        value: str = getattr(made, what)
        if not _NAMES.fullmatch(value) and (value or what != "group"):
            raise InvalidDefinition(
                f"{value!r} is the {what} of no kind",
                "name one kind; for several write a rule for each",
                caller_location(),
            )
    return made


def guess_plural(kind: str) -> str:
    """The resource name of a kind, guessed as apimachinery's ``UnsafeGuessKindToResource`` does.

    >>> guess_plural("NetworkPolicy"), guess_plural("Ingress"), guess_plural("WebApp")
    ('networkpolicies', 'ingresses', 'webapps')
    """
    lower = kind.lower()
    if lower.endswith("s"):
        return f"{lower}es"
    return f"{lower[:-1]}ies" if lower.endswith("y") else f"{lower}s"


def kind_of(cls: type[Resource] | Resource) -> Kind:
    """The group, version, kind, plural and scope of a class or of an object of it.

    Raises:
        InvalidDefinition: when the class is not a kind (a base class, or `GenericKind`).
    """
    owner = cls if isinstance(cls, type) else type(cls)
    if not hasattr(owner, "__kind__"):  # the annotation is a promise that not everybody keeps
        what = cls.__name__ if isinstance(cls, type) else repr(cls)
        raise InvalidDefinition(f"{what} is no kind", "write a.Pod, or a subclass of Resource", caller_location())
    if owner.__kind__ is None:
        raise InvalidDefinition(
            f"{owner.__name__} does not say which kind it is",
            f'write class {owner.__name__}(Resource, group="...", version="...", plural="...")',
            caller_location(),
        )
    return owner.__kind__


def register_kind(
    cls: type[R],
    *,
    group: str,
    version: str,
    kind: str | None = None,
    plural: str | None = None,
    scope: str = "Namespaced",
) -> type[R]:
    """Say which kind a subclass of `GenericKind` is: Pepr's ``RegisterKind``. New code writes it in the class line.

    Raises:
        InvalidDefinition: when the class is a kind already.

    >>> class Unicorn(GenericKind): ...
    >>> kind_of(register_kind(Unicorn, group="pepr.dev", version="v1")).plural
    'unicorns'
    """
    if cls is GenericKind or cls.__kind__ is not None:
        raise InvalidDefinition(
            f"{cls.__name__} is a kind already" if cls.__kind__ else "GenericKind itself has no kind",
            "make a subclass of its own for each kind",
            caller_location(),
        )
    cls.__kind__ = named_kind(kind or cls.__name__, group, version, plural, scope)
    return cls


@overload
def document(view: Struct) -> Document: ...
@overload
def document(view: Items[Any]) -> list[Any]: ...
@overload
def document(view: Entries[Any]) -> Document: ...
def document(view: Struct | Items[Any] | Entries[Any]) -> Document | list[Any]:
    """The JSON behind a view, itself and not a copy; an empty one that belongs to nothing where the part is absent.

    >>> document(Resource.of({"metadata": {}}).metadata.labels)
    {}
    """
    return view.__document__()
