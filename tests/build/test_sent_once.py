"""Whatever a rule wants is sent to the webhooks that are built, once; on old servers, too, where Python decides what is wanted."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poblano import Capability
from poblano.admission.reviewer import ModuleReviewer
from poblano.core.binding import Binding
from poblano.core.entries import LABEL_NAMESPACE
from poblano.core.matching import Matcher
from poblano.core.registered import accounts
from poblano.core.review import read
from tests.build.asked import asked, plan
from tests.core.test_entries import BINDINGS, selected
from tests.core.test_filters import evaluated, posted, requests

OWN = "prod"
USERS = (None, *accounts("hello", OWN))
VERSIONS = pytest.mark.parametrize("kubernetes", [(1, 20), (1, 25), (1, 36)])


class Fixed(Capability):
    """A capability of bindings that are there."""

    fixed: tuple[Binding, ...] = ()

    @property
    def bindings(self) -> tuple[Binding, ...]:
        return self.fixed


def capability(bindings: list[Binding]) -> Capability:
    made = Fixed("shop")
    made.fixed = tuple(bindings)
    return made


def sends(webhook: dict[str, Any], request: dict[str, Any], *, labelled: bool) -> bool:
    """Whether an API server sends `request`; all these webhooks are about Pods."""
    namespace = {LABEL_NAMESPACE: request.get("namespace", "")} if labelled else {}
    objects: list[dict[str, Any]] = [request[key] for key in ("object", "oldObject") if request[key]]
    metadata: list[dict[str, Any]] = [obj.get("metadata") or {} for obj in objects]
    labels: list[dict[str, str]] = [each.get("labels") or {} for each in metadata]
    return (
        any(request["operation"] in rule["operations"] for rule in webhook["rules"])
        and selected(webhook["namespaceSelector"], namespace)
        and any(selected(webhook["objectSelector"], found) for found in labels)
        and all(evaluated(each["expression"], request) for each in webhook.get("matchConditions", []))
    )


@VERSIONS
@given(BINDINGS, requests(), st.sets(st.sampled_from(["a", "shop"])), st.sampled_from(USERS), st.booleans())
def test_what_a_rule_wants_is_sent_once_and_to_a_path_that_has_the_rule(
    kubernetes: tuple[int, int],
    bindings: list[Binding],
    request: dict[str, Any],
    additional: set[str],
    user: str | None,
    labelled: bool,
):
    """An old server is as well told by hand what its namespaces are called, or not."""
    if user is not None:
        request["userInfo"]["username"] = user
    planned = plan(
        capability(bindings), kubernetes=kubernetes, additional=dict.fromkeys(additional, "Ignore"), namespace=OWN
    )
    reviewer = ModuleReviewer(planned.module, ignored=("kube-system", OWN), own=accounts("hello", OWN))
    try:
        wanted = {
            entry.path for entry in reviewer.entries if Matcher(entry.bindings).match(read(posted(request)).request)
        }
    finally:
        reviewer.close()
    webhooks = asked(planned, OWN).values()
    sent = [
        webhook["clientConfig"]["service"]["path"]
        for webhook in webhooks
        if sends(webhook, request, labelled=labelled or kubernetes >= (1, 21))
    ]

    assert len(sent) == len(set(sent))
    assert wanted <= set(sent) or user is not None
    assert user is None or kubernetes < (1, 28) or not sent
