"""The Pod Security Standards, enforced where the labels of a namespace ask for them.

`levels` is what the labels say; `baseline` and `restricted` are the checks; `admission` who is held to them.

Source: k8s.io/pod-security-admission
"""

from __future__ import annotations

from poblano.cluster.plugins.podsecurity.admission import judge

__all__ = ["judge"]
