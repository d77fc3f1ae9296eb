"""ResourceQuotas: how much a namespace may hold.

`usage` is what an object takes; `scopes` which objects a quota is about; `admission` refuses what would be too much.

Source: kubernetes/pkg/quota/v1, k8s.io/apiserver/pkg/admission/plugin/resourcequota
"""

from __future__ import annotations

from poblano.cluster.plugins.quota.admission import judge
from poblano.cluster.plugins.quota.usage import total

__all__ = ["judge", "total"]
