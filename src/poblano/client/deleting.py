"""What a delete may ask for: a ``DeleteOptions``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from poblano.core.context import is_dry_run
from poblano.core.jsonvalue import Document

Propagation = Literal["Background", "Foreground", "Orphan"]


@dataclass(frozen=True, slots=True)
class Preconditions:
    """What must still be so for a delete to happen; "" is no condition."""

    uid: str = ""
    resource_version: str = ""


def delete_options(
    propagation: Propagation | None = None,
    grace_seconds: int | None = None,
    preconditions: Preconditions | None = None,
    *,
    dry: bool = False,
) -> Document:
    """The body of a delete. All is in it: an API server that gets a body does not look at the query.

    >>> delete_options("Foreground", preconditions=Preconditions(uid="7"))["preconditions"]
    {'uid': '7'}
    """
    options: Document = {"apiVersion": "v1", "kind": "DeleteOptions"}
    if propagation is not None:
        options["propagationPolicy"] = propagation
    if grace_seconds is not None:
        options["gracePeriodSeconds"] = grace_seconds
    if preconditions is not None:
        pairs = {"uid": preconditions.uid, "resourceVersion": preconditions.resource_version}
        options["preconditions"] = {key: value for key, value in pairs.items() if value}
    if dry or is_dry_run():
        options["dryRun"] = ["All"]
    return options
