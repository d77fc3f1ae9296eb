"""The documents the models are generated from; they stand beside the repository, not in it."""

from __future__ import annotations

import pytest

from tools.generate_models import DOCUMENTS
from tools.models.specification import Specification, read


@pytest.fixture(scope="session")
def kubernetes() -> Specification:
    """Kubernetes 1.36 as its API server describes itself."""
    if not DOCUMENTS.is_dir():
        pytest.skip("cannot run here: the OpenAPI documents (../shared/kubernetes-1.36) are not beside the repository")
    return read(DOCUMENTS)
