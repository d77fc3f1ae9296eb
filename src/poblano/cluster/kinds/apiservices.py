"""APIService. There is no aggregation: every API is served by the cluster itself.

Source: k8s.io/kube-aggregator pkg/apis/apiregistration/validation
"""

from __future__ import annotations

from poblano.cluster import field_errors as errors
from poblano.cluster.field_errors import FieldError
from poblano.cluster.kinds import metadata, names
from poblano.cluster.kinds.strategy import Strategy
from poblano.cluster.kinds.tree import struct
from poblano.cluster.reading import Lookup
from poblano.core.jsonvalue import Document


class APIService(Strategy):
    """Source: ValidateAPIService"""

    namespaced = False
    has_status = True
    unconditional_update = False

    def name_errors(self, name: str) -> list[str]:
        return names.path_segment(name)

    def prepare_for_create(self, obj: Document, lookup: Lookup) -> None:
        super().prepare_for_create(obj, lookup)
        if struct(obj, "spec").get("service") is None:
            text = "Local APIServices are always available"
            local = {"type": "Available", "status": "True", "reason": "Local", "message": text}
            obj["status"] = {"conditions": [{**local, "lastTransitionTime": lookup.now()}]}

    def validate_content(self, obj: Document, old: Document | None = None) -> list[FieldError]:
        spec, name = struct(obj, "spec"), metadata.of(obj).get("name") or ""
        version, group = spec.get("version") or "", spec.get("group") or ""
        required = f"{version}.{group}"
        found: list[FieldError] = []
        if name != required:
            text = f'must be `spec.version+"."+spec.group`: {required}'
            found.append(errors.invalid("metadata.name", name, text))
        if group:
            found += [errors.invalid("spec.group", group, one) for one in names.subdomain(group)]
        found += [errors.invalid("spec.version", version, one) for one in names.dns1035(version)]
        for key in ("groupPriorityMinimum", "versionPriority"):
            value, most = spec.get(key) or 0, 20000 if key.startswith("group") else 1000
            if not 0 < value <= most:
                text = f"must be positive and less than {most}"
                found.append(errors.invalid(f"spec.{key}", value, text))
        return found
