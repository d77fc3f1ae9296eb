"""The operator in processes that kill themselves at a step: ``python -m tests.examples.operator.killed KUBECONFIG``.

It reads orders, one a line, and forks for each, so that a start costs little. A step is a write about one namespace, but
for events, which are written beside the actions.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from dataclasses import dataclass, replace
from pathlib import Path

from poblano.cli.project import load_project
from poblano.client import ApiClient, find_access
from poblano.core.cache import Key
from poblano.watch.watcher import Watcher

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "operator"
READS = {"GET", "HEAD"}
SECONDS = 120


@dataclass
class Order:
    """What a process is to do.

    space: whose writes are steps; "" to be killed at none and run until it is told to end.
    at, when: the step, from 1, and whether it is killed before it is sent, or after it was answered; 0 is never.
    until: it ends by itself once the first run of `reconcile` is over, or the object is `gone`.
    """

    space: str = ""
    at: int = 0
    when: str = "before"
    until: str = "reconcile"


class Stepping(ApiClient):
    """A client that counts the steps, and takes its process along at one of them."""

    order: Order
    steps = 0

    async def request(self, method, path, **options):
        if method in READS or f"/namespaces/{self.order.space}/" not in f"{path}/" or "/events" in path:
            return await super().request(method, path, **options)
        self.steps += 1
        if (self.steps, "before") == (self.order.at, self.order.when):
            os.kill(os.getpid(), signal.SIGKILL)
        number = self.steps
        try:
            return await super().request(method, path, **options)
        finally:  # a refusal is an answer, too
            if (number, "after") == (self.order.at, self.order.when):
                os.kill(os.getpid(), signal.SIGKILL)


async def work(order, project, kubeconfig):
    """Run the operator until it is killed, has done what was ordered, or is told to end."""
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})

    def noting(binding):
        if binding.phase != "reconcile":
            return binding

        async def action(obj, ctx):
            answer = await binding.action(obj, ctx)
            if obj.metadata.namespace == order.space and order.until == "reconcile":
                order.at = 0  # what comes now is another run
                ended.set()
            return answer

        return replace(binding, action=action)

    async with Stepping(find_access(kubeconfig)) as client:
        client.order = order
        watcher = Watcher(map(noting, project.module.bindings), client, uuid=project.settings.uuid)
        running = asyncio.create_task(watcher.run())
        if order.until == "gone":
            key = Key(order.space, "page")
            while watcher.not_ready() is not None or any(one.cache.get(key) for one in watcher.informers):
                await asyncio.sleep(0.01)
        else:
            await ended.wait()
        watcher.stop()
        await running


def forked(order, project, kubeconfig):
    """A process of its own that does it."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})  # until there is somebody to hear it
    child = os.fork()
    if child:
        return child
    try:
        signal.alarm(SECONDS)
        asyncio.run(work(order, project, kubeconfig))
    except BaseException as error:  # noqa: BLE001 -- the process ends with it
        sys.stderr.write(f"{order}: {error!r}\n")
        sys.stderr.flush()
        os._exit(1)
    os._exit(0)


def main():
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    project, kubeconfig = load_project(EXAMPLE), sys.argv[1]
    child = 0
    for line in sys.stdin:
        if line.strip() == "stop":
            os.kill(child, signal.SIGTERM)
        else:
            order = Order(**json.loads(line))
            child = forked(order, project, kubeconfig)
            if not order.space:
                print("started", file=answers, flush=True)
                continue
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        child = 0
        said = {0: "completed", -signal.SIGKILL: "killed"}
        print(said.get(status, f"failed with {status}"), file=answers, flush=True)
    if child:  # whoever ordered has gone
        os.kill(child, signal.SIGKILL)


if __name__ == "__main__":
    main()
