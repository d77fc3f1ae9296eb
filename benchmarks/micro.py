"""In-process micro-benchmarks: what an import, an attribute, a patch and a whole review cost, each beside a peer."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import jsonpatch

from benchmarks import interpreters, material, queueing
from benchmarks.figures import Bound, Spread
from benchmarks.quiet import Quiet
from benchmarks.timing import per_call
from poblano import a
from poblano.core.entries import entries
from poblano.core.patch import apply, diff
from poblano.core.pipeline import Pipeline
from poblano.core.review import read, write

EVERYTHING = "import poblano\nfor name in poblano.__all__: getattr(poblano, name)\npoblano.a.Pod"
"""What a module of the user's imports at most."""


@dataclass(frozen=True, slots=True)
class Cost:
    """One thing, and what it costs.

    Args:
        what: in words.
        unit: `ms`, `MB` or `µs`.
        ours: what it costs with Poblano.
        limit: what it may cost at most, where that was promised.
        peer: what it is beside.
        theirs: what the peer costs in the same run.
    """

    what: str
    unit: Literal["ms", "MB", "µs"]
    ours: Spread
    limit: float | None = None
    peer: str = ""
    theirs: Spread | None = None

    @property
    def bound(self) -> Bound | None:
        """The promise, where there is one."""
        return None if self.limit is None else Bound(self.what, self.ours.middle, self.limit, "at most", self.unit)


def measure(quiet: Quiet, say: Callable[[str], None]) -> list[Cost]:
    """All of them, one after the other."""
    costs: list[Cost] = []
    for part in (imports, views, patches, reviews, queues):
        for cost in quiet.measured(partial(_costs, part)):
            say(f"  {cost.what}: {cost.ours.middle:.3g} {cost.unit}")
            costs.append(cost)
    return costs


def _costs(part: Callable[[], Iterable[Cost]]) -> list[Cost]:
    return list(part())


def imports() -> Iterator[Cost]:
    """In interpreters that have imported nothing else."""
    peer = "import aiohttp"
    bare, ours, pod, every = (
        interpreters.fresh(text) for text in (peer, "import poblano", "import poblano; poblano.a.Pod", EVERYTHING)
    )
    yield Cost("import poblano", "ms", ours.ms, 100, peer, bare.ms)
    yield Cost("memory of it", "MB", ours.mb, 40, peer, bare.mb)
    yield Cost("import poblano, with a.Pod", "ms", pod.ms, None, peer, bare.ms)
    yield Cost("memory of it, with a.Pod", "MB", pod.mb, 60, peer, bare.mb)
    yield Cost("import of every public name", "ms", every.ms, None, peer, bare.ms)
    yield Cost("memory of every public name", "MB", every.mb, None, peer, bare.mb)


def views() -> Iterator[Cost]:
    """Reading and writing through views, beside the plain dict under them."""
    document = _pod()
    pod = a.Pod.of(document)

    def write_ours() -> None:
        pod.spec.containers[0].image = "a"

    def write_theirs() -> None:
        document["spec"]["containers"][0]["image"] = "a"

    plain_read = per_call(lambda: document["spec"]["containers"][0]["image"])
    yield Cost(
        "read pod.spec.containers[0].image",
        "µs",
        per_call(lambda: pod.spec.containers[0].image),
        1.5,
        "a plain dict",
        plain_read,
    )
    yield Cost(
        "write pod.spec.containers[0].image", "µs", per_call(write_ours), None, "a plain dict", per_call(write_theirs)
    )


def patches() -> Iterator[Cost]:
    """Making and applying the patch of ten changes to a Pod of 5 KB."""
    before, after = _pod(), _pod()
    material.change_by_hand(after)
    patch = diff(before, after)
    theirs = jsonpatch.make_patch(before, after)
    if apply(copy.deepcopy(before), patch) != after or theirs.apply(before) != after:
        raise AssertionError("a patch does not make what it was made from")
    made, applied = per_call(lambda: jsonpatch.make_patch(before, after)), per_call(lambda: theirs.apply(before))
    yield Cost("diff of ten changes", "µs", per_call(lambda: diff(before, after)), None, "jsonpatch", made)
    yield Cost("apply them", "µs", per_call(lambda: apply(before, patch)), None, "jsonpatch", applied)


def reviews() -> Iterator[Cost]:
    """A review of that Pod: reading its envelope, and the whole way to the answer's bytes."""
    body = material.pod_review()
    yield Cost(
        "read a review's envelope",
        "µs",
        per_call(lambda: read(body)),
        None,
        "json.loads",
        per_call(lambda: json.loads(body)),
    )
    decoded = per_call(lambda: read(body).request.object)
    yield Cost("read a review and its Pod", "µs", decoded, None, "json.loads", per_call(lambda: json.loads(body)))
    whole = through_pipeline(body)
    if json.loads(whole())["response"]["allowed"] is not True or len(_changes(whole())) < 10:
        raise AssertionError(f"the pipeline did not make the ten changes: {whole()!r}")
    theirs = per_call(lambda: by_hand(body))
    yield Cost(
        "a review, 5 KB Pod, 10 matching actions", "µs", per_call(whole), 300, "json, deepcopy, jsonpatch", theirs
    )


def queues() -> Iterator[Cost]:
    """The way of a key, among 100 000 of them."""
    theirs = queueing.plain()
    yield Cost("a key through the work queue, 100 000", "µs", queueing.queue(), None, "asyncio.Queue, 10 tasks", theirs)
    yield Cost(
        "a key through queue and workers, 100 000", "µs", queueing.work(), 100, "asyncio.Queue, 10 tasks", theirs
    )


def through_pipeline(body: bytes) -> Callable[[], bytes]:
    """A call that answers the review with the ten rules, no server around it."""
    (entry,) = entries(material.ten_rules().bindings)
    pipeline = Pipeline("mutate", entry.bindings)

    def answer() -> bytes:
        review = read(body)
        steps = pipeline.steps(review)
        outcome: Any = None
        while True:
            try:
                call = steps.send(outcome)
            except StopIteration as done:
                return write(done.value.answer(), review.api_version)
            outcome = call.function(*call.arguments)

    return answer


def by_hand(body: bytes) -> bytes:
    """The same answer with the standard library and jsonpatch, as one writes a webhook without a framework."""
    import base64

    request = json.loads(body)["request"]
    changed = copy.deepcopy(request["object"])
    material.change_by_hand(changed)
    patch = base64.b64encode(jsonpatch.make_patch(request["object"], changed).to_string().encode()).decode()
    response = {"uid": request["uid"], "allowed": True, "patchType": "JSONPatch", "patch": patch}
    return json.dumps({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": response}).encode()


def _pod() -> dict[str, Any]:
    pod: dict[str, Any] = json.loads(material.pod_review())["request"]["object"]
    return pod


def _changes(answer: bytes) -> list[dict[str, Any]]:
    import base64

    changes: list[dict[str, Any]] = json.loads(base64.b64decode(json.loads(answer)["response"]["patch"]))
    return changes
