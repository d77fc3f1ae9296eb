"""What serves does not carry what reloads."""

from __future__ import annotations

import subprocess
import sys

SERVE = """
import asyncio, sys
from poblano.admission.server import protocol_factory

async def serve():
    protocol_factory(None)

asyncio.run(serve())
assert "uvicorn" in sys.modules
"""


def run(code):
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_a_server_does_not_load_the_reloader_of_uvicorn():
    run(SERVE + "assert not {'watchfiles', 'anyio', 'multiprocessing', 'uvicorn.supervisors'} & set(sys.modules)")


def test_who_wants_the_reloader_still_gets_it():
    run(SERVE + "from uvicorn.supervisors import Multiprocess, ChangeReload; assert isinstance(Multiprocess, type)")
    run(
        SERVE
        + "try: sys.modules['uvicorn.main'].ChangeReload()\n"
        + "except TypeError as error: assert 'config' in str(error), error\nelse: raise AssertionError"
    )
