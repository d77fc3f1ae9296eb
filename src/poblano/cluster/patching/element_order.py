"""The order of merged lists: what the patch says first, in its own order, the rest where it was.

Source: k8s.io/apimachinery/pkg/util/strategicpatch/patch.go (normalizeElementOrder, mergeSortedSlice)
"""

from __future__ import annotations

from typing import Any

from poblano.cluster.patching.directives import DIRECTIVE, SET_ORDER, failed
from poblano.cluster.patching.go_values import go_type, plain_text
from poblano.cluster.patching.slices import same_scalar


def partitioned(items: list[Any], by: list[Any], key: str) -> tuple[list[Any], list[Any]]:
    """The items that `by` has too, and the others.

    Raises:
        StatusError: an item does not have the merge key.
    """
    inside: list[Any] = []
    outside: list[Any] = []
    for item in items:
        if key and key not in item:
            raise failed(f"map: {plain_text(item)} does not contain declared merge key: {key}")
        (inside if _index(by, item, key) >= 0 else outside).append(item)
    return inside, outside


def ordered(asked: list[Any], kept: list[Any], asked_order: list[Any], kept_order: list[Any], key: str) -> list[Any]:
    """Both in one list: each in its own order, and between the two as near to the original as that allows."""
    right = _sorted(asked, asked_order, key)
    left = _sorted(kept, kept_order, key)
    found: list[Any] = []
    at = 0
    for item in left:
        here = _index(kept_order, item, key)
        while at < len(right) and not 0 <= here < _index(kept_order, right[at], key):
            found.append(right[at])
            at += 1
        found.append(item)
    return found + right[at:]


def _sorted(items: list[Any], order: list[Any], key: str) -> list[Any]:
    if key:
        for item in (*items, *order):
            if item.__class__ is not dict:
                raise failed(f"expected a map[string]interface {{}}, but received a {go_type(item)}")
            if key not in item:
                raise failed(f"map: {plain_text(item)} does not contain declared merge key: {key}")
    deleted = [item for item in items if item.__class__ is dict and item.get(DIRECTIVE) == "delete"]
    plain = [item for item in items if item not in deleted]
    return sorted(plain, key=lambda item: _index(order, item, key)) + deleted


def _index(items: list[Any], item: Any, key: str) -> int:
    """Where an item of the same key, or the same scalar, is; -1 for nowhere."""
    for index, known in enumerate(items):
        if key:
            if known.__class__ is dict and key in known and same_scalar(known[key], item[key]):
                return index
        elif same_scalar(known, item):
            return index
    return -1


def check_order(patch: list[Any], order: list[Any], key: str) -> None:
    """The patch's items have to stand in the order that $setElementOrder gives them, and all be in it.

    Raises:
        StatusError: they do not.
    """
    if not order or not patch:
        return
    wanted = iter(order)
    for item in patch:
        if item.__class__ is dict and DIRECTIVE in item:
            continue
        if not any(_same(item, known, key) for known in wanted):
            raise failed(
                f"The order in patch list:\n{plain_text(patch)}\n doesn't match {SET_ORDER} list:\n{plain_text(order)}\n"
            )


def _same(left: Any, right: Any, key: str) -> bool:
    if not key:
        return same_scalar(left, right)
    for item in (left, right):
        if item.__class__ is not dict:
            raise failed(f"expected a map[string]interface {{}}, but received a {go_type(item)}")
        if key not in item:
            raise failed(f"map: {plain_text(item)} does not contain declared merge key: {key}")
    return same_scalar(left[key], right[key])
