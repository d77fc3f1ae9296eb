"""The links of a chain: a kind, then where and which. Each gives a new chain, so that one may be kept and gone on with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Generic, Self, TypeAlias, TypeVar

from poblano.client.paths import check_segment
from poblano.core.errors import MalformedObject
from poblano.core.meaning import meant_kind
from poblano.core.objects import Resource
from poblano.fluent.choice import Choice

if TYPE_CHECKING:
    from poblano.client.resources import Resources
    from poblano.client.transport import ApiClient

R = TypeVar("R", bound=Resource)

Which: TypeAlias = "str | Resource | None"
"""An object by its name, or one that was read; None is the one that the chain names."""


class Chain(Generic[R]):
    """Which objects of a kind.

    Args:
        model: the class of the objects: ``a.Pod``, or a `Resource` of your own.
        group, version, kind, plural, scope: which kind it is, for ``a.GenericKind`` alone, which can be any.
        client: an open client; None means the cluster that the module runs in, see `poblano.client.ambient`.

    Raises:
        InvalidDefinition: when `model` is no kind, or these names are missing or not wanted.
    """

    __slots__ = ("_choice", "_client", "_kind", "_model")

    def __init__(
        self,
        model: type[R],
        /,
        *,
        group: str | None = None,
        version: str | None = None,
        kind: str | None = None,
        plural: str | None = None,
        scope: str = "Namespaced",
        client: ApiClient | None = None,
    ) -> None:
        self._model = model
        self._kind = meant_kind(model, group, version, kind, plural, scope, call="K8s")
        self._client = client
        self._choice = Choice()

    def in_namespace(self, namespace: str) -> Self:
        """Those in one namespace. Without it, those in all of them.

        Raises:
            MalformedObject: the chain has a namespace already, the kind is in none, or no namespace can be called so: "" would
                be all of them.
        """
        if not self._kind.namespaced:
            raise MalformedObject(f"a {self._kind.kind} is in no namespace; leave in_namespace({namespace!r}) out")
        if self._choice.namespace:
            raise MalformedObject(f"the chain is in the namespace {self._choice.namespace} already, not {namespace!r}")
        check_segment(f"the namespace of a {self._kind.kind}", namespace)
        return self._but(replace(self._choice, namespace=namespace))

    def with_name(self, name: str) -> Self:
        """The one with this name. Raises `MalformedObject` when the chain has one already, or that is none."""
        if self._choice.name:
            raise MalformedObject(f"the chain is about {self._choice.name} already, not {name!r}")
        check_segment(f"the name of a {self._kind.kind}", name)
        return self._but(replace(self._choice, name=name))

    def with_label(self, key: str, value: str | None = None) -> Self:
        """Those that have this label; without a value, whatever it says. Said twice, both must hold.

        Raises:
            MalformedObject: no object can have such a label.
        """
        return self._but(self._choice.with_label(key, value))

    def with_field(self, path: str, value: str) -> Self:
        """Those with this value in a field. An API server knows few of them: ``metadata.name``, a Pod's ``spec.nodeName``
        and ``status.phase``, a custom kind's ``selectableFields``; of another it says that it is not supported.

        Raises:
            MalformedObject: that is no path.
        """
        return self._but(self._choice.with_field(path, value))

    def __repr__(self) -> str:
        choice = self._choice
        parts = [choice.namespace and f"in {choice.namespace}", choice.name, choice.label_selector]
        return " ".join(["<K8s", self._kind.kind, *filter(None, parts)]) + ">"

    def _but(self, choice: Choice) -> Self:
        other = type(self).__new__(type(self))
        other._model, other._kind, other._client, other._choice = self._model, self._kind, self._client, choice
        return other

    async def _api(self) -> Resources:
        from poblano.client.ambient import current_field_manager
        from poblano.client.resources import Resources

        return Resources(await self._connection(), field_manager=current_field_manager())

    async def _connection(self) -> ApiClient:
        from poblano.client.ambient import current_client

        return self._client or await current_client()

    def _view(self, document: Mapping[str, Any]) -> R:
        return self._model.of(document)

    def _one(self, which: Which, *, verb: str) -> tuple[str, str]:
        """Name and namespace of the one object that is meant.

        Raises:
            MalformedObject: none is, or two are, or labels and fields choose among many.
        """
        choice = self._choice
        wanted, own = (which.metadata.name, which.metadata.namespace) if isinstance(which, Resource) else (which, "")
        if choice.labels or choice.fields:
            raise MalformedObject(
                f"{verb} is about one {self._kind.kind}, and labels and fields choose among many; use list() with them"
            )
        if wanted and choice.name and wanted != choice.name:
            raise MalformedObject(
                f"{verb}: the chain is about {choice.name}, and {wanted} was asked for; leave one out"
            )
        name = wanted or choice.name
        if not name:
            raise MalformedObject(
                f'{verb}: say which {self._kind.kind}: {verb}("name"), or with_name("name") before it'
            )
        if own and choice.namespace and own != choice.namespace:
            raise MalformedObject(f"{verb}: {name} is in the namespace {own}, and the chain in {choice.namespace}")
        return name, choice.namespace or own
