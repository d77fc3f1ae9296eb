from __future__ import annotations

import asyncio
import gc
from typing import TYPE_CHECKING

import pytest
import uvloop

from tests.client.loopback import Pki, make_pki

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from pathlib import Path

    from tests.client.hostile import Run


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


@pytest.fixture(params=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Run:
    """Runs what leaves no task and no socket behind."""

    async def alone(work: Coroutine[None, None, None]) -> None:
        await asyncio.wait_for(work, 90)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    def go(work: Coroutine[None, None, None]) -> None:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop if request.param == "uvloop" else None) as runner:
            runner.run(alone(work))
        gc.collect()  # an open socket would be a ResourceWarning, and so an error

    return go
