"""The containers of a Pod, or of what makes Pods."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, cast, overload

from poblano.core.jsonvalue import Document
from poblano.core.requests import Request
from poblano.core.structs import Struct
from poblano.core.views import Items, wrong_shape

if TYPE_CHECKING:
    from poblano.models.core_v1 import Container, EphemeralContainer

ContainerKind: TypeAlias = Literal["containers", "init_containers", "ephemeral_containers"]

_KEYS: Final[Mapping[ContainerKind, str]] = {
    "containers": "containers",
    "init_containers": "initContainers",
    "ephemeral_containers": "ephemeralContainers",
}

_PLACES: Final = (
    ("spec",),  # Pod, PodTemplateSpec
    ("spec", "template", "spec"),  # Deployment, StatefulSet, DaemonSet, ReplicaSet, ReplicationController, Job
    ("spec", "jobTemplate", "spec", "template", "spec"),  # CronJob
    ("template", "spec"),  # PodTemplate
    ("spec", "jobTemplate", "template", "spec"),
    (),  # PodSpec
)


@overload
def containers(of: Struct | Request[Any], kind: None = None) -> list[Container | EphemeralContainer]: ...
@overload
def containers(of: Struct | Request[Any], kind: Literal["containers", "init_containers"]) -> list[Container]: ...
@overload
def containers(of: Struct | Request[Any], kind: Literal["ephemeral_containers"]) -> list[EphemeralContainer]: ...
def containers(of: Struct | Request[Any], kind: ContainerKind | None = None) -> Any:
    """The containers of a Pod or of the pod template in a Deployment, StatefulSet, DaemonSet, ReplicaSet, Job, CronJob,
    PodTemplate or a custom resource built like these.

    They are views: changing one changes the object. An object without Pods in it has none.

    Args:
        of: the object, the request about it, or its pod spec or template.
        kind: of which kind; by default all: containers, then init containers, then ephemeral ones.

    Raises:
        MalformedObject: when a list of containers is none, or something else than a map is in it.

    >>> from poblano.models.core_v1 import Pod
    >>> pod = Pod.of({"spec": {"containers": [{"name": "db"}], "initContainers": [{"name": "wait"}]}})
    >>> [c.name for c in containers(pod)], [c.name for c in containers(pod, "init_containers")]
    (['db', 'wait'], ['wait'])
    """
    view: Struct = of.raw if isinstance(of, Request) else of
    spec = _pod_spec(view.__document__())
    return [container for one in (_KEYS if kind is None else (kind,)) for container in _of_kind(spec, one)]


def _of_kind(spec: Document, kind: ContainerKind) -> list[Any]:
    found: Any = spec.get(_KEYS[kind])
    if found is None:
        return []
    if found.__class__ is not list:
        raise wrong_shape("a list of containers", _KEYS[kind], found)
    return list(Items[Any](found, _view(kind), key=_KEYS[kind]))


def _view(kind: ContainerKind) -> Any:
    from poblano.models import core_v1

    return core_v1.EphemeralContainer if kind == "ephemeral_containers" else core_v1.Container


def _pod_spec(document: Document) -> Document:
    """The first map that has containers of some kind."""
    for place in _PLACES:
        found: Any = document
        for key in place:
            found = cast("Document", found).get(key) if isinstance(found, dict) else None
        if isinstance(found, dict) and not found.keys().isdisjoint(_KEYS.values()):
            return cast("Document", found)
    return {}
