"""What kind of thing an object is: group, version, kind, plural and scope.

>>> pod = Kind("", "v1", "Pod", "pods")
>>> pod.api_version, pod.path("shop", "db")
('v1', '/api/v1/namespaces/shop/pods/db')
>>> Kind("apps", "v1", "Deployment", "deployments").path("shop")
'/apis/apps/v1/namespaces/shop/deployments'
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote


@dataclass(frozen=True, slots=True)
class Kind:
    """A served kind. `group` is empty for the core group; `plural` is the resource's name in URLs and rules."""

    group: str
    version: str
    kind: str
    plural: str
    namespaced: bool = True

    @property
    def api_version(self) -> str:
        """The ``apiVersion`` of its objects: ``v1``, ``apps/v1``."""
        return f"{self.group}/{self.version}" if self.group else self.version

    def path(self, namespace: str = "", name: str = "", subresource: str = "") -> str:
        """The URL path of the collection, of one object, or of a subresource of it. Parts are percent-encoded."""
        parts = ["/api" if not self.group else f"/apis/{self.group}", self.version]
        if namespace and self.namespaced:
            parts += ["namespaces", quote(namespace, safe="")]
        parts += [self.plural, *(quote(part, safe="") for part in (name, subresource) if part)]
        return "/".join(parts)

    def __str__(self) -> str:
        return f"{self.api_version} {self.kind}"
