"""Which kind is meant by a class and the names beside it, wherever a chain begins: ``when(...)``, ``K8s(...)``."""

from __future__ import annotations

from poblano.core.errors import InvalidDefinition
from poblano.core.kinds import Kind
from poblano.core.location import caller_location
from poblano.core.objects import GenericKind, Resource, kind_of, named_kind


def meant_kind(
    model: object,
    group: str | None,
    version: str | None,
    kind: str | None,
    plural: str | None,
    scope: str,
    *,
    call: str,
) -> Kind:
    """The kind.

    Args:
        model: the class.
        group, version, kind, plural, scope: which kind it is, for `GenericKind` alone, which can be any.
        call: what was called, for messages.

    Raises:
        InvalidDefinition: `model` is no kind, or the names are missing or not wanted.

    >>> meant_kind(GenericKind, "pepr.dev", "v1", "Unicorn", None, "Namespaced", call="when").plural
    'unicorns'
    """
    where = caller_location()
    if not (isinstance(model, type) and issubclass(model, Resource)):
        raise InvalidDefinition(
            f"{call}() takes a kind, not {model!r}", f"write {call}(a.Pod), or a subclass of Resource", where
        )
    if model is not GenericKind:
        if (group, version, kind, plural) != (None, None, None, None):
            raise InvalidDefinition(
                f"{model.__name__} is a kind of its own",
                f"write {call}({model.__name__}) alone; the names are for a.GenericKind",
                where,
            )
        return kind_of(model)
    if not version or not kind:
        raise InvalidDefinition(
            "a.GenericKind does not say which kind",
            f'write {call}(a.GenericKind, group="pepr.dev", version="v1", kind="Unicorn", plural="unicorns")',
            where,
        )
    return named_kind(kind, group or "", version, plural, scope)
