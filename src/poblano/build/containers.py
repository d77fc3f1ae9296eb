"""The container that runs the module: command, environment, ports, probes, and what it may."""

from __future__ import annotations

from typing import Final

from poblano.build.lifetime import LIVENESS, READINESS, STARTUP
from poblano.build.plan import Plan
from poblano.build.podvalues import IGNORED, PodValues
from poblano.build.schemas import MAP, MAPS, MOUNTS, NAMED, PROBE, RESOURCES, TEXT, one_of
from poblano.build.tree import Joined, Namespace, Slot, Text, Tree, WhenGiven
from poblano.core.deployed import (
    ARCHIVE,
    CERTIFICATES_FOLDER,
    CONTAINER,
    IGNORED_VARIABLE,
    MODULE_FOLDER,
    TEMPORARY_FOLDER,
)
from poblano.core.jsonvalue import Document

SECURITY: Final[Document] = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
}
"""With what a pod has, all that the restricted Pod Security Standard asks for, and a root that nobody writes to."""

ADMISSION_RESOURCES: Final[Document] = {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "384Mi"}}
WATCHER_RESOURCES: Final[Document] = {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "512Mi"}}


def container(plan: Plan, values: PodValues) -> Tree:
    """The container of a pod."""
    return {
        "name": CONTAINER,
        "image": values.slot("image", plan.image, TEXT, "Image of the container."),
        "imagePullPolicy": values.slot(
            "imagePullPolicy",
            "IfNotPresent",
            one_of("Always", "IfNotPresent", "Never"),
            "When the image is pulled. Always is for a tag that moves.",
        ),
        "command": ["poblano", "run"],
        "args": arguments(plan, values),
        "env": _environment(plan, values),
        "envFrom": values.slot("envFrom", [], MAPS, "ConfigMaps and Secrets whose items are environment variables."),
        "ports": _ports(values),
        **_probes(values),
        "lifecycle": values.slot(
            "lifecycle",
            {},
            MAP,
            "Hooks of the container. It needs none: on SIGTERM it serves on until it is forgotten.",
        ),
        "resources": _resources(values),
        "securityContext": values.slot(
            "containerSecurityContext", SECURITY, MAP, "What the container may. The default is the restricted standard."
        ),
        "volumeMounts": _mounts(plan, values),
    }


def arguments(plan: Plan, values: PodValues) -> list[str]:
    """What `poblano run` is told beside its environment."""
    told = ["--role", values.role, "--host="]
    if plan.archive is not None:
        told += ["--archive", f"{MODULE_FOLDER}/{ARCHIVE}", "--sha256", plan.archive.sha256]
    if values.role == "admission":
        told += ["--certificates", plan.options.certificates]
        if has_certificate_files(plan, values):
            told += ["--cert", f"{CERTIFICATES_FOLDER}/tls.crt", "--key", f"{CERTIFICATES_FOLDER}/tls.key"]
    elif plan.options.work != "elected":
        told += ["--work", plan.options.work]
    return told


def has_certificate_files(plan: Plan, values: PodValues) -> bool:
    """Whether a Secret is mounted with a certificate that others make."""
    return values.role == "admission" and plan.options.certificates != "self"


def _environment(plan: Plan, values: PodValues) -> Joined:
    level = values.slot(
        "logLevel",
        plan.settings.log_level,
        one_of("debug", "info", "warning", "error"),
        "What is logged: this and what is worse.",
    )
    # A kubelet puts another variable in for $(NAME); $$ is a plain $ to it. What a module is given is the same anywhere.
    given = [{"name": name, "value": value.replace("$", "$$")} for name, value in plan.settings.env.items()]
    about = "Environment variables of the container; the default is `env` of the module's settings."
    ports = {"POBLANO_HTTPS_PORT": values.port} if values.role == "admission" else {}
    # The paths of webhooks are named after these: a process has to serve those that were built.
    asked = {"POBLANO_ON_ERROR": plan.settings.on_error, "POBLANO_WEBHOOK_TIMEOUT": str(plan.settings.webhook_timeout)}
    fixed = {
        "POBLANO_NAMESPACE": Namespace(),
        "POBLANO_MODULE": plan.settings.module,
        "POBLANO_LOG_LEVEL": level,
        **(asked if values.role == "admission" else {}),
        **{name: Text((port,)) for name, port in {**ports, "POBLANO_HEALTH_PORT": values.health_port}.items()},
    }
    ignored = WhenGiven(IGNORED, {"name": IGNORED_VARIABLE, "value": Text((IGNORED,))})
    return Joined(
        (*({"name": name, "value": value} for name, value in fixed.items()), ignored),
        values.slot("env", given, NAMED, about),
    )


def _ports(values: PodValues) -> list[Tree]:
    webhooks = [{"name": "https", "containerPort": values.port, "protocol": "TCP"}]
    health = {"name": "health", "containerPort": values.health_port, "protocol": "TCP"}
    return [*(webhooks if values.role == "admission" else []), health]


def _probes(values: PodValues) -> dict[str, Slot]:
    return {
        "startupProbe": values.slot(
            "startupProbe", STARTUP, PROBE, "How long a start may take, before it is given up."
        ),
        "readinessProbe": values.slot("readinessProbe", READINESS, PROBE, "Whether requests may come."),
        "livenessProbe": values.slot("livenessProbe", LIVENESS, PROBE, "Whether a restart would help."),
    }


def _resources(values: PodValues) -> Slot:
    admission = values.role == "admission"
    about = (
        "What the container asks for and may have. A limit on CPU is better left out: whoever is throttled answers late."
        if admission
        else "What the container asks for and may have. It needs 3 KB more for each object that it follows, or all of it."
    )
    return values.slot("resources", ADMISSION_RESOURCES if admission else WATCHER_RESOURCES, RESOURCES, about)


def _mounts(plan: Plan, values: PodValues) -> Joined:
    mounts: list[Document] = [{"name": "tmp", "mountPath": TEMPORARY_FOLDER}]
    if plan.archive is not None:
        mounts.append({"name": "module", "mountPath": MODULE_FOLDER, "readOnly": True})
    if has_certificate_files(plan, values):
        mounts.append({"name": "certificates", "mountPath": CERTIFICATES_FOLDER, "readOnly": True})
    more = values.slot("extraVolumeMounts", [], MOUNTS, "Where the container has what is in extraVolumes.")
    return Joined(tuple(mounts), more)
