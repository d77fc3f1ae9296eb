"""The admission plugins of the server that judge or change every kind: policies in CEL, Pod security, quotas.

`Admission` is the chain they form with the webhooks. What a plugin does to one kind alone stands with that kind.
"""

from __future__ import annotations

from poblano.cluster.plugins.chain import Admission

__all__ = ["Admission"]
