"""What is served: every resource of every group and version, built in or defined by a CustomResourceDefinition."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

import msgspec

from poblano.cluster.schema import Schema, built_in


class GroupVersionKind(NamedTuple):
    """A kind, fully named."""

    group: str
    version: str
    kind: str

    @property
    def api_version(self) -> str:
        """ "v1", "apps/v1"."""
        return f"{self.group}/{self.version}" if self.group else self.version


@dataclass(frozen=True, slots=True)
class Subresource:
    """A part of an object with a path of its own.

    Args:
        name: "status", "scale".
        kind: what it speaks: a Deployment for its status, an autoscaling/v1 Scale for its scale.
        verbs: what it answers to.
        definition: the name of that kind's schema; empty where it has none.
    """

    name: str
    kind: GroupVersionKind
    verbs: tuple[str, ...]
    definition: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Resource:
    """One resource in one version.

    Args:
        group: empty for the core group.
        version: "v1".
        plural: what the path says, "configmaps".
        singular: "configmap".
        kind: "ConfigMap".
        list_kind: "ConfigMapList".
        namespaced: whether its objects live in namespaces.
        verbs: what it answers to.
        short_names: "cm".
        categories: "all".
        subresources: by name.
        definition: the name of the schema of a built-in kind; empty for custom kinds and for what has none.
        custom_schema: the schema of a custom kind.
        custom: the CustomKind that a custom resource comes from; None for built-in ones.
    """

    group: str
    version: str
    plural: str
    singular: str
    kind: str
    list_kind: str
    namespaced: bool
    verbs: tuple[str, ...]
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    subresources: Mapping[str, Subresource] = field(default_factory=dict[str, Subresource])
    definition: str = ""
    custom_schema: Schema | None = None
    custom: Any = None

    @property
    def api_version(self) -> str:
        """ "v1", "apps/v1"."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def gvk(self) -> GroupVersionKind:
        """The kind, fully named."""
        return GroupVersionKind(self.group, self.version, self.kind)

    @property
    def schema(self) -> Schema | None:
        """What its objects may look like; None where nothing is known."""
        if self.custom_schema is not None:
            return self.custom_schema
        return built_in()[self.definition] if self.definition else None

    def __repr__(self) -> str:
        return f"Resource({self.plural}.{self.version}.{self.group})"


class _ListedSubresource(msgspec.Struct):
    name: str
    group: str
    version: str
    kind: str
    verbs: tuple[str, ...]
    definition: str


class _Listed(msgspec.Struct):
    group: str
    version: str
    plural: str
    singular: str
    kind: str
    namespaced: bool
    verbs: tuple[str, ...]
    short_names: tuple[str, ...]
    categories: tuple[str, ...]
    definition: str
    subresources: list[_ListedSubresource]


@cache
def built_in_resources() -> tuple[Resource, ...]:
    """Kubernetes' own resources, in the order of the real server's discovery."""
    raw = files("poblano.cluster").joinpath("data", "resources.json").read_bytes()
    return tuple(_resource(listed) for listed in msgspec.json.decode(raw, type=list[_Listed]))


def _resource(listed: _Listed) -> Resource:
    parts = {
        one.name: Subresource(one.name, GroupVersionKind(one.group, one.version, one.kind), one.verbs, one.definition)
        for one in listed.subresources
    }
    return Resource(
        listed.group,
        listed.version,
        listed.plural,
        listed.singular,
        listed.kind,
        f"{listed.kind}List",
        listed.namespaced,
        listed.verbs,
        listed.short_names,
        listed.categories,
        parts,
        listed.definition,
    )


class Registry:
    """All resources that are served now: the built-in ones, and those of the established CustomResourceDefinitions.

    >>> Registry().find("apps", "v1", "deployments").kind
    'Deployment'
    """

    def __init__(self, built_in: Iterable[Resource] | None = None) -> None:
        self._built_in = tuple(built_in_resources() if built_in is None else built_in)
        self._own_groups = frozenset(one.group for one in self._built_in)
        self._custom: dict[str, tuple[Resource, ...]] = {}
        self.generation = 0
        """Counts the changes: what is derived from the registry is as fresh as this."""
        self._index: dict[tuple[str, str, str], Resource] = {}
        self._versions: dict[tuple[str, str], tuple[Resource, ...]] = {}
        self._reindex()

    def find(self, group: str, version: str, plural: str) -> Resource | None:
        """The resource at a path, or None."""
        return self._index.get((group, version, plural))

    def kind(self, group: str, version: str, kind: str) -> Resource | None:
        """The resource of a kind, or None."""
        return next((one for one in self if (one.group, one.version, one.kind) == (group, version, kind)), None)

    def is_built_in(self, group: str) -> bool:
        """Whether the group is one of Kubernetes' own."""
        return group in self._own_groups

    def versions(self, group: str, plural: str) -> Sequence[Resource]:
        """One resource in all the versions it is served in, the preferred one first."""
        return self._versions.get((group, plural), ())

    def define(self, name: str, resources: Sequence[Resource]) -> None:
        """Serve a custom kind, in each of these versions; what the definition of that name served before goes."""
        self._custom[name] = tuple(resources)
        self._reindex()

    def undefine(self, name: str) -> None:
        """Serve a custom kind no longer."""
        if self._custom.pop(name, None) is not None:
            self._reindex()

    def __iter__(self) -> Iterator[Resource]:
        yield from self._built_in
        for resources in self._custom.values():
            yield from resources

    def _reindex(self) -> None:
        self.generation += 1
        self._index = {(one.group, one.version, one.plural): one for one in reversed(tuple(self))}
        together: dict[tuple[str, str], list[Resource]] = {}
        for one in self:
            together.setdefault((one.group, one.plural), []).append(one)
        self._versions = {key: tuple(found) for key, found in together.items()}
