"""The CustomResourceDefinitions of a module's own kinds, and of the one that stores and schedules are kept in.

They are shipped, so that no pod needs leave to define anything.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from poblano.build.plan import Plan
from poblano.build.schemas import BOOLEAN
from poblano.build.tree import Part, Slot
from poblano.core.binding import Binding
from poblano.core.crd import definitions_of
from poblano.core.jsonvalue import Document
from poblano.core.objects import Resource
from poblano.core.store.definition import store_definition
from poblano.module import Module
from poblano.store.speaking import keeps_something

LABEL: Final = "poblano.dev/module"
"""Says whose a definition is: that of others is never touched."""

SHARED: Final = "poblano"
"""Whose the definition is that all modules of a cluster share."""

KEPT: Final = {"helm.sh/resource-policy": "keep"}
"""Has Helm leave a definition where it is when a release goes: all objects of its kind would go with it."""

_ENABLED: Final = Slot(
    "definitions.enabled",
    True,
    BOOLEAN,
    "Whether the chart defines the module's own kinds. They stay when the release goes, and so do their objects.",
)


def parts(plan: Plan) -> Iterator[Part]:
    """A part for each definition: that of stores is shared, the others are the module's own."""
    for one in definitions(plan.module, plan.settings.uuid):
        name = f"definition-{one['metadata']['name']}"
        if one["metadata"]["labels"][LABEL] == SHARED:
            yield Part(name, one, shared=True)
        else:
            one["metadata"]["annotations"] = dict(KEPT)
            yield Part(name, one, when=(_ENABLED,))


def definitions(module: Module, uuid: str) -> list[Document]:
    """What defines the kinds that a module's rules name, as far as they are its own, by the definition's name.

    Args:
        module: whose.
        uuid: of the module.

    Raises:
        InvalidDefinition: an annotation says what a schema cannot.
    """
    made = definitions_of(view for binding in module.bindings for view in _named_by(binding))
    for one in made:
        one["metadata"]["labels"] = {LABEL: uuid}
    if has_objects(module):
        made.append(definition_of_stores())
    return made


def has_objects(module: Module) -> bool:
    """Whether the module has objects of its own: records of schedules, or a store."""
    return bool(module.schedules) or keeps_something(module)


def definition_of_stores() -> Document:
    """What defines the kind that stores are kept in: one for all modules of a cluster."""
    made = store_definition()
    made["metadata"]["labels"] = {LABEL: SHARED}
    return made


def _named_by(binding: Binding) -> list[type[Resource]]:
    """The classes of a rule: of its own objects, and of those that it owns and watches."""
    return [binding.view, *(one.view for one in binding.sources)]
