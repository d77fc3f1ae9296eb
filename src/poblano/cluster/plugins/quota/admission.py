"""What would be more than a quota allows is refused; so is a Pod that does not say how much it takes.

A quota counts from when its status repeats what it limits, which is a controller's work.

Source: k8s.io/apiserver/pkg/admission/plugin/resourcequota/controller.go (CheckRequest)
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from poblano.cluster.attributes import Attributes
from poblano.cluster.kinds.tree import many, struct
from poblano.cluster.plugins.quota.usage import PODS, ZERO, Amounts, added, amounts, bucket_of, counts, taken, total
from poblano.cluster.plugins.refusing import refusal
from poblano.cluster.reading import Lookup
from poblano.core.jsonvalue import Document

_TO_BE_SAID: Final = ("cpu", "memory", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory")
_WORDS: Final = ("requested", "used", "limited")


def judge(attributes: Attributes, lookup: Lookup) -> None:
    """Nothing, if the object fits into its namespace.

    Raises:
        StatusError: 403.
    """
    new = attributes.object
    if new is None or not attributes.namespace or attributes.subresource not in ("", "resize"):
        return
    if attributes.operation not in ("CREATE", "UPDATE") or not lookup.revision("", "resourcequotas"):
        return
    bucket = (attributes.resource.group, attributes.resource.plural)
    quotas = [one for one in lookup.list("", "resourcequotas", attributes.namespace) if _is_about(one, bucket, new)]
    for quota in quotas:
        _check_said(attributes, quota, bucket, new)
    for quota in quotas:
        _check_room(attributes, quota, bucket, new, lookup)


def _is_about(quota: Document, bucket: tuple[str, str], new: Document) -> bool:
    return any(bucket_of(name) == bucket for name in _hard(quota)) and counts(quota, bucket, new)


def _hard(quota: Document) -> Amounts:
    return amounts(struct(quota, "status", "hard"))


def _check_said(attributes: Attributes, quota: Document, bucket: tuple[str, str], new: Document) -> None:
    """Each container must say how much it takes of what is limited."""
    if bucket != PODS or attributes.operation != "CREATE":
        return
    missing: dict[str, set[str]] = {}
    holders = [one for key in ("containers", "initContainers") for one in many(new, "spec", key)]
    for name in sorted(set(_hard(quota)) & set(_TO_BE_SAID)):
        key, _, what = name.rpartition(".")
        if what in struct(new, "spec", "resources", key or "requests"):
            continue
        silent = {one["name"] for one in holders if what not in struct(one, "resources", key or "requests")}
        if silent:
            missing[name] = silent
    if missing:
        told = "; ".join(f"{name} for: {','.join(sorted(silent))}" for name, silent in missing.items())
        raise refusal(attributes, f"failed quota: {quota['metadata']['name']}: must specify {told}")


def _check_room(
    attributes: Attributes, quota: Document, bucket: tuple[str, str], new: Document, lookup: Lookup
) -> None:
    hard = _hard(quota)
    wanted = taken(hard, bucket, new)
    old = attributes.old_object
    if old is not None and counts(quota, bucket, old):
        wanted = added(wanted, taken(hard, bucket, old), -1)
    wanted = {name: amount for name, amount in wanted.items() if amount.value > 0}
    if not wanted:
        return
    used = total(quota, lookup.list)
    exceeded = sorted(
        name for name, amount in wanted.items() if used.get(name, ZERO).value + amount.value > hard[name].value
    )
    if exceeded:
        told = [f"{word}: {_shown(found, exceeded)}" for word, found in zip(_WORDS, (wanted, used, hard), strict=True)]
        raise refusal(attributes, f"exceeded quota: {quota['metadata']['name']}, {', '.join(told)}")


def _shown(found: Amounts, names: Iterable[str]) -> str:
    return ",".join(f"{name}={found.get(name, ZERO)}" for name in names)
