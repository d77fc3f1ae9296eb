"""What is wrong with the containers of a Pod: regular, init and ephemeral ones.

Source: validateContainers and its kin in kubernetes/pkg/apis/core/validation
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from poblano.cluster import field_errors as errors
from poblano.cluster.field_errors import FieldError
from poblano.cluster.kinds import checks, names
from poblano.cluster.kinds.pods import env, handlers, mounts, resources, security
from poblano.cluster.kinds.tree import many
from poblano.core.jsonvalue import Document

_NO_INIT: Final = ("lifecycle", "livenessProbe", "readinessProbe", "startupProbe")
_EPHEMERAL: Final = ("ports", "livenessProbe", "readinessProbe", "startupProbe", "lifecycle", "resizePolicy")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the containers of a Pod refer to.

    Args:
        volumes: the Pod's, by name.
        claims: the names of its resource claims.
        grace: its terminationGracePeriodSeconds.
        restart: its restartPolicy.
    """

    volumes: Mapping[str, Document]
    claims: frozenset[str]
    grace: int
    restart: str


def validate(spec: Document, around: Surroundings, path: str) -> list[FieldError]:
    """What is wrong with all containers of a PodSpec."""
    return [
        *_regular(many(spec, "containers"), around, f"{path}.containers"),
        *_init(spec, around, f"{path}.initContainers"),
        *_ephemeral(spec, around, f"{path}.ephemeralContainers"),
    ]


def _regular(containers: list[Document], around: Surroundings, path: str) -> list[FieldError]:
    if not containers:
        return [errors.required(path)]
    found: list[FieldError] = []
    seen: set[str] = set()
    for where, container in checks.indexed(containers, path):
        found += _common(container, around, where) + _name_twice(container, seen, where)
        found += handlers.container_handlers(container, around.grace, where)
        found += _restart_policy(container, where)
    return [*found, *_host_ports(containers, path)]


def _restart_policy(container: Document, path: str) -> list[FieldError]:
    policy, rules = container.get("restartPolicy"), many(container, "restartPolicyRules")
    allowed = ("Always", "OnFailure", "Never")
    found = checks.known(policy, f"{path}.restartPolicy", *allowed)
    if rules and policy is None:
        text = "must specify restartPolicy when restart rules are used"
        found.append(errors.required(f"{path}.restartPolicy", text))
    return found


def _init(spec: Document, around: Surroundings, path: str) -> list[FieldError]:
    found: list[FieldError] = []
    seen = {one.get("name") or "" for one in many(spec, "containers")}
    for where, container in checks.indexed(many(spec, "initContainers"), path):
        found += _common(container, around, where)
        found += _restart_policy(container, where) + _name_twice(container, seen, where)
        found += _host_ports([container], path)
        if container.get("restartPolicy") == "Always":
            found += handlers.container_handlers(container, around.grace, where)
        else:
            text = "may not be set for init containers without restartPolicy=Always"
            found += [errors.forbidden(f"{where}.{key}", text) for key in _NO_INIT if container.get(key) is not None]
    return found


def _ephemeral(spec: Document, around: Surroundings, path: str) -> list[FieldError]:
    found: list[FieldError] = []
    others = {one.get("name") or "" for key in ("containers", "initContainers") for one in many(spec, key)}
    seen = set(others)
    for where, container in checks.indexed(many(spec, "ephemeralContainers"), path):
        found += _common(container, around, where) + trimmed_image(container, where)
        found += _name_twice(container, seen, where)
        target = container.get("targetContainerName")
        if target and target not in others:
            found.append(errors.not_found(f"{where}.targetContainerName", target))
        text = "cannot be set for an Ephemeral Container"
        given = [key for key in (*_EPHEMERAL, "resources") if container.get(key)]
        found += [errors.forbidden(f"{where}.{key}", text) for key in given]
        for mount_path, mount in checks.indexed(many(container, "volumeMounts"), f"{where}.volumeMounts"):
            subs = [key for key in ("subPath", "subPathExpr") if mount.get(key)]
            found += [errors.forbidden(f"{mount_path}.{key}", text) for key in subs]
    return found


