"""W7: Pepr makes a client, a TLS context and a connection for each call: 500 calls, 501 sockets, idle for ten minutes."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest

from poblano import K8s, a
from poblano.client.ambient import using
from tests.watch.clusters import write

FILES = Path("/proc/self/fd")


def sockets():
    """How many sockets this process has open; in it is the server's side, too."""
    count = 0
    for one in FILES.iterdir():
        with suppress(FileNotFoundError):
            count += str(one.readlink()).startswith("socket:")
    return count


@pytest.mark.skipif(not FILES.is_dir(), reason="Linux tells a process its open files")
async def test_w7_calls_one_after_the_other_share_a_connection(client, api, space):
    await write(api, space, "web")
    with using(client):
        await K8s(a.ConfigMap).in_namespace(space).get("web")
        before = sockets()
        for _ in range(100):
            await K8s(a.ConfigMap).in_namespace(space).get("web")

        assert sockets() <= before + 4
