"""Deployments whose pods need not stay ready for a while before the next one goes, as they do five seconds each. Not a test."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poblano.cli.deploying import Deploying

if TYPE_CHECKING:
    import pytest

    from poblano.core.jsonvalue import Document


def sure_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pod that is ready stays so, for all that the cluster asks."""
    documents = Deploying.documents

    def eager(self: Deploying) -> list[Document]:
        made = documents(self)
        for one in made:
            if one["kind"] == "Deployment":
                one["spec"]["minReadySeconds"] = 0
        return made

    monkeypatch.setattr(Deploying, "documents", eager)
