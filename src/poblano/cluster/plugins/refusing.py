"""The refusal of an admission plugin: "is forbidden", whatever the code.

Source: k8s.io/apiserver/pkg/admission/errors.go (NewForbidden, extractResourceName)
"""

from __future__ import annotations

from poblano.cluster import status
from poblano.cluster.attributes import Attributes
from poblano.cluster.kinds.tree import struct
from poblano.cluster.status import StatusError


def refusal(
    attributes: Attributes, why: str, *, reason: str = "Forbidden", code: int = 403, explained: bool = False
) -> StatusError:
    """The error for a request that a plugin does not let pass; `explained` has what it says as a cause, too."""
    metadata = struct(attributes.object, "metadata")
    name = attributes.name or metadata.get("name") or metadata.get("generateName") or "Unknown"
    causes = ({"message": why},) if explained else ()
    made = status.forbidden(attributes.resource.plural, name, why, group=attributes.resource.group, causes=causes)
    return StatusError(code, reason, made.message, details=made.details)
