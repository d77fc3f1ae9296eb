"""The directives of strategic merge patches, and what a wrong one is refused with.

Source: k8s.io/apimachinery/pkg/util/strategicpatch/patch.go; k8s.io/apimachinery/pkg/util/mergepatch/errors.go
"""

from __future__ import annotations

from typing import Any, Final

from poblano.cluster.patching.go_values import plain_text
from poblano.cluster.status import StatusError, bad_request
from poblano.core.jsonvalue import Document

DIRECTIVE: Final = "$patch"
RETAIN_KEYS: Final = "$retainKeys"
DELETE_FROM_LIST: Final = "$deleteFromPrimitiveList"
SET_ORDER: Final = "$setElementOrder"

_FORMATS: Final = {
    DELETE_FROM_LIST: "invalid patch format of primitive list",
    SET_ORDER: "invalid patch format of setElementOrder list",
    RETAIN_KEYS: "invalid patch format of retainKeys",
}


def failed(text: str) -> StatusError:
    """What the API server has no word of its own for: 500 without a reason."""
    return StatusError(500, "", text)


def bad_format(directive: str) -> StatusError:
    """The directive's value is of the wrong form: 400."""
    return bad_request(_FORMATS[directive])


def unknown_patch(directive: Any, item: Document) -> StatusError:
    """$patch says something that is none of replace, merge and delete."""
    said = directive if isinstance(directive, str) else f"%!s({plain_text(directive)})"
    return failed(f"unknown patch type: {said} in map: {plain_text(item)}")


def list_name(key: str, prefix: str) -> str:
    """The list that ``$setElementOrder/containers`` is about.

    Raises:
        StatusError: 400, it names none.

    >>> list_name("$setElementOrder/containers", "$setElementOrder")
    'containers'
    """
    found, _, name = key.partition("/")
    if found != prefix or "/" not in key:
        raise bad_format(prefix)
    return name


def whole_map(patch: Document) -> Document:
    """What a map becomes whose patch has a $patch directive."""
    directive = patch[DIRECTIVE]
    if directive == "replace":
        return {key: value for key, value in patch.items() if key != DIRECTIVE}
    if directive == "delete":
        return {}
    raise unknown_patch(directive, patch)


def keep_only_retained(original: Document, patch: Document) -> None:
    """$retainKeys: what it does not name goes from the original; and whatever the patch sets, it has to name."""
    if RETAIN_KEYS not in patch:
        return
    names = patch.pop(RETAIN_KEYS)
    if names.__class__ is not list:
        raise bad_format(RETAIN_KEYS)
    for key, value in patch.items():
        if value is not None and not key.startswith((DELETE_FROM_LIST, SET_ORDER)) and key not in names:
            raise bad_format(RETAIN_KEYS)
    for key in [key for key in original if key not in names]:
        del original[key]
