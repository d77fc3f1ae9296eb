"""Whatever can go wrong, one after the other and several at once, as a seed says: POBLANO_FAULTS_SEED repeats a run."""

from __future__ import annotations

import os
import random
import time

from poblano.client import Access
from poblano.client.access import Cluster, User
from tests.faults.middleman import expired_line
from tests.faults.pace import PACE
from tests.faults.scene import Scene, closing_all
from tests.faults.wire import Wire

ENOUGH_OF_THE_SERVER = 5
"""Faults of the path for each one of the server, which takes its time to come back."""


def faults(wire, middleman, target):
    """By name: what begins it, and what ends it."""

    def refuse(status, **how):
        def begin():
            middleman.refuse(status, **how)
            middleman.break_off()

        return begin, middleman.clear

    def nothing():
        pass

    def tell(begin, end=""):
        return (lambda: wire.tell(begin)), (lambda: wire.tell(end)) if end else nothing

    def small_pages():
        middleman.page = 3
        middleman.before_next_page = target.compact
        middleman.say(expired_line())

    path = {
        "drop": tell("drop"),
        "forget": tell("forget"),
        "reset": tell("reset"),
        "end": tell("end"),
        "hold": tell("hold", "go"),
        "unanswered": tell("unanswered", "go"),
        "trickle": tell("trickle 20000", "trickle 0"),
        "replace": (wire.replace, nothing),
        "stop": (wire.stop, wire.go_on),
        "429": refuse(429, retry_after=1),
        "500": refuse(500),
        "503": refuse(503),
        "404": refuse(404),
        "lists refused": refuse(500, verb="list"),
        "expired": (lambda: middleman.say(expired_line()), nothing),
        "cut": (middleman.cut, nothing),
        "garbage": (lambda: middleman.say(b'{"type":\xff'), nothing),
        "small pages": (small_pages, middleman.clear),
        "compact": (target.compact, nothing),
    }
    server = {"restart": (target.restart, nothing), "away": (target.kill, target.start)}
    if target.has_store:
        server["etcd frozen"] = (target.freeze_store, target.thaw_store)
    return path, server


async def test_whatever_goes_wrong_in_whichever_order_nothing_is_missed(target, middleman, note):
    seed = int(os.environ.get("POBLANO_FAULTS_SEED") or random.randrange(1 << 32))
    chance, done = random.Random(seed), []
    middleman.watches = 0
    with closing_all(wire := Wire(("127.0.0.1", int(middleman.url.rpartition(":")[2])))):
        path, server = faults(wire, middleman, target)
        access = Access(Cluster(f"http://127.0.0.1:{wire.port}"), User(token="first"))

        def wreak():
            end = time.monotonic() + PACE.chaos
            while time.monotonic() < end:
                kinds = server if chance.random() < 1 / ENOUGH_OF_THE_SERVER else path
                name = chance.choice(sorted(kinds))
                done.append(name)
                kinds[name][0]()
                time.sleep(chance.uniform(0.1, PACE.outage))
                kinds[name][1]()
                time.sleep(chance.choice([0, 0, chance.uniform(0, PACE.outage)]))

        try:
            async with Scene.over(access, target, seed=seed) as scene:
                # A list that nothing comes of is given up after 30 s, and a server that has failed often left alone as long.
                outcome = await scene.survives(lambda: None, wreak, lasting=0, forgets=True, bound=2 * PACE.bound)
        except BaseException as error:
            error.add_note(f"POBLANO_FAULTS_SEED={seed}: {', '.join(done)}")
            raise
    note(f"{len(done)} faults by chance, POBLANO_FAULTS_SEED={seed}", outcome)
