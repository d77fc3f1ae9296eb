"""`poblano run` is told to go while an action holds its event loop."""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING

from tests.admission.serving import connected, post
from tests.core.driving import review
from tests.pepr.pods import running

if TYPE_CHECKING:
    from pathlib import Path


HOLDS = """
    import pathlib
    import time
    from poblano import Capability, Module, a

    shop = Capability("shop", timeout=1)

    @shop.when(a.Pod).is_created().validate
    def never_ends(pod):
        pathlib.Path(__file__).with_name("began").touch()
        while True:
            time.sleep(3600)

    module = Module(shop)
"""


async def test_an_action_that_holds_the_loop_does_not_keep_it_from_going(tmp_path: Path):
    async with running(tmp_path, HOLDS, tuned={"grace": 0}) as pod, connected(pod) as client:
        await client.send(post(review(), "/validate/fail/1"))
        async with asyncio.timeout(90):
            while not (pod.folder / "began").exists():
                await asyncio.sleep(0.01)
        pod.process.send_signal(signal.SIGTERM)
        answer = await client.answer()
        assert answer.status == 200
        assert b"shop/never-ends failed" in answer.body
        assert await asyncio.wait_for(pod.process.wait(), 90) == 0
