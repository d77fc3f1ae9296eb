"""The fluent client: ``await K8s(a.Pod).in_namespace("shop").with_label("tier", "data").list()``."""

from __future__ import annotations

from poblano.fluent.k8s import K8s

__all__ = ["K8s"]
