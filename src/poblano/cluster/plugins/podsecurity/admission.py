"""Who is held to the Pod Security Standards: Pods, and with warnings only what makes Pods.

Source: k8s.io/pod-security-admission/admission/admission.go
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from poblano.cluster import status
from poblano.cluster.attributes import Attributes
from poblano.cluster.kinds.tree import struct
from poblano.cluster.plugins.podsecurity.baseline import BASELINE
from poblano.cluster.plugins.podsecurity.findings import Check, Finding, containers
from poblano.cluster.plugins.podsecurity.levels import LEVELS, Level, asked
from poblano.cluster.plugins.podsecurity.restricted import RESTRICTED
from poblano.cluster.plugins.refusing import refusal
from poblano.cluster.reading import Lookup
from poblano.core.jsonvalue import Document

_CHECKS: Final[dict[str, tuple[Check, ...]]] = {"privileged": (), "baseline": BASELINE, "restricted": RESTRICTED}
_PART_OF_POD: Final = ("", "ephemeralcontainers", "resize")
_TEMPLATE: Final = ("spec", "template")
_MAKERS: Final[dict[tuple[str, str], tuple[str, ...]]] = {
    ("", "podtemplates"): ("template",),
    ("", "replicationcontrollers"): _TEMPLATE,
    ("apps", "replicasets"): _TEMPLATE,
    ("apps", "deployments"): _TEMPLATE,
    ("apps", "statefulsets"): _TEMPLATE,
    ("apps", "daemonsets"): _TEMPLATE,
    ("batch", "jobs"): _TEMPLATE,
    ("batch", "cronjobs"): ("spec", "jobTemplate", *_TEMPLATE),
}
_ANNOTATIONS: Final = (
    "container.apparmor.security.beta.kubernetes.io/",
    "container.seccomp.security.alpha.kubernetes.io/",
)


def judge(attributes: Attributes, lookup: Lookup) -> None:
    """Nothing, if the Pod is what its namespace asks for; adds warnings.

    Raises:
        StatusError: 403 for a Pod, 422 for a Namespace whose labels make no sense.
    """
    new = attributes.object
    if new is None or attributes.operation not in ("CREATE", "UPDATE"):
        return
    resource = (attributes.resource.group, attributes.resource.plural)
    if resource == ("", "namespaces"):
        if not attributes.subresource:
            _judge_namespace(attributes, new, lookup)
    elif resource == ("", "pods"):
        if attributes.subresource in _PART_OF_POD and _matters(new, attributes.old_object):
            _judge_pod(attributes, new, lookup, enforce=True)
    elif resource in _MAKERS and not attributes.subresource:
        _judge_pod(attributes, struct(new, *_MAKERS[resource]), lookup, enforce=False)


def findings(level: Level, pod: Document) -> list[Finding]:
    """Why a Pod, or the template of one, violates a level."""
    metadata, spec = struct(pod, "metadata"), struct(pod, "spec")
    return [found for check in _CHECKS[level.name] if (found := check(metadata, spec)) is not None]


def _judge_pod(attributes: Attributes, pod: Document, lookup: Lookup, *, enforce: bool) -> None:
    namespace = lookup.get("", "namespaces", "", attributes.namespace)
    levels, _ = asked(struct(namespace, "metadata", "labels"))
    if enforce and (found := findings(levels.enforced, pod)):
        raise refusal(attributes, f'violates PodSecurity "{levels.enforced}": {", ".join(map(str, found))}')
    if found := findings(levels.warned, pod):
        attributes.warnings.append(f'would violate PodSecurity "{levels.warned}": {", ".join(map(str, found))}')


def _matters(new: Document, old: Document | None) -> bool:
    """Whether what changed in a Pod could violate anything: most of a Pod cannot change."""
    return old is None or _changeable(new) != _changeable(old)


def _changeable(pod: Document) -> tuple[object, ...]:
    annotations = struct(pod, "metadata", "annotations")
    images = [(one.get("name"), one.get("image")) for one in containers(struct(pod, "spec"))]
    return images, {key: value for key, value in annotations.items() if key.startswith(_ANNOTATIONS)}


def _judge_namespace(attributes: Attributes, new: Document, lookup: Lookup) -> None:
    levels, wrong = asked(struct(new, "metadata", "labels"))
    before, wrong_before = asked(struct(attributes.old_object, "metadata", "labels"))
    if wrong and (attributes.operation == "CREATE" or wrong != wrong_before):
        raise status.invalid("Namespace", attributes.name, wrong)
    if attributes.operation == "UPDATE" and _stricter(levels.enforced, before.enforced):
        attributes.warnings.extend(_about_pods(attributes.name, levels.enforced, lookup))


def _stricter(new: Level, old: Level) -> bool:
    if new == old or new.allows_everything:
        return False
    return new.version != old.version or LEVELS.index(new.name) > LEVELS.index(old.name)


def _about_pods(namespace: str, level: Level, lookup: Lookup) -> Iterator[str]:
    """What there is already and would no longer be let in."""
    together: dict[str, list[str]] = {}
    for pod in lookup.list("", "pods", namespace):
        if found := findings(level, pod):
            together.setdefault(", ".join(one.reason for one in found), []).append(pod["metadata"]["name"])
    if together:
        yield f'existing pods in namespace "{namespace}" violate the new PodSecurity enforce level "{level}"'
    for reasons, names in together.items():
        others = len(names) - 1
        more = "" if not others else f" (and {others} other pod{'s' if others > 1 else ''})"
        yield f"{names[0]}{more}: {reasons}"
