"""Probes and lifecycle hooks: what is wrong with them.

Source: validateProbe, validateHandler in kubernetes/pkg/apis/core/validation
"""

from __future__ import annotations

from typing import Final

from poblano.cluster import field_errors as errors
from poblano.cluster.field_errors import FieldError
from poblano.cluster.kinds import checks, names
from poblano.cluster.kinds.tree import many
from poblano.core.jsonvalue import Document

_COUNTS: Final = ("initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold")
_PROBE_HANDLERS: Final = ("exec", "httpGet", "tcpSocket", "grpc")
_HOOK_HANDLERS: Final = ("exec", "httpGet", "tcpSocket", "sleep")


def container_handlers(container: Document, grace: int, path: str) -> list[FieldError]:
    """What is wrong with the hooks and probes of a container that may have them."""
    return [
        *lifecycle(container.get("lifecycle"), grace, f"{path}.lifecycle"),
        *_liveness(container.get("livenessProbe"), f"{path}.livenessProbe"),
        *_readiness(container.get("readinessProbe"), f"{path}.readinessProbe"),
        *_liveness(container.get("startupProbe"), f"{path}.startupProbe"),
    ]


def lifecycle(hooks: Document | None, grace: int, path: str) -> list[FieldError]:
    """What is wrong with postStart and preStop."""
    found: list[FieldError] = []
    for name in ("postStart", "preStop"):
        hook = (hooks or {}).get(name)
        if hook is not None:
            found += _handler(hook, _HOOK_HANDLERS, f"{path}.{name}", grace)
    return found


def _liveness(probe: Document | None, path: str) -> list[FieldError]:
    if probe is None:
        return []
    found = _probe(probe, path)
    if probe.get("successThreshold") != 1:
        found.append(errors.invalid(f"{path}.successThreshold", probe.get("successThreshold") or 0, "must be 1"))
    return found


def _readiness(probe: Document | None, path: str) -> list[FieldError]:
    if probe is None:
        return []
    found = _probe(probe, path)
    grace = probe.get("terminationGracePeriodSeconds")
    if grace is not None:
        where = f"{path}.terminationGracePeriodSeconds"
        found.append(errors.invalid(where, grace, "must not be set for readinessProbes"))
    return found


def _probe(probe: Document, path: str) -> list[FieldError]:
    return [
        *_handler(probe, _PROBE_HANDLERS, path, 0),
        *checks.nonnegative(probe, path, *_COUNTS),
        *checks.positive(probe, path, "terminationGracePeriodSeconds"),
    ]


def _handler(handler: Document, kinds: tuple[str, ...], path: str, grace: int) -> list[FieldError]:
    found: list[FieldError] = []
    given = [kind for kind in kinds if handler.get(kind) is not None]
    if not given:
        return [errors.required(path, "must specify a handler type")]
    for kind in given[1:]:
        found.append(errors.forbidden(f"{path}.{kind}", "may not specify more than 1 handler type"))
    return [*_action(given[0], handler[given[0]], f"{path}.{given[0]}", grace), *found]


def _action(kind: str, action: Document, path: str, grace: int) -> list[FieldError]:
    match kind:
        case "exec":
            return checks.needed(action, path, "command")
        case "httpGet":
            return _http_get(action, path)
        case "sleep":
            seconds = action.get("seconds") or 0
            if 0 < seconds <= grace:
                return []
            text = f"must be greater than 0 and less than terminationGracePeriodSeconds ({grace})"
            return [errors.invalid(path, seconds, text)]
        case _:
            return checks.port_or_name(action.get("port"), f"{path}.port")


def _http_get(action: Document, path: str) -> list[FieldError]:
    found = checks.needed(action, path, "path")
    found += checks.port_or_name(action.get("port"), f"{path}.port")
    scheme = action.get("scheme") or ""
    if scheme not in {"HTTP", "HTTPS"}:
        found.append(errors.not_supported(f"{path}.scheme", scheme, ("HTTP", "HTTPS")))
    for header in many(action, "httpHeaders"):
        name = header.get("name") or ""
        found += checks.complaints(f"{path}.httpHeaders", name, names.header_name(name))
    return found
