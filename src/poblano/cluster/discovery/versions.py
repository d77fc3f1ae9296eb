"""Which version of a group is preferred.

Source: k8s.io/apimachinery/pkg/version/helpers.go (CompareKubeAwareVersionStrings)
"""

from __future__ import annotations

import re
from typing import Final

_VERSION: Final = re.compile(r"v([1-9][0-9]*)(?:(alpha|beta)([1-9][0-9]*))?")
_MATURITY: Final = {None: 2, "beta": 1, "alpha": 0}


def by_preference(version: str) -> tuple[int, int, int, int, str]:
    """The key by which versions sort, the preferred one first: general before beta before alpha, newer before older.

    >>> sorted(["v1beta2", "foo", "v2", "v1", "v3alpha1", "bar"], key=by_preference)
    ['v2', 'v1', 'v1beta2', 'v3alpha1', 'bar', 'foo']
    """
    read = _VERSION.fullmatch(version)
    if read is None:
        return (1, 0, 0, 0, version)
    major, stage, minor = read.groups()
    return (0, -_MATURITY[stage], -int(major), -int(minor or 0), "")
