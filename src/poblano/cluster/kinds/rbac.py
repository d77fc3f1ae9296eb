"""Roles and their bindings.

Source: kubernetes/pkg/apis/rbac/validation, pkg/registry/rbac
"""

from __future__ import annotations

from typing import ClassVar, Final

from poblano.cluster import field_errors as errors
from poblano.cluster.field_errors import FieldError
from poblano.cluster.kinds import checks, names, selectors
from poblano.cluster.kinds.strategy import Strategy
from poblano.cluster.kinds.tree import many, struct
from poblano.core.jsonvalue import Document

_GROUP: Final = "rbac.authorization.k8s.io"


class _Access(Strategy):
    creates_on_update = True
    update_checks = ("create", "create", "update")

    def name_errors(self, name: str) -> list[str]:
        return names.path_segment(name)

    def validate_changes(self, obj: Document, old: Document) -> list[FieldError]:
        # Once by ValidateRole, once by ValidateRoleUpdate.
        return 2 * self.validate_content(obj, old)


class Role(_Access):
    """Source: ValidateRole"""

    def validate_content(self, obj: Document, old: Document | None = None) -> list[FieldError]:
        return [
            error
            for where, rule in checks.indexed(many(obj, "rules"), "rules")
            for error in _rule(rule, where, namespaced=self.namespaced)
        ]


class ClusterRole(Role):
    """Source: ValidateClusterRole"""

    namespaced = False

    def validate_content(self, obj: Document, old: Document | None = None) -> list[FieldError]:
        found = super().validate_content(obj, old)
        if obj.get("aggregationRule") is None:
            return found
        chosen, path = many(obj, "aggregationRule", "clusterRoleSelectors"), "aggregationRule.clusterRoleSelectors"
        if not chosen:
            text = "at least one clusterRoleSelector required if aggregationRule is non-nil"
            return [*found, errors.required(path, text)]
        for where, selector in checks.indexed(chosen, path):
            found += selectors.validate(selector, where)
        return found


def _rule(rule: Document, path: str, *, namespaced: bool) -> list[FieldError]:
    found = [] if many(rule, "verbs") else [errors.required(f"{path}.verbs", "verbs must contain at least one value")]
    urls = many(rule, "nonResourceURLs")
    if urls:
        if namespaced:
            text = "namespaced rules cannot apply to non-resource URLs"
            found.append(errors.invalid(f"{path}.nonResourceURLs", urls, text))
        if many(rule, "apiGroups") or many(rule, "resources") or many(rule, "resourceNames"):
            text = "rules cannot apply to both regular resources and non-resource URLs"
            found.append(errors.invalid(f"{path}.nonResourceURLs", urls, text))
        return found
    if not many(rule, "apiGroups"):
        found.append(errors.required(f"{path}.apiGroups", "resource rules must supply at least one api group"))
    if not many(rule, "resources"):
        found.append(errors.required(f"{path}.resources", "resource rules must supply at least one resource"))
    return found


class RoleBinding(_Access):
    """Source: ValidateRoleBinding"""

    role_kinds: ClassVar[tuple[str, ...]] = ("Role", "ClusterRole")

    def default(self, obj: Document, version: str = "") -> None:
        super().default(obj, version)
        for subject in many(obj, "subjects"):
            if subject.get("kind") in {"User", "Group"} and not subject.get("apiGroup"):
                subject["apiGroup"] = _GROUP

    def validate_content(self, obj: Document, old: Document | None = None) -> list[FieldError]:
        role = struct(obj, "roleRef")
        group, kind, name = (role.get(key) or "" for key in ("apiGroup", "kind", "name"))
        found = [] if group == _GROUP else [errors.not_supported("roleRef.apiGroup", group, (_GROUP,))]
        if kind not in self.role_kinds:
            found.append(errors.not_supported("roleRef.kind", kind, self.role_kinds))
        if not name:
            found.append(errors.required("roleRef.name"))
        found += checks.complaints("roleRef.name", name, names.path_segment(name))
        for where, subject in checks.indexed(many(obj, "subjects"), "subjects"):
            found += _subject(subject, where)
        return found

    def validate_changes(self, obj: Document, old: Document) -> list[FieldError]:
        found = super().validate_changes(obj, old)
        if obj.get("roleRef") != old.get("roleRef"):
            found.append(errors.invalid("roleRef", obj.get("roleRef"), "cannot change roleRef"))
        return found


class ClusterRoleBinding(RoleBinding):
    """Source: ValidateClusterRoleBinding"""

    namespaced = False
    role_kinds = ("ClusterRole",)


def _subject(subject: Document, path: str) -> list[FieldError]:
    kind, name, group = (subject.get(key) or "" for key in ("kind", "name", "apiGroup"))
    found = [] if name else [errors.required(f"{path}.name")]
    if kind == "ServiceAccount":
        found += checks.dns_subdomain(name, f"{path}.name") if name else []
        if group:
            found.append(errors.not_supported(f"{path}.apiGroup", group, ("",)))
        if not subject.get("namespace"):
            found.append(errors.required(f"{path}.namespace"))
    elif kind in {"User", "Group"}:
        if group != _GROUP:
            found.append(errors.not_supported(f"{path}.apiGroup", group, (_GROUP,)))
    else:
        found.append(errors.not_supported(f"{path}.kind", kind, ("ServiceAccount", "User", "Group")))
    return found
