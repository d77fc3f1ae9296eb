"""What is done with CustomResourceDefinitions themselves.

Source: k8s.io/apiextensions-apiserver/pkg/registry/customresourcedefinition/strategy.go
"""

from __future__ import annotations

from typing import ClassVar

from poblano.cluster.custom.definition import default_definition, prepare_for_create, prepare_for_update
from poblano.cluster.custom.definition_checks import name_errors, validate_definition
from poblano.cluster.custom.definition_shape import shape_definition
from poblano.cluster.field_errors import FieldError
from poblano.cluster.kinds import metadata
from poblano.cluster.kinds.strategy import Strategy
from poblano.cluster.reading import Lookup
from poblano.core.jsonvalue import Document


class CustomResourceDefinition(Strategy):
    """The strategy of the kind."""

    namespaced: ClassVar[bool] = False
    has_status: ClassVar[bool] = True
    counts_generation: ClassVar[bool] = True

    def default(self, obj: Document, version: str = "") -> None:
        self.shape(obj)
        default_definition(obj)

    def shape(self, obj: Document) -> None:
        shape_definition(obj)

    def prepare_for_create(self, obj: Document, lookup: Lookup) -> None:
        prepare_for_create(obj)

    def prepare_for_update(self, obj: Document, old: Document, lookup: Lookup) -> None:
        prepare_for_update(obj, old)

    def validate(self, obj: Document) -> list[FieldError]:
        found = metadata.validate_kubernetes(obj, namespaced=False, name_rule=lambda name: name_errors(obj))
        return [*found, *validate_definition(obj)] or self._common(obj)

    def validate_update(self, obj: Document, old: Document) -> list[FieldError]:
        found = self._common(obj) + 2 * metadata.validate_update(obj, old)
        return [*found, *validate_definition(obj, old)]
