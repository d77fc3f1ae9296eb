"""Deployments whose pods need not stay ready for a while before the next one goes, as they do five seconds each. Not a test."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poblano.cli import deploying

if TYPE_CHECKING:
    import pytest

    from poblano.build.plan import Plan
    from poblano.core.jsonvalue import Document


def sure_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pod that is ready stays so, for all that the cluster asks."""
    documents_of = deploying.documents_of

    def eager(plan: Plan) -> list[Document]:
        made = documents_of(plan)
        for one in made:
            if one["kind"] == "Deployment":
                one["spec"]["minReadySeconds"] = 0
        return made

    monkeypatch.setattr(deploying, "documents_of", eager)
