"""`poblano dev` runs watch and reconcile actions, those of the module as it was saved last."""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING

from tests.cli.developing import started, write_project
from tests.eventually import eventually

if TYPE_CHECKING:
    from pathlib import Path

RULES = """
    from poblano import Capability, Module, a

    own = Capability("own", namespaces=["default"])

    @own.when(a.ConfigMap).with_label("wants", "copy").reconcile
    async def copy(one, ctx):
        await ctx.apply(a.ConfigMap(metadata={{"name": one.metadata.name + "-copy"}}, data={{"by": "{by}"}}))

    module = Module(own)
"""


def test_what_is_saved_last_reconciles_what_there_is(tmp_path: Path) -> None:
    folder = write_project(tmp_path / "module", "own", RULES.format(by="one"))
    with started("dev", folder=folder) as dev:
        dev.says("export KUBECONFIG=")

        def made_by() -> str | None:
            items = json.loads(dev.kubectl("get", "configmaps", "-o", "json"))["items"]
            return next((item["data"]["by"] for item in items if item["metadata"]["name"] == "web-copy"), None)

        dev.kubectl("create", "configmap", "web")
        dev.kubectl("label", "configmap", "web", "wants=copy")
        eventually(lambda: made_by() == "one", "the copy is made")
        dev.kubectl("delete", "configmap", "web-copy")
        write_project(folder, "own", RULES.format(by="two"))
        dev.says("reloaded 1 rule")
        eventually(lambda: made_by() == "two", "the copy is as the new rule says")
        dev.kubectl("delete", "configmap", "web")
        eventually(lambda: made_by() is None, "the copy goes with its owner")
        dev.ends(signal.SIGTERM)


LONG = """
    import asyncio

    from poblano import Capability, Log, Module, a

    own = Capability("own", namespaces=["default"])

    @own.when(a.ConfigMap).with_name("web").reconcile
    async def wait(one, ctx):
        for number in range(1000):
            Log.info("{by} ticks")
            await asyncio.sleep(1)

    module = Module(own)
"""


def test_an_action_that_takes_long_does_not_hold_up_a_reload(tmp_path: Path) -> None:
    folder = write_project(tmp_path / "module", "long", LONG.format(by="one"))
    with started("dev", folder=folder) as dev:
        dev.kubectl("create", "configmap", "web")
        dev.says("one ticks")
        before = len(dev.lines)
        write_project(folder, "long", LONG.format(by="two"))
        dev.says("reloaded 1 rule")
        dev.says("two ticks")
        ticks = [line for line in dev.lines[before:] if "one ticks" in line]
        assert len(ticks) < 28, "a replica waits for 30 s, and somebody who has saved a file does not"
        dev.ends(signal.SIGINT)
