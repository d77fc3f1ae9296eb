"""The Secrets: the module's code, and the place for its certificates. Nothing that is built has a secret in it."""

from __future__ import annotations

import base64
from collections.abc import Iterator

from poblano.build.metadata import metadata
from poblano.build.plan import Plan
from poblano.build.podvalues import PodValues
from poblano.build.tree import Part, Tree
from poblano.core.deployed import ARCHIVE
from poblano.core.jsonvalue import Document


def parts(plan: Plan) -> Iterator[Part]:
    """The Secrets that the pods need."""
    if plan.admits and plan.options.certificates == "self":
        # Without data: the pods put it in, and who applies this again takes nothing away.
        yield Part(
            "certificates-secret", _secret(plan, plan.names.certificates), when=(PodValues("admission").enabled,)
        )
    if plan.archive is not None:
        code = base64.b64encode(plan.archive.data).decode()
        yield Part("module-secret", _secret(plan, plan.module_secret, {ARCHIVE: code}) | {"immutable": True})


def _secret(plan: Plan, name: str, data: Document | None = None) -> Tree:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": metadata(plan, name),
        "type": "Opaque",
        **({"data": data} if data else {}),
    }
