"""Lists of strategic merge patches: what their items are, and the items that are orders rather than values.

Source: k8s.io/apimachinery/pkg/util/strategicpatch/patch.go
"""

from __future__ import annotations

from typing import Any, Final

from poblano.cluster.patching.directives import DIRECTIVE, failed, unknown_patch
from poblano.cluster.patching.go_values import plain_text
from poblano.cluster.status import StatusError

MERGE_LIST_ERROR: Final = "cannot merge lists without merge key for type map"


def check_kinds(*lists: list[Any]) -> type:
    """The one type of all items.

    Raises:
        StatusError: they are of several, or lists themselves, or there are none.
    """
    found: type | None = None
    for item in (item for items in lists for item in items):
        kind = float if item.__class__ is int else item.__class__
        if found is None and kind is list:
            text = "the server rejected our request due to an error in our request"
            raise StatusError(422, "Invalid", text, details={})
        if found is not None and kind is not found:
            raise failed(f"list element types are not identical: {plain_text(list(lists))}")
        found = kind
    if found is None:
        raise failed("no elements in any of the given slices")
    return found


def same_scalar(left: Any, right: Any) -> bool:
    """Whether two keys or scalars are one."""
    return bool(left == right) and (left.__class__ is bool) == (right.__class__ is bool)


def deduplicated(items: list[Any]) -> list[Any]:
    """Every scalar once."""
    found: list[Any] = []
    for item in items:
        if not any(same_scalar(item, known) for known in found):
            found.append(item)
    return found


def apply_special(original: list[Any], patch: list[Any], key: str) -> tuple[list[Any], list[Any]]:
    """Carry out the items of the patch that are orders; what is left of it is to be merged.

    Raises:
        StatusError: an order is none, or does not say which item it is about.
    """
    plain: list[Any] = []
    replace = False
    for item in patch:
        if DIRECTIVE not in item:
            plain.append(item)
            continue
        order = item[DIRECTIVE]
        if order == "delete":
            original = _deleted(original, key, item)
        elif order == "replace":
            replace = True
        elif order == "merge":
            raise failed("merging lists cannot yet be specified in the patch")
        else:
            raise unknown_patch(order, item)
    return (plain, []) if replace else (original, plain)


def _deleted(original: list[Any], key: str, item: Any) -> list[Any]:
    if key not in item:
        raise failed(f"map: {plain_text(item)} does not contain declared merge key: {key}")
    return [known for known in original if not (key in known and same_scalar(known[key], item[key]))]
