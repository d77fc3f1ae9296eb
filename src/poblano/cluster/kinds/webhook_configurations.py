"""MutatingWebhookConfiguration and ValidatingWebhookConfiguration.

Source: kubernetes/pkg/apis/admissionregistration/validation, pkg/registry/admissionregistration
"""

from __future__ import annotations

from typing import Final

from poblano.cluster import field_errors as errors
from poblano.cluster.field_errors import FieldError
from poblano.cluster.kinds import admission_rules, checks, names, selectors, webhook_urls
from poblano.cluster.kinds.strategy import Strategy
from poblano.cluster.kinds.tree import many, struct
from poblano.core.jsonvalue import Document

_VERSIONS: Final = frozenset({"v1", "v1beta1"})
_SIDE_EFFECTS: Final = ("None", "NoneOnDryRun")


class ValidatingWebhookConfiguration(Strategy):
    """Source: ValidateValidatingWebhookConfiguration"""

    namespaced = False
    counts_generation = True
    generation_of = ("webhooks",)
    unconditional_update = False
    update_checks = ("create",)

    def validate_content(self, obj: Document, old: Document | None = None) -> list[FieldError]:
        found: list[FieldError] = []
        seen: set[str] = set()
        for where, hook in checks.indexed(many(obj, "webhooks"), "webhooks"):
            found += self._hook(hook, where)
            name = hook.get("name") or ""
            if name in seen:
                found.append(errors.duplicate(f"{where}.name", name))
            elif name:
                seen.add(name)
        return found

    def _hook(self, hook: Document, path: str) -> list[FieldError]:
        name, effects = hook.get("name") or "", hook.get("sideEffects")
        found = [] if name else [errors.required(f"{path}.name")]
        found += checks.complaints(f"{path}.name", name, names.fully_qualified(name))
        for where, rule in checks.indexed(many(hook, "rules"), f"{path}.rules"):
            found += admission_rules.rule(rule, where)
        found += checks.known(hook.get("failurePolicy"), f"{path}.failurePolicy", "Fail", "Ignore")
        found += checks.known(hook.get("matchPolicy"), f"{path}.matchPolicy", "Equivalent", "Exact")
        if effects is None:
            text = f"must specify one of {', '.join(_SIDE_EFFECTS)}"
            found.append(errors.required(f"{path}.sideEffects", text))
        found += checks.known(effects, f"{path}.sideEffects", *_SIDE_EFFECTS)
        seconds = hook.get("timeoutSeconds")
        if seconds is not None and not 1 <= seconds <= 30:
            text = "the timeout value must be between 1 and 30 seconds"
            found.append(errors.invalid(f"{path}.timeoutSeconds", seconds, text))
        for key in ("namespaceSelector", "objectSelector"):
            found += selectors.validate(hook.get(key), f"{path}.{key}")
        found += self._of_kind(hook, path)
        found += webhook_urls.client_config(struct(hook, "clientConfig"), f"{path}.clientConfig")
        found += _versions(many(hook, "admissionReviewVersions"), f"{path}.admissionReviewVersions")
        return found + admission_rules.conditions(many(hook, "matchConditions"), f"{path}.matchConditions")

    def _of_kind(self, hook: Document, path: str) -> list[FieldError]:
        return []


class MutatingWebhookConfiguration(ValidatingWebhookConfiguration):
    """Source: ValidateMutatingWebhookConfiguration"""

    def _of_kind(self, hook: Document, path: str) -> list[FieldError]:
        policy = hook.get("reinvocationPolicy")
        return checks.known(policy, f"{path}.reinvocationPolicy", "IfNeeded", "Never")


def _versions(versions: list[str], path: str) -> list[FieldError]:
    known = ", ".join(sorted(_VERSIONS))
    if not versions:
        return [errors.required(path, f"must specify one of {known}")]
    found: list[FieldError] = []
    seen: set[str] = set()
    for where, version in checks.indexed(versions, path):
        if version in seen:
            found.append(errors.invalid(where, version, "duplicate version"))
            continue
        seen.add(version)
        found += checks.complaints(where, version, names.dns1035(version))
    if not seen & _VERSIONS:
        found.append(errors.invalid(path, versions, f"must include at least one of {known}"))
    return found
