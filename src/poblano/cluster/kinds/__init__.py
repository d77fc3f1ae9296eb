"""The built-in kinds of Kubernetes: how their objects are defaulted, prepared, validated and converted.

>>> strategy("", "ConfigMap").namespaced
True
"""

from __future__ import annotations

from poblano.cluster.kinds.catalog import strategy

__all__ = ["strategy"]
