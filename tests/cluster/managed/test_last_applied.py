"""From client-side to server-side apply with kubectl."""

from __future__ import annotations

import json

import pytest

from poblano.cluster.managed.last_applied import ANNOTATION
from poblano.cluster.status import StatusError
from poblano.core.jsonvalue import Document, copied
from tests.cluster.managed.shop import applied, cart, owned, updated


def by_client(config: Document, said: Document | str | None = None) -> Document:
    """The object after `kubectl apply` as it was done on the client's side."""
    text = said if isinstance(said, str) else json.dumps(said or config)
    new = copied(config)
    new["metadata"]["annotations"] = {ANNOTATION: text}
    return updated(None, new, "kubectl-client-side-apply")


def test_what_the_annotation_says_is_no_conflict_for_kubectl() -> None:
    live = by_client(cart(owner="ann", count=1))
    found = applied(live, cart(owner="bob", count=1), "kubectl")
    assert found["spec"] == {"owner": "bob", "count": 1}
    assert owned(found)["kubectl"] == {"f:spec": {"f:count": {}, "f:owner": {}}}
    assert json.loads(found["metadata"]["annotations"][ANNOTATION]) == cart(owner="bob", count=1)


def test_for_anybody_else_it_is_one() -> None:
    with pytest.raises(StatusError, match="1 conflict"):
        applied(by_client(cart(owner="ann")), cart(owner="bob"), "helm")


def test_what_changed_since_is_one_for_kubectl_too() -> None:
    live = by_client(cart(owner="ann", count=1))
    live = updated(live, {**copied(live), "spec": {"owner": "carl", "count": 1}}, "carl")
    with pytest.raises(StatusError) as refused:
        applied(live, cart(owner="bob", count=2), "kubectl")
    assert (
        refused.value.message
        == 'Apply failed with 1 conflict: conflict with "carl" using shop.example.com/v1: .spec.owner'
    )


@pytest.mark.parametrize("said", ["", "{", "[]", '{"apiVersion":"shop.example.com/v0"}', '{"spec":{"items":[{}]}}'])
def test_an_annotation_that_tells_nothing_allows_nothing(said: str) -> None:
    live = by_client(cart(owner="ann"))
    live["metadata"]["annotations"][ANNOTATION] = said
    with pytest.raises(StatusError, match="conflict"):
        applied(live, cart(owner="bob"), "kubectl")


def test_an_annotation_that_grows_too_long_is_dropped() -> None:
    found = applied(by_client(cart(owner="ann")), cart(owner="x" * 300_000), "kubectl", force=True)
    assert ANNOTATION not in found["metadata"]["annotations"]


def test_kubectl_gives_no_annotation_to_what_has_none() -> None:
    assert "annotations" not in applied(None, cart(owner="ann"), "kubectl")["metadata"]
