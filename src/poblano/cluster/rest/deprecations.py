"""What clients are warned of because they ask for a kind that is to go.

Source: k8s.io/apiserver/pkg/endpoints/deprecation/deprecation.go; apiextensions-apiserver customresource_handler.go
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from poblano.cluster.resources import Resource

_BUILT_IN: Final = {
    ("", "v1", "Endpoints"): "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice",
    ("", "v1", "ComponentStatus"): "v1 ComponentStatus is deprecated in v1.19+",
}


def deprecations(resource: Resource) -> Iterator[str]:
    """The warnings that go with every answer about a resource, in the version that is asked for."""
    if resource.custom is None:
        found = _BUILT_IN.get(resource.gvk)
    else:
        found = resource.custom.deprecation(resource.version)
    if found:
        yield found
