"""What a real API server sent to admission webhooks: objects right after their fields were tracked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from poblano.cluster.managed import track_update
from poblano.cluster.resources import built_in_resources
from poblano.cluster.schema import Schema, built_in
from poblano.core.jsonvalue import Document

FOLDER = Path(__file__).parents[2] / "fixtures" / "admission-reviews"
SCHEMAS: dict[tuple[str, str], Schema | None] = {
    (one.api_version, one.kind): one.schema for one in built_in_resources()
}
SCHEMAS["authentication.k8s.io/v1", "TokenRequest"] = built_in()["io.k8s.api.authentication.v1.TokenRequest"]
# Admission plugins of the server itself were there before the webhooks.
BY_PLUGINS = ("priority", "preemptionPolicy", "tolerations")


def tracked_writes() -> list[str]:
    found: list[str] = []
    for path in sorted(FOLDER.glob("mutate-*.json")):
        request: Document = json.loads(path.read_text())["request"]
        document: Document = request.get("object") or {}
        entries: list[Document] = document.get("metadata", {}).get("managedFields", [])
        if (
            request["operation"] in ("CREATE", "UPDATE")
            and entries
            and all(one["operation"] == "Update" for one in entries)
        ):
            found.append(path.name)
    return found


@pytest.mark.parametrize("name", tracked_writes())
def test_an_object_under_review_has_the_owners_that_the_real_server_gave_it(name: str) -> None:
    request: Document = json.loads((FOLDER / name).read_text())["request"]
    new: Document = request["object"]
    want: list[Document] = new["metadata"].pop("managedFields")
    if new["kind"] == "Pod" and request["operation"] == "CREATE":
        for field in BY_PLUGINS:
            new["spec"].pop(field, None)
    subresource = request.get("subResource", "")
    mine = [one for one in want if one.get("subresource", "") == subresource] or want
    last = max(mine, key=lambda one: str(one["time"]))
    track_update(
        request.get("oldObject"),
        new,
        schema=SCHEMAS.get((new["apiVersion"], new["kind"])),
        manager=last["manager"],
        api_version=new["apiVersion"],
        subresource=subresource,
        now=last["time"],
    )
    assert new["metadata"].get("managedFields") == want
