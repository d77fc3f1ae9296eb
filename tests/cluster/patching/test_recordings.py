"""Every patch that was recorded of a real API server makes of the object what it made there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from poblano.cluster.patching.json_patch import json_patch
from poblano.cluster.patching.merge import merge_patch
from poblano.cluster.patching.strategic import strategic_merge
from poblano.cluster.schema import Schema, built_in
from poblano.cluster.status import StatusError
from poblano.core.jsonvalue import Document, as_map, copied
from tests.cluster.managed.recordings import FOLDER
from tests.cluster.managed.test_recordings import differences

KINDS: dict[str, Schema] = {
    "deployments": built_in()["io.k8s.api.apps.v1.Deployment"],
    "configmaps": built_in()["io.k8s.api.core.v1.ConfigMap"],
}


@dataclass(frozen=True, slots=True)
class Patch:
    """One recorded patch of the main resource, with the object before and the answer."""

    where: str
    kind: str
    body: Any
    schema: Schema
    old: Document
    status: int
    answer: Document

    def applied(self) -> Document:
        """What the patch makes of the object."""
        if self.kind.startswith("application/json-patch"):
            return json_patch(self.old, self.body)
        if self.kind.startswith("application/merge-patch"):
            return merge_patch(self.old, self.body)
        return strategic_merge(self.old, self.body, self.schema)


def patches(scenario: str) -> Iterator[Patch]:
    objects: dict[str, Document] = {}
    for number, step in enumerate(json.loads((FOLDER / f"{scenario}.json").read_text())["steps"]):
        request: Document = step["request"]
        answer = as_map(step["response"]["body"]) or {}
        path = str(request["path"]).partition("?")[0]
        headers: Document = request.get("headers") or {}
        kind = str(headers.get("Content-Type", ""))
        parts = path.split("/")
        if request["method"] == "POST":
            path = f"{path}/{answer.get('metadata', {}).get('name', '')}"
        elif (
            request["method"] == "PATCH"
            and "-patch+json" in kind
            and path in objects
            and not isinstance(request["body"], str)
        ):
            old = objects[path]
            status = step["response"]["status"]
            yield Patch(f"{scenario}[{number}]", kind, request["body"], KINDS[parts[-2]], old, status, answer)
        if step["response"]["status"] < 300 and "uid" in answer.get("metadata", {}):
            objects[path] = answer


PATCHES = [patch for scenario in ("patches", "strategic-merge") for patch in patches(scenario)]


@pytest.mark.parametrize("patch", [patch for patch in PATCHES if patch.status < 300], ids=lambda patch: patch.where)
def test_a_recorded_patch_makes_the_recorded_object(patch: Patch) -> None:
    before = copied(patch.old)
    got = patch.applied()
    assert patch.old == before
    for name in ("resourceVersion", "generation", "managedFields"):
        got["metadata"].pop(name, None)
    assert not differences(got, patch.answer)


@pytest.mark.parametrize("patch", [patch for patch in PATCHES if patch.status >= 300], ids=lambda patch: patch.where)
def test_a_recorded_refusal_is_given_or_left_to_those_who_look_at_the_object(patch: Patch) -> None:
    if "rejected our request" not in patch.answer["message"]:
        assert patch.applied() != patch.old
        return
    with pytest.raises(StatusError) as refused:
        patch.applied()
    assert refused.value.document() == patch.answer
