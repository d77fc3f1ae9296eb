from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest

from tests.cluster.controllers.world import World, world


@pytest.fixture
async def here() -> AsyncGenerator[World]:
    async with world() as found:
        yield found
