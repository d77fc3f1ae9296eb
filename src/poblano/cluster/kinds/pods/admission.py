"""What the admission plugins of the server do to a new Pod: priority, tolerations, the overhead of its runtime.

Source: kubernetes/plugin/pkg/admission: priority, defaulttolerationseconds, runtimeclass
"""

from __future__ import annotations

from typing import Final

from poblano.cluster import status
from poblano.cluster.kinds.tree import many, struct
from poblano.cluster.reading import Lookup
from poblano.core.jsonvalue import Document

_SYSTEM: Final = {"system-cluster-critical": 2_000_000_000, "system-node-critical": 2_000_001_000}
_PREEMPTS: Final = "PreemptLowerPriority"
_UNAVAILABLE: Final = ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")
_SECONDS: Final = 300


def admit(pod: Document, lookup: Lookup) -> None:
    """Completes a new Pod.

    Raises:
        StatusError: it names a class that there is not, or contradicts the one it names.
    """
    _priority(pod, lookup)
    _tolerations(pod["spec"])
    _runtime(pod, lookup)


def complete(pod: Document, old: Document) -> None:
    """Puts back into the new state of a Pod what was computed when it was made."""
    for key in ("priority", "preemptionPolicy"):
        if key in struct(old, "spec"):
            pod["spec"].setdefault(key, old["spec"][key])
    _tolerations(pod["spec"])


def _priority(pod: Document, lookup: Lookup) -> None:
    spec = pod["spec"]
    name = spec.get("priorityClassName")
    found = _class(pod, name, lookup) if name else _default_class(lookup)
    if found:
        spec["priorityClassName"] = struct(found, "metadata")["name"]
    value, policy = int((found or {}).get("value") or 0), (found or {}).get("preemptionPolicy") or _PREEMPTS
    computed = "must not be provided in pod spec; priority admission controller computed"
    if spec.get("priority") not in (None, value):
        given = f"the integer value of priority ({spec['priority']})"
        raise _refused(pod, f"{given} {computed} {value} from the given PriorityClass name")
    if spec.get("preemptionPolicy") not in (None, policy):
        given = f"the string value of PreemptionPolicy ({spec['preemptionPolicy']})"
        raise _refused(pod, f"{given} {computed} {policy} from the given PriorityClass name")
    spec["priority"], spec["preemptionPolicy"] = value, policy


def _class(pod: Document, name: str, lookup: Lookup) -> Document:
    found = lookup.get("scheduling.k8s.io", "priorityclasses", "", name)
    if found is not None:
        return found
    if name in _SYSTEM:
        return {"metadata": {"name": name}, "value": _SYSTEM[name]}
    raise _refused(pod, f"no PriorityClass with name {name} was found")


def _default_class(lookup: Lookup) -> Document | None:
    chosen = [one for one in lookup.list("scheduling.k8s.io", "priorityclasses") if one.get("globalDefault")]
    return min(chosen, key=lambda one: int(one.get("value") or 0), default=None)


def _tolerations(spec: Document) -> None:
    for key in _UNAVAILABLE:
        if not any(
            one.get("key") in (key, None, "") and one.get("effect") in ("NoExecute", None, "")
            for one in many(spec, "tolerations")
        ):
            added = {"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": _SECONDS}
            spec["tolerations"] = [*many(spec, "tolerations"), added]


def _runtime(pod: Document, lookup: Lookup) -> None:
    spec = pod["spec"]
    name = spec.get("runtimeClassName")
    if not name:
        if spec.get("overhead"):
            raise _refused(pod, "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead")
        return
    found = lookup.get("node.k8s.io", "runtimeclasses", "", name)
    if found is None:
        raise _refused(pod, f'pod rejected: RuntimeClass "{name}" not found')
    overhead = struct(found, "overhead", "podFixed")
    if overhead:
        if spec.get("overhead") not in (None, overhead):
            raise _refused(pod, "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead")
        spec["overhead"] = dict(overhead)
    selector = struct(found, "scheduling", "nodeSelector")
    if selector:
        spec["nodeSelector"] = {**struct(spec, "nodeSelector"), **selector}
    wanted = many(found, "scheduling", "tolerations")
    if wanted:
        present = many(spec, "tolerations")
        spec["tolerations"] = [*present, *(one for one in wanted if one not in present)]


def _refused(pod: Document, why: str) -> status.StatusError:
    return status.forbidden("pods", struct(pod, "metadata").get("name") or "", why)
