"""A CustomResourceDefinition at work."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Final

from poblano.cluster.custom.definition import storage_version
from poblano.cluster.custom.parts import part
from poblano.cluster.custom.strategy import CustomStrategy
from poblano.cluster.custom.structure import full_schema, root_of
from poblano.cluster.resources import GroupVersionKind, Resource, Subresource
from poblano.cluster.schema import Schema
from poblano.core.jsonvalue import Document

if TYPE_CHECKING:
    from poblano.cluster.webhooks.calling import Caller

_VERBS: Final = ("delete", "deletecollection", "get", "list", "patch", "create", "update", "watch")
_SUBRESOURCE_VERBS: Final = ("get", "patch", "update")
_SCALE: Final = GroupVersionKind("autoscaling", "v1", "Scale")
_SCALE_DEFINITION: Final = "io.k8s.api.autoscaling.v1.Scale"


class CustomKind:
    """A custom kind, in all its versions.

    Args:
        crd: the definition, valid and with its defaults; its accepted names are what it is served as.
        caller: asks conversion webhooks; None where none will be asked.

    >>> cart = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": {"type": "object"}}}
    >>> names = {"plural": "carts", "singular": "cart", "kind": "Cart", "listKind": "CartList"}
    >>> spec = {"group": "shop.example.com", "scope": "Namespaced", "names": names, "versions": [cart]}
    >>> CustomKind({"metadata": {"name": "carts.shop.example.com"}, "spec": spec}).resources()
    [Resource(carts.v1.shop.example.com)]
    """

    def __init__(self, crd: Document, caller: Caller | None = None) -> None:
        self.definition = crd
        self.terminating = bool(part(crd, "metadata").get("deletionTimestamp"))
        """Whether the definition is to go: then nothing new is made."""
        self.storage_version = storage_version(crd)
        self._spec: Document = crd["spec"]
        self._caller = caller
        self._versions: dict[str, Document] = {one["name"]: one for one in self._spec["versions"]}
        self._strategies: dict[str, CustomStrategy] = {}
        self._schemas: dict[str, Schema] = {}
        self._resources: dict[str, Resource] = {}

    def __repr__(self) -> str:
        return f"CustomKind({self.names['plural']}.{self.group})"

    @property
    def group(self) -> str:
        """Its API group."""
        return str(self._spec["group"])

    @property
    def kind(self) -> str:
        """Its name."""
        return str(self.names["kind"])

    @property
    def namespaced(self) -> bool:
        """Whether objects live in namespaces."""
        return self._spec.get("scope") != "Cluster"

    @cached_property
    def names(self) -> Document:
        """The names that it is served under: those it has been granted."""
        accepted: Document = part(self.definition, "status").get("acceptedNames") or {}
        return accepted if accepted.get("plural") and accepted.get("kind") else part(self._spec, "names")

    @property
    def served(self) -> Sequence[str]:
        """The versions that are served, the preferred one first."""
        return sorted((name for name, one in self._versions.items() if one.get("served") is True), key=priority)

    def schema(self, version: str) -> Schema:
        """What objects may look like, with apiVersion, kind and metadata."""
        found = self._schemas.get(version)
        if found is None:
            found = self._schemas[version] = full_schema(root_of(self._versions[version]))
        return found

    def strategy(self, version: str) -> CustomStrategy:
        """What is done with objects of a version."""
        found = self._strategies.get(version)
        if found is None:
            found = self._strategies[version] = CustomStrategy(
                self.group,
                self.kind,
                version,
                root_of(self._versions[version]),
                namespaced=self.namespaced,
                subresources=self._subresources(version),
            )
        return found

    def prune(self, version: str) -> Callable[[Document], list[str]]:
        """What drops unknown fields of an object, and says which."""
        return self.strategy(version).prune

    def columns(self, version: str) -> Sequence[Document]:
        """The printer columns, as the definition has them."""
        return self._versions[version].get("additionalPrinterColumns") or ()

    def selectable_fields(self, version: str) -> tuple[str, ...]:
        """The fields that a selector may name, "spec.owner"."""
        fields = self._versions[version].get("selectableFields") or ()
        return tuple(one["jsonPath"].removeprefix(".") for one in fields)

    def scale_paths(self, version: str) -> tuple[str, str, str | None]:
        """Where the wanted replicas are, the actual ones, and the selector, if the version can be scaled at all."""
        scale = part(self._subresources(version), "scale")
        return scale.get("specReplicasPath", ""), scale.get("statusReplicasPath", ""), scale.get("labelSelectorPath")

    def deprecation(self, version: str) -> str | None:
        """What users of a version are warned of; None for nothing."""
        found = self._versions[version]
        if found.get("deprecated") is not True:
            return None
        return found.get("deprecationWarning") or f"{self.group}/{version} {self.kind} is deprecated"

    def resource(self, version: str) -> Resource:
        """The resource in one version, served or not."""
        found = self._resources.get(version)
        if found is None:
            found = self._resources[version] = self._resource(version)
        return found

    def resources(self) -> list[Resource]:
        """What is served: the resource in every served version."""
        return [self.resource(version) for version in self.served]

    async def convert(self, documents: Sequence[Document], version: str) -> list[Document]:
        """Objects of any version in another one.

        Raises:
            StatusError: 500 when the webhook fails at it.
        """
        from poblano.cluster.custom.conversion import convert

        return await convert(self._spec.get("conversion"), documents, f"{self.group}/{version}", self._caller)

    def _subresources(self, version: str) -> Document:
        return part(self._versions[version], "subresources")

    def _resource(self, version: str) -> Resource:
        names, subresources = self.names, self._subresources(version)
        parts: dict[str, Subresource] = {}
        if subresources.get("status") is not None:
            own = GroupVersionKind(self.group, version, self.kind)
            parts["status"] = Subresource("status", own, _SUBRESOURCE_VERBS)
        if subresources.get("scale") is not None:
            parts["scale"] = Subresource("scale", _SCALE, _SUBRESOURCE_VERBS, _SCALE_DEFINITION)
        return Resource(
            self.group,
            version,
            names["plural"],
            names.get("singular") or self.kind.lower(),
            self.kind,
            names.get("listKind") or f"{self.kind}List",
            self.namespaced,
            _VERBS,
            tuple(names.get("shortNames") or ()),
            tuple(names.get("categories") or ()),
            parts,
            custom_schema=self.schema(version),
            custom=self,
        )


def priority(version: str) -> tuple[int, int, int, str]:
    """What versions are sorted by: v2 before v1 before v1beta2 before v1beta1 before v1alpha1 before any other.

    Source: k8s.io/apimachinery/pkg/version/helpers.go

    >>> sorted(["foo1", "v1alpha1", "v1", "v2beta1", "v10"], key=priority)
    ['v10', 'v1', 'v2beta1', 'v1alpha1', 'foo1']
    """
    import re

    found = re.fullmatch(r"v([1-9]\d*)(?:(alpha|beta)([1-9]\d*))?", version, re.ASCII)
    if found is None:
        return (3, 0, 0, version)
    stage = {None: 0, "beta": 1, "alpha": 2}[found[2]]
    return (stage, -int(found[1]), -int(found[3] or 0), version)