def _name_twice(container: Document, seen: set[str], path: str) -> list[FieldError]:
    name = container.get("name") or ""
    if name in seen:
        return [errors.duplicate(f"{path}.name", name)]
    seen.add(name)
    return []


def _common(container: Document, around: Surroundings, path: str) -> list[FieldError]:
    name = container.get("name") or ""
    found = checks.dns_label(name, f"{path}.name") if name else [errors.required(f"{path}.name")]
    if not container.get("image"):
        found.append(errors.required(f"{path}.image"))
    policy = container.get("terminationMessagePolicy")
    where = f"{path}.terminationMessagePolicy"
    return [
        *found,
        *checks.choice(policy, where, "File", "FallbackToLogsOnError"),
        *_ports(container, f"{path}.ports"),
        *env.validate(many(container, "env"), f"{path}.env"),
        *env.validate_from(many(container, "envFrom"), f"{path}.envFrom"),
        *mounts.validate(container, around.volumes, path),
        *checks.choice(container.get("imagePullPolicy"), f"{path}.imagePullPolicy", "Always", "IfNotPresent", "Never"),
        *resources.validate(container.get("resources"), f"{path}.resources", around.claims),
        *_resize(container, around, f"{path}.resizePolicy"),
        *security.container(container.get("securityContext"), f"{path}.securityContext"),
    ]


def trimmed_image(container: Document, path: str) -> list[FieldError]:
    """The image of a Pod's container has no space around it; that of a template may."""
    image = container.get("image") or ""
    if image == image.strip():
        return []
    return [errors.invalid(f"{path}.image", image, "must not have leading or trailing whitespace")]


def _ports(container: Document, path: str) -> list[FieldError]:
    found: list[FieldError] = []
    seen: set[str] = set()
    for where, port in checks.indexed(many(container, "ports"), path):
        name = port.get("name")
        wrong = checks.complaints(f"{where}.name", name, names.port_name(name)) if name else []
        if name in seen and not wrong:
            wrong.append(errors.duplicate(f"{where}.name", name))
        if name:
            seen.add(name)
        number, host = port.get("containerPort") or 0, port.get("hostPort") or 0
        wrong += checks.complaints(f"{where}.containerPort", number, names.port_number(number) if number else ())
        if not number:
            wrong.append(errors.required(f"{where}.containerPort"))
        wrong += checks.complaints(f"{where}.hostPort", host, names.port_number(host) if host else ())
        found += wrong + checks.choice(port.get("protocol"), f"{where}.protocol", "SCTP", "TCP", "UDP")
    return found


def _host_ports(containers: list[Document], path: str) -> list[FieldError]:
    found: list[FieldError] = []
    seen: set[str] = set()
    for where, container in checks.indexed(containers, path):
        for port_path, port in checks.indexed(many(container, "ports"), f"{where}.ports"):
            if not port.get("hostPort"):
                continue
            text = f"{port.get('protocol', '')}/{port.get('hostIP', '')}/{port['hostPort']}"
            if text in seen:
                found.append(errors.duplicate(f"{port_path}.hostPort", text))
            seen.add(text)
    return found


def _resize(container: Document, around: Surroundings, path: str) -> list[FieldError]:
    found: list[FieldError] = []
    seen: set[str] = set()
    for where, policy in checks.indexed(many(container, "resizePolicy"), path):
        name, restart = policy.get("resourceName") or "", policy.get("restartPolicy") or ""
        if name in seen:
            found.append(errors.duplicate(where, name))
        seen.add(name)
        found += checks.choice(name, path, "cpu", "memory")
        found += checks.choice(restart, path, "NotRequired", "RestartContainer")
        if around.restart == "Never" and restart != "NotRequired":
            text = "must be 'NotRequired' when `restartPolicy` is 'Never'"
            found.append(errors.invalid(path, restart, text))
    return found
