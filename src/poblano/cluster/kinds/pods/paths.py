"""File paths inside volumes and containers.

Source: validateLocalDescendingPath and its kin in kubernetes/pkg/apis/core/validation
"""

from __future__ import annotations

from poblano.cluster import field_errors as errors
from poblano.cluster.field_errors import FieldError


def descending(value: str, path: str) -> list[FieldError]:
    """A relative path that never leaves its folder.

    >>> [e.detail for e in descending("/a/../b", "path")]
    ['must be a relative path', "must not contain '..'"]
    """
    found = [errors.invalid(path, value, "must be a relative path")] if value.startswith("/") else []
    return [*found, *no_backsteps(value, path)]


def no_backsteps(value: str, path: str) -> list[FieldError]:
    """A path without ``..``."""
    return [errors.invalid(path, value, "must not contain '..'")] if ".." in value.split("/") else []


def unreserved(value: str, path: str) -> list[FieldError]:
    """A relative path that does not start with two dots: those are kubelet's own."""
    found = descending(value, path)
    if value.startswith("..") and not value.startswith("../"):
        found.append(errors.invalid(path, value, "must not start with '..'"))
    return found
