"""Strategic merge patches: JSON merge patches that know which lists are sets, and which are maps by a key.

Source: k8s.io/apimachinery/pkg/util/strategicpatch/patch.go
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from poblano.cluster.patching.directives import (
    DELETE_FROM_LIST,
    DIRECTIVE,
    SET_ORDER,
    failed,
    keep_only_retained,
    list_name,
    whole_map,
)
from poblano.cluster.patching.element_order import check_order, ordered, partitioned
from poblano.cluster.patching.go_values import go_type, json_kind, plain_text
from poblano.cluster.patching.slices import MERGE_LIST_ERROR, apply_special, check_kinds, deduplicated, same_scalar
from poblano.cluster.schema import Schema
from poblano.cluster.status import bad_request
from poblano.core.jsonvalue import Document, copied


@dataclass(frozen=True, slots=True)
class Strategy:
    """How one field is patched: "merge", "replace" or "" (maps merge, lists are replaced)."""

    schema: Schema | None
    name: str
    merge_key: str

    @property
    def item(self) -> Schema | None:
        """What the list holds."""
        return self.schema.items if self.schema is not None else None


def strategic_merge(original: Document, patch: object, schema: Schema | None) -> Document:
    """A new document; `original` and `patch` stay as they are.

    Args:
        schema: of the whole object; its x-kubernetes-patch-strategy and -merge-key say what merges how.

    Raises:
        StatusError: 400, 422 or 500, as the API server answers a patch that does not fit.
    """
    if patch is not None and patch.__class__ is not dict:
        raise bad_request(f"json: cannot unmarshal {json_kind(patch)} into Go value of type map[string]interface {{}}")
    return merge_map(copied(original), copied(patch or {}), schema)


def strategy_of(schema: Schema | None, key: str) -> Strategy:
    """How the field of that name is patched; a map's values are all alike."""
    field = None if schema is None else schema.property(key) or schema.values
    if field is None:
        return Strategy(None, "", "")
    names = field.patch_strategies - {"retainKeys"}
    return Strategy(field, next(iter(names), ""), field.patch_merge_key or "")


def merge_map(original: Document, patch: Document, schema: Schema | None) -> Document:
    """Merge `patch` into `original`, in place where it can be. Both are used up."""
    if DIRECTIVE in patch:
        return whole_map(patch)
    keep_only_retained(original, patch)
    _merge_ordered(original, patch, schema)
    for key, value in patch.items():
        deletes = key.startswith(DELETE_FROM_LIST)
        name = list_name(key, DELETE_FROM_LIST) if deletes else key
        if value is None:
            original.pop(name, None)
        elif name not in original or original[name].__class__ is not value.__class__:
            if not deletes:
                original[name] = _without_nulls(value)
        elif value.__class__ is dict:
            field = strategy_of(schema, name)
            original[name] = value if field.name == "replace" else merge_map(original[name], value, field.schema)
        elif value.__class__ is list:
            original[name] = merge_list(original[name], value, strategy_of(schema, name), deletes=deletes)
        else:
            original[name] = value
    return original


def _without_nulls(value: Any) -> Any:
    """What is put where nothing was: its nulls remove nothing."""
    if value.__class__ is dict:
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    if value.__class__ is list:
        return [_without_nulls(item) for item in value]
    return value


def merge_list(original: list[Any], patch: list[Any], field: Strategy, *, deletes: bool = False) -> list[Any]:
    """A list merged into one: as a set of scalars, or item by item by the merge key; or the patch alone."""
    if field.name != "merge":
        return patch
    if not original and not patch:
        return original
    if check_kinds(original, patch) is not dict:
        if deletes:
            return [item for item in original if not any(same_scalar(item, gone) for gone in patch)]
        return _in_order(deduplicated([*original, *patch]), patch, original, "")
    if not field.merge_key:
        raise failed(MERGE_LIST_ERROR)
    original, patch = apply_special(original, patch, field.merge_key)
    merged = _merge_items(list(original), patch, field)
    return _in_order(merged, patch, original, field.merge_key)


def _in_order(merged: list[Any], patch: list[Any], original: list[Any], key: str) -> list[Any]:
    asked, kept = partitioned(merged, patch, key)
    return ordered(asked, kept, patch, original, key)


def _merge_items(original: list[Any], patch: list[Any], field: Strategy) -> list[Any]:
    key = field.merge_key
    for item in patch:
        if key not in item:
            raise failed(f"map: {plain_text(item)} does not contain declared merge key: {key}")
        at = next((index for index, known in enumerate(original) if _matches(known, index, key, item[key])), None)
        if at is None:
            original.append(_without_nulls(item))
        else:
            original[at] = merge_map(original[at], item, field.item)
    return original


def _matches(known: Any, index: int, key: str, value: Any) -> bool:
    if known.__class__ is not dict:
        raise failed(f"value for key {index} is not a map.")
    return key in known and same_scalar(known[key], value)


def _merge_ordered(original: Document, patch: Document, schema: Schema | None) -> None:
    """Lists that come with their order: $setElementOrder/<list>."""
    for directive in [key for key in patch if key.startswith(SET_ORDER)]:
        order = patch.pop(directive)
        if order.__class__ is not list:
            raise failed(f"expected a []interface {{}}, but received a {go_type(order)}")
        name = list_name(directive, SET_ORDER)
        for holder in (original, patch):
            if name in holder and holder[name].__class__ is not list:
                raise failed(f"expected a []interface {{}}, but received a {go_type(holder[name])}")
        field = strategy_of(schema, name)
        asked: list[Any] = patch.get(name, [])
        check_order(asked, order, field.merge_key)
        if name not in original and name not in patch:
            continue
        before: list[Any] = original.get(name, [])
        merged = merge_list(copied(before), asked, field) if name in original and name in patch else before or asked
        check_kinds(before, asked)
        given, kept = partitioned(merged, order, field.merge_key)
        original[name] = ordered(given, kept, order, before, field.merge_key)
        patch.pop(name, None)
