"""Labels, selectors, containers and long lists, in a cell.

Source: k8s.io/apimachinery/pkg/labels, apis/meta/v1 (FormatLabelSelector), pkg/printers/internalversion/printers.go
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from poblano.cluster.tables.cells.fields import many, mapping, text

NONE, UNSET = "<none>", "<unset>"


def labels(found: Any) -> str:
    """A map of labels.

    >>> labels({"b": "2", "a": "1"}), labels(None)
    ('a=1,b=2', '<none>')
    """
    return ",".join(f"{key}={value}" for key, value in sorted(mapping(found).items())) or NONE


def selector(found: Any) -> str:
    """A label selector in the syntax of a query; empty for one that selects everything or nothing.

    >>> selector({"matchLabels": {"app": "x"}, "matchExpressions": [{"key": "a", "operator": "NotIn", "values": ["2", "1"]}]})
    'a notin (1,2),app=x'
    """
    parts = [(key, f"{key}={value}") for key, value in mapping(found, "matchLabels").items()]
    parts += [(text(one, "key"), _requirement(one)) for one in many(found, "matchExpressions")]
    return ",".join(shown for _, shown in sorted(parts, key=lambda part: part[0]))


def _requirement(one: Any) -> str:
    key, operator = text(one, "key"), text(one, "operator")
    values = ",".join(sorted(map(str, many(one, "values"))))
    shown = {"In": f"{key} in ({values})", "NotIn": f"{key} notin ({values})", "DoesNotExist": f"!{key}"}
    return shown.get(operator, key)


def selector_or_none(found: Any) -> str:
    """A label selector, "<none>" for the empty one."""
    return selector(found) or NONE


def selector_as_printed_by_go(found: Any) -> str:
    """A label selector as Go prints the message itself, which some columns do."""
    matched = "".join(f"{key}: {value}," for key, value in sorted(mapping(found, "matchLabels").items()))
    wanted = "".join(
        f"LabelSelectorRequirement{{Key:{text(one, 'key')},Operator:{text(one, 'operator')},"
        f"Values:[{' '.join(map(str, many(one, 'values')))}],}},"
        for one in many(found, "matchExpressions")
    )
    labelled = f"map[string]string{{{matched}}}"
    return f"&LabelSelector{{MatchLabels:{labelled},MatchExpressions:[]LabelSelectorRequirement{{{wanted}}},}}"


def containers(template: Any) -> list[str]:
    """The names and the images of a pod template's containers: two cells."""
    found = many(template, "spec", "containers")
    return [",".join(text(one, key) for one in found) for key in ("name", "image")]


def shortened(items: Sequence[str], limit: int = 3, *, of: int | None = None, separator: str = ",") -> str:
    """A list that tells its first items and how many more there are.

    >>> shortened(["a", "b", "c", "d"]), shortened(["a"])
    ('a,b,c + 1 more...', 'a')
    """
    total = len(items) if of is None else of
    shown = separator.join(items[:limit])
    return f"{shown} + {total - limit} more..." if len(items) > limit else shown


def boolean(found: Any) -> str:
    """True, False, or that it is not set."""
    return UNSET if found is None else str(bool(found))
