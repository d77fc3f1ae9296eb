from __future__ import annotations

import gc
import itertools
import subprocess
import sys
import warnings

import pytest
import yaml

from poblano.cli.applying import Applier
from poblano.client import connect
from poblano.cluster.serving.served import Settings
from tests.cli.developing import EXAMPLES, POBLANO, environment
from tests.cluster.serving_cluster import running
from tests.examples.operator.world import World, operating

_numbers = itertools.count()


@pytest.fixture(autouse=True)
def _forgotten_transports_are_collected_here():
    """See tests/watch/conftest.py."""
    yield
    if sys.version_info < (3, 12):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)
            gc.collect()


@pytest.fixture(scope="session")
def embedded_with_controllers():
    with running(Settings(controllers=True)) as cluster:
        yield cluster


@pytest.fixture(
    scope="module",
    params=["embedded_with_controllers", pytest.param("control_plane", marks=pytest.mark.control_plane)],
    ids=["embedded", "real"],
)
def cluster(request):
    """The embedded cluster, then a real control plane: the same tests hold on both."""
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="module")
def operator(cluster, tmp_path_factory):
    with operating(cluster.kubeconfig, tmp_path_factory.mktemp("operator") / "log") as found:
        yield found


@pytest.fixture(scope="session")
def definition():
    """What `poblano crd` prints."""
    command = [*POBLANO, "crd"]
    done = subprocess.run(
        command, cwd=EXAMPLES / "operator", env=environment(), capture_output=True, text=True, check=True, timeout=60
    )
    return yaml.safe_load(done.stdout)


@pytest.fixture
async def world(cluster, definition):
    async with connect(cluster.kubeconfig) as client:
        applier = Applier(client)
        await applier.apply(definition, new=await applier.is_new(definition))
        yield World(client, ready=not hasattr(cluster, "kubectl_program"))


@pytest.fixture
def space_name():
    return f"pages-{next(_numbers)}"
