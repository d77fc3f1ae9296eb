"""How large the record of a release is that Helm keeps: in a Secret, which takes 1 MiB.

It has the chart and what was rendered, so that a large part of it is there twice.
Source: helm/pkg/storage/driver/util.go, encodeRelease.
"""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Mapping
from typing import Final

MOST: Final = 1024 * 1024
"""Bytes of a Secret. Source: k8s.io/api/core/v1, MaxSecretSize."""


def record_size(chart: Mapping[str, str], manifests: str) -> int:
    """Bytes of the record of a release, within a tenth.

    Args:
        chart: the files of the chart.
        manifests: what it is rendered to.
    """
    files = [{"name": name, "data": base64.b64encode(text.encode()).decode()} for name, text in sorted(chart.items())]
    record = json.dumps({"chart": {"templates": files}, "manifest": manifests})
    return len(base64.b64encode(gzip.compress(record.encode(), mtime=0)))
