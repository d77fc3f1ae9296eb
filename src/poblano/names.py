"""Names that Kubernetes takes."""

from __future__ import annotations

import re
from typing import Final

LABEL_LIMIT: Final = 63
"""RFC 1123: how long a label may be."""

_NOT_IN_A_NAME: Final = re.compile(r"[^a-z0-9-]+")


def sanitize_resource_name(text: str, limit: int = LABEL_LIMIT) -> str:
    """`text` as a name that Kubernetes takes for any resource: lower case, ``-`` for what may not be in it.

    Args:
        text: anything.
        limit: how many characters it may have.

    Returns:
        "" when nothing is left of it.

    >>> sanitize_resource_name("Björn's Pod_1")
    'bj-rn-s-pod-1'
    """
    return _NOT_IN_A_NAME.sub("-", text.lower())[:limit].strip("-")
