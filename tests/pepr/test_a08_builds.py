"""A8: each build of Pepr's makes up a token and a key, so that no two are alike, and both lie in its dist folder."""

from __future__ import annotations

import json

from poblano.build.parts import parts
from poblano.build.plan import Plan
from poblano.build.tree import resolved
from poblano.build.writers import files
from poblano.core.jsonvalue import Document
from tests.build.planned import admitting, following, plan_of


def built(plan: Plan) -> dict[str, str]:
    return files(plan, parts(plan))


def test_a8_two_builds_of_a_module_are_the_same_bytes():
    one, other = (built(plan_of(admitting(), following())) for _ in range(2))

    assert one == other


def test_a8_no_build_has_a_secret_in_it():
    """But the code, which is none: the certificate's is empty."""
    plan = plan_of(admitting(), following())
    secrets: dict[str, Document] = {
        part.name: resolved(part.tree, namespace="shop") for part in parts(plan) if part.tree["kind"] == "Secret"
    }

    assert {name: sorted({"data", "stringData"} & one.keys()) for name, one in secrets.items()} == {
        "certificates-secret": [],
        "module-secret": ["data"],
    }
    assert "PRIVATE KEY" not in json.dumps(built(plan))
