"""ConfigMaps made through the real API server: with no webhook, with Pepr's, with ours, with the floor's, in turns.

Each ConfigMap carries the label `chuck-norris`, which one mutate action of both hello modules matches (and which is not
bound to a name, as a ConfigMap can be created only once), and passes their validate action for every ConfigMap.
"""

from __future__ import annotations

import json
import time
from base64 import b64encode
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

from benchmarks import wrk
from benchmarks.admission import rotated
from benchmarks.cluster import Cluster
from benchmarks.contenders import NAMESPACES, POBLANO, Field
from benchmarks.figures import Spread, paired
from benchmarks.processes import ALL_CORES
from benchmarks.quiet import Quiet

NONE = "no webhook"
AT_ONCE = (1, 8)
"""One after the other, and this many at a time."""
_GROUP = "/apis/admissionregistration.k8s.io/v1"
_LABEL = "got-jokes"


@dataclass(frozen=True, slots=True)
class Rate:
    """How many ConfigMaps a second were made, and what part of the rate without a webhook that is."""

    name: str
    at_once: int
    rate: Spread
    of_none: float


def measure(
    field: Field, cluster: Cluster, *, rounds: int, seconds: float, quiet: Quiet, say: Callable[[str], None]
) -> list[Rate]:
    """Let them take turns; every process runs where its caller put it.

    Raises:
        FailedLoad: a create failed.
        RuntimeError: a webhook was not called, or not taken away.
    """
    for namespace in NAMESPACES.values():
        cluster.namespace(namespace)
    bodies = {namespace: _body(field.folder, namespace) for namespace in NAMESPACES.values()}
    names = [NONE, *(name for name in NAMESPACES if name in field.webhooks)]
    seen: dict[tuple[str, int], list[float]] = {}
    for number in range(rounds):
        for name in rotated(names, number):
            namespace = NAMESPACES.get(name, NAMESPACES[POBLANO])
            with _registered(cluster, name, field):
                for at_once in AT_ONCE:
                    creates = partial(_creates, cluster, namespace, bodies[namespace], at_once, seconds)
                    load = quiet.measured(creates)
                    seen.setdefault((name, at_once), []).append(load.rate)
                    say(f"  creates, {at_once} at once, round {number + 1}: {name:<10} {load.rate:>6,.0f}/s")
    return summary(seen)


def summary(seen: Mapping[tuple[str, int], Sequence[float]]) -> list[Rate]:
    """Medians, and the median of each round's part of the rate that the same round had without a webhook.

    >>> summary({(NONE, 1): [100.0, 50.0], ("Poblano", 1): [80.0, 40.0]})[1].of_none
    0.8
    """
    return [
        Rate(
            name,
            at_once,
            Spread.of(rates),
            paired(rates, seen[NONE, at_once]),
        )
        for (name, at_once), rates in seen.items()
    ]


@contextmanager
def _registered(cluster: Cluster, name: str, field: Field) -> Generator[None]:
    """Register a contender's two webhooks and see that they are called; take them away and see that they are gone."""
    if name == NONE:
        yield
        return
    bundle = b64encode(field.tls.ca.read_bytes()).decode()
    kinds = dict(zip(("Mutating", "Validating"), field.webhooks[name], strict=True))
    for kind, url in kinds.items():
        cluster.create(f"{_GROUP}/{kind.lower()}webhookconfigurations", configuration(kind, name.lower(), url, bundle))
    try:
        _until(cluster, NAMESPACES[name], mutated=True)
        yield
    finally:
        for kind in kinds:
            cluster.delete(f"{_GROUP}/{kind.lower()}webhookconfigurations/bench-{name.lower()}")
        _until(cluster, NAMESPACES[name], mutated=False)


def configuration(kind: str, name: str, url: str, ca_bundle: str) -> dict[str, Any]:
    """A webhook configuration that calls `url` for every ConfigMap that is created.

    Args:
        kind: `Mutating` or `Validating`.
        name: of whom it is for.
        url: without the query, which the API server adds.
        ca_bundle: the authority, base64.
    """
    rule = {
        "apiGroups": [""],
        "apiVersions": ["v1"],
        "operations": ["CREATE"],
        "resources": ["configmaps"],
        "scope": "Namespaced",
    }
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": f"{kind}WebhookConfiguration",
        "metadata": {"name": f"bench-{name}"},
        "webhooks": [
            {
                "name": f"{kind.lower()}.{name}.bench.example.com",
                "clientConfig": {"url": url, "caBundle": ca_bundle},
                "rules": [rule],
                "admissionReviewVersions": ["v1"],
                "sideEffects": "None",
                "failurePolicy": "Fail",
                "timeoutSeconds": 10,
            }
        ],
    }


_probes = count()
_turns = count()


def _until(cluster: Cluster, namespace: str, *, mutated: bool) -> None:
    """Create ConfigMaps until one comes back with (or without) what the mutate action sets.

    The API server hears of a registration through a watch of its own, a moment later.
    """
    path, start = f"/api/v1/namespaces/{namespace}/configmaps", time.monotonic()
    while time.monotonic() - start < 20:
        made = cluster.post(path, _configmap(namespace, f"probe-{next(_probes)}"))
        if (_LABEL in made["metadata"]["labels"]) is mutated:
            return
        time.sleep(0.1)
    raise RuntimeError(f"ConfigMaps in {namespace} are {'not ' if mutated else 'still '}mutated after 20 s")


def _creates(cluster: Cluster, namespace: str, body: Path, at_once: int, seconds: float) -> wrk.Load:
    url = f"{cluster.url}/api/v1/namespaces/{namespace}/configmaps"
    arguments = (str(body), f"bench-{next(_turns)}-", cluster.token)
    return wrk.run(url, *arguments, script=wrk.CREATE, connections=at_once, seconds=seconds, cores=ALL_CORES)


def _body(folder: Path, namespace: str) -> Path:
    file = folder / f"create-{namespace}.json"
    file.write_text(json.dumps(_configmap(namespace, "@NAME@"), separators=(",", ":")))
    return file


def _configmap(namespace: str, name: str) -> dict[str, Any]:
    metadata = {"name": name, "namespace": namespace, "labels": {"chuck-norris": "true"}}
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": metadata,
        "data": {"key": "value", "filling": "x" * 600},
    }
