"""Reviews, and the smallest driver there is: it calls what the pipeline yields, at once and here."""

from __future__ import annotations

import asyncio
import base64
import inspect
import json
from collections.abc import Iterable
from typing import Any

import msgspec

from poblano import Capability
from poblano.core.binding import Binding
from poblano.core.calls import Call, Failed
from poblano.core.jsonvalue import copied
from poblano.core.matching import Skipped
from poblano.core.patch import apply
from poblano.core.pipeline import Hooks, Pipeline
from poblano.core.review import Answer, read, write
from poblano.core.verdict import Verdict

POD: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {
        "name": "db",
        "namespace": "shop",
        "labels": {"tier": "data"},
        "unheardOf": {"a/b~": [1.0, 2**53 + 1]},
    },
    "spec": {"containers": [{"name": "db", "image": "pg:16", "resources": {}}], "nodeName": None},
}

RESOURCES = {"Pod": ("", "v1", "pods"), "Secret": ("", "v1", "secrets"), "ConfigMap": ("", "v1", "configmaps")}


def review(
    obj: Any = POD, *, old: Any = None, operation: str = "CREATE", user: str = "alice", groups: Any = (), **request: Any
) -> bytes:
    """An AdmissionReview as the API server posts it; the new object goes by `old` on DELETE."""
    shown = obj or old or {}
    group, version, plural = RESOURCES.get(str(shown.get("kind")), ("", "v1", "pods"))
    metadata = shown.get("metadata") or {}
    asked = {
        "uid": "u-1",
        "kind": {"group": group, "version": version, "kind": shown.get("kind", "Pod")},
        "resource": {"group": group, "version": version, "resource": plural},
        "operation": operation,
        "name": metadata.get("name", ""),
        "namespace": metadata.get("namespace", ""),
        "userInfo": {"username": user, "groups": list(groups)},
        "object": obj,
        "oldObject": old,
        "dryRun": False,
    }
    return msgspec.json.encode(
        {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": asked | request}
    )


def called(call: Call) -> Any:
    """What came of a call."""
    try:
        result = call.function(*call.arguments)
        if inspect.isawaitable(result):
            call.left_the_loop = True
            result = asyncio.run(_awaited(result))
    except BaseException as error:  # noqa: BLE001 -- whatever it is, it is what came of the call
        return Failed(error)
    return result


async def _awaited(result: Any) -> Any:
    return await result


def drive(pipeline: Pipeline, body: bytes, skipped: Skipped | None = None) -> Verdict:
    """Run a review through a pipeline."""
    steps = pipeline.steps(read(body), skipped)
    outcome = None
    while True:
        try:
            outcome = called(steps.send(outcome))
        except StopIteration as done:
            verdict: Verdict = done.value
            return verdict


def pipeline(rules: Capability | Iterable[Binding], phase: Any = "mutate", **options: Any) -> Pipeline:
    """The pipeline of a capability's rules of one phase."""
    bindings = rules.bindings if isinstance(rules, Capability) else rules
    hooks = Hooks(options.pop("before", None), options.pop("after", None))
    return Pipeline(phase, [binding for binding in bindings if binding.phase == phase], hooks, **options)


def answered(
    rules: Capability | Iterable[Binding], body: bytes | None = None, phase: Any = "mutate", **o: Any
) -> Answer:
    """The answer to a review (by default, of a new Pod)."""
    return drive(pipeline(rules, phase, **o), review() if body is None else body).answer()


def sent(answer: Answer) -> dict[str, Any]:
    """The response as the API server reads it, its patch decoded."""
    response: dict[str, Any] = json.loads(write(answer))["response"]
    if "patch" in response:
        response["patch"] = json.loads(base64.b64decode(response["patch"]))
    return response


def patched(obj: Any, answer: Answer) -> Any:
    """What the API server makes of `obj` with the answer's patch."""
    return apply(copied(obj), sent(answer).get("patch", []))


def shop(**options: Any) -> Capability:
    """An empty capability."""
    return Capability("shop", **options)
