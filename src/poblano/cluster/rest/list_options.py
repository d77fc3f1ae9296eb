"""Which combinations of list and watch options make sense.

Source: k8s.io/apimachinery/pkg/apis/meta/internalversion/validation/validation.go
"""

from __future__ import annotations

from poblano.cluster import field_errors
from poblano.cluster.field_errors import FieldError
from poblano.cluster.rest.options import Query
from poblano.cluster.status import invalid

_MATCH = "resourceVersionMatch"


def check_list_options(query: Query) -> None:
    """Nothing, if a list may be asked for like that.

    Raises:
        StatusError: 422 with what contradicts itself.
    """
    check_numbers(query)
    match, version = query.text(_MATCH), query.text("resourceVersion")
    errors: list[FieldError] = []
    if match and not version:
        errors.append(_forbidden("resourceVersionMatch is forbidden unless resourceVersion is provided"))
    if match and query.text("continue"):
        errors.append(_forbidden("resourceVersionMatch is forbidden when continue is provided"))
    if match not in ("", "Exact", "NotOlderThan"):
        errors.append(field_errors.not_supported(_MATCH, match, ["Exact", "NotOlderThan", ""]))
    if match == "Exact" and version == "0":
        errors.append(_forbidden('resourceVersionMatch "exact" is forbidden for resourceVersion "0"'))
    if query.text("sendInitialEvents"):
        errors.append(field_errors.forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list"))
    _refuse(errors)


def check_watch_options(query: Query) -> None:
    """Nothing, if a watch may be asked for like that.

    Raises:
        StatusError: 422 with what contradicts itself.
    """
    check_numbers(query)
    match, initial = query.text(_MATCH), query.text("sendInitialEvents")
    errors: list[FieldError] = []
    if initial and match != "NotOlderThan":
        errors.append(_forbidden("sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"))
    if match and not initial:
        errors.append(_forbidden("resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"))
    if match not in ("", "NotOlderThan"):
        errors.append(field_errors.not_supported(_MATCH, match, ["NotOlderThan"]))
    if match and query.text("continue"):
        errors.append(_forbidden("resourceVersionMatch is forbidden when continue is provided"))
    _refuse(errors)


def check_numbers(query: Query) -> None:
    """Nothing, if what has to be a number is one.

    Raises:
        StatusError: 400.
    """
    for name in ("timeoutSeconds", "limit"):
        query.number(name)


def _forbidden(why: str) -> FieldError:
    return field_errors.forbidden(_MATCH, why)


def _refuse(errors: list[FieldError]) -> None:
    if errors:
        raise invalid("ListOptions", "", errors, group="meta.k8s.io")
