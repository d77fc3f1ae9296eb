"""A cluster with one node, on which the pods of modules run as their manifests say."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.deployed import network
from tests.deployed.api import Api
from tests.deployed.network import Network
from tests.deployed.node import Node

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests import control_plane as real
    from tests.conftest import StartControlPlane

HERE = Path(__file__).parent
SECONDS = 900
"""How long a test may take on a machine that has much else to do: pods are replaced one after the other."""


@pytest.hookimpl(tryfirst=True)  # xdist reads the groups in its own
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.timeout(SECONDS))
            item.add_marker(pytest.mark.xdist_group("node"))


@dataclass(frozen=True)
class Place:
    """Where modules are deployed: the cluster, its node, and the folder of programs that the node's image has before all others."""

    cluster: real.ControlPlane
    api: Api
    node: Node
    programs: Path


@pytest.fixture(scope="module")
def place(start_control_plane: StartControlPlane, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Of one's own: webhooks that a failed test has left would refuse what others send."""
    if reason := network.missing():
        pytest.skip(f"cannot run here: {reason}")
    folder = tmp_path_factory.mktemp("node")
    programs = folder / "programs"
    programs.mkdir()
    with start_control_plane() as cluster:
        api = Api(cluster.url, cluster.ca, cluster.token)
        with Network(int(cluster.url.rpartition(":")[2])) as made, Node(api, made, folder / "pods", programs) as node:
            yield Place(cluster, api, node, programs)
