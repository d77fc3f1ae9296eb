"""A14: in Pepr readiness is liveness is a constant "OK", and nothing is served before its store could be made."""

from __future__ import annotations

import asyncio
import os
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from poblano.admission.certificates import issue
from tests.admission.serving import issued
from tests.core.driving import review
from tests.pepr.pods import running, write_pair
from tests.pepr.test_a01_metrics import CODE
from tests.pepr.watchers import PATIENCE

if TYPE_CHECKING:
    from pathlib import Path

EXPIRED = issue(["localhost"], clock=lambda: datetime.now(UTC) - timedelta(days=91))


async def test_a14_readiness_tells_the_truth_and_liveness_is_another_matter(tmp_path: Path):
    async with running(tmp_path, CODE, pair=EXPIRED.pair, tuned={"every": 0.05}) as pod:
        ready, alive = await pod.page("/readyz"), await pod.page("/healthz")
        assert (ready.status, alive.status) == (503, 200)
        assert ready.body == b"[+]webhook ok\n[-]certificate failed: it has expired\nreadyz check failed\n"
        write_pair(tmp_path / "tls", issued().pair)
        async with asyncio.timeout(float(os.environ.get(PATIENCE, "60"))):
            while (await pod.page("/readyz")).status != 200:
                await asyncio.sleep(0.02)
        assert (await pod.ask(review())).status == 200


async def test_a14_it_serves_without_a_store_or_a_cluster(tmp_path: Path):
    async with running(tmp_path, CODE) as pod:
        assert (await pod.page("/readyz")).status == 200
        assert (await pod.ask(review())).status == 200
