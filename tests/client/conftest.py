from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.client.loopback import Pki, make_pki

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    return make_pki(tmp_path_factory.mktemp("pki"))


@pytest.fixture
def kubeconfig(tmp_path: Path):
    """Writes a kubeconfig with one context, from the cluster's and the user's fields in YAML's flow style."""

    def write(user: str = "{}", cluster: str = "{server: 'https://host:6443'}", context: str = "") -> Path:
        path = tmp_path / "kubeconfig"
        path.write_text(
            "kind: Config\n"
            "apiVersion: v1\n"
            "current-context: dev\n"
            f"contexts: [{{name: dev, context: {{cluster: here, user: jane{context}}}}}]\n"
            f"clusters:\n- name: here\n  cluster: {cluster}\n"
            f"users:\n- name: jane\n  user: {user}\n"
        )
        return path

    return write
