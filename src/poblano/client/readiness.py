"""Waiting for an API server: one that has just been started, or is not there yet."""

from __future__ import annotations

import asyncio

from poblano.client.ambient import current_client
from poblano.client.transport import ApiClient
from poblano.core.errors import ApiError

PAUSE = 0.5
"""Seconds between two questions; the server is asked by nobody else yet."""


async def wait_for_cluster(seconds: float = 30.0, *, client: ApiClient | None = None) -> None:
    """Wait until the API server says that it is ready.

    Args:
        seconds: how long at most.
        client: an open client; None means the cluster that the module runs in.

    Raises:
        ApiError: it was not by then; the last thing that went wrong.
        CredentialsFailed: it is ready, perhaps, and does not know us.
    """
    meant = client or await current_client()
    deadline = asyncio.get_running_loop().time() + seconds
    while True:
        left = deadline - asyncio.get_running_loop().time()
        try:
            await meant.request("GET", "/readyz", timeout=max(left, PAUSE))
            return
        except ApiError as error:
            if error.status in {401, 403} or left <= PAUSE:
                raise
        await asyncio.sleep(PAUSE)
