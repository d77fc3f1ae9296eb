"""A CustomResourceDefinition on its way into storage: its defaults, what creators may not say, the versions stored.

Source: k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1/defaults.go; pkg/registry/customresourcedefinition/strategy.go
"""

from __future__ import annotations

from typing import Any

from poblano.cluster.custom.parts import part
from poblano.core.jsonvalue import Document, as_map, copied


def default_definition(crd: Document) -> None:
    """Fill in what was left out, in place. Doing it twice changes nothing.

    >>> crd = {"spec": {"names": {"plural": "carts", "kind": "Cart"}}}
    >>> default_definition(crd)
    >>> crd["spec"]
    {'names': {'plural': 'carts', 'kind': 'Cart', 'singular': 'cart', 'listKind': 'CartList'}, 'conversion': {'strategy': 'None'}}
    """
    spec = as_map(crd.setdefault("spec", {})) or {}
    names = as_map(spec.get("names"))
    if names is not None and names.get("kind"):
        names["singular"] = names.get("singular") or names["kind"].lower()
        names["listKind"] = names.get("listKind") or f"{names['kind']}List"
    conversion = spec.get("conversion") or {"strategy": "None"}
    spec["conversion"] = conversion
    service = part(conversion, "webhook", "clientConfig").get("service")
    if service is not None and service.get("port") is None:
        service["port"] = 443
    if spec.get("preserveUnknownFields") is False:
        del spec["preserveUnknownFields"]


def storage_version(crd: Document) -> str:
    """The version in which objects are stored."""
    for version in crd["spec"].get("versions") or ():
        if version.get("storage") is True:
            return str(version.get("name") or "")
    return ""


def prepare_for_create(crd: Document) -> None:
    """Start its life: no status but the version that objects will be stored in."""
    stored = storage_version(crd)
    crd["status"] = {"conditions": None, "acceptedNames": {"plural": "", "kind": ""}, "storedVersions": []}
    if stored:
        crd["status"]["storedVersions"] = [stored]
    crd.setdefault("metadata", {})["generation"] = 1


def prepare_for_update(crd: Document, old: Document) -> None:
    """Put back the status; a new storage version is remembered; a change of the spec is a new generation."""
    crd["status"] = copied(part(old, "status"))
    stored: list[str] = crd["status"].setdefault("storedVersions", [])
    current = storage_version(crd)
    if current and current not in (stored or ()):
        crd["status"]["storedVersions"] = [*(stored or ()), current]
    generation = int(part(old, "metadata").get("generation") or 0)
    changed = crd.get("spec") != old.get("spec")
    crd.setdefault("metadata", {})["generation"] = generation + 1 if changed else generation


def shared(versions: list[Document], key: str) -> tuple[bool, Any]:
    """Whether all versions say the same under a key, and what.

    Inside the API server that stands once above the versions, and complaints name it there.

    >>> shared([{"schema": {"a": 1}}, {"schema": {"a": 1}}], "schema")
    (True, {'a': 1})
    """
    values = [one.get(key) or None for one in versions]
    return (True, values[0]) if values and all(one == values[0] for one in values) else (False, None)
