"""Three processes share a store; one is killed every now and then, and the way to the API server is as bad as it can be."""

from __future__ import annotations

import http.client
import itertools
import json
import os
import random
import ssl
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from poblano.core.store.definition import STORE, store_definition
from tests.eventually import eventually
from tests.faults.pace import PACE
from tests.faults.scene import closing_all
from tests.faults.wire import Wire
from tests.store.history import Version, Write, faults

SPACE = "sharing"
KILLING = max(6.0, PACE.chaos / 20)
"""Seconds between two kills."""
PATIENCE = 240
NUMBERS = itertools.count()


class Api:
    """The API server, by a way on which nothing goes wrong."""

    def __init__(self, target):
        self._target = target
        self._context = ssl.create_default_context(cadata=target.ca)

    def open(self, method, path, body=None, timeout=60):
        connection = http.client.HTTPSConnection("127.0.0.1", self._target.port, context=self._context, timeout=timeout)
        headers = {"Authorization": f"Bearer {self._target.token}", "Content-Type": "application/json"}
        connection.request(method, path, json.dumps(body) if body else None, headers)
        return connection, connection.getresponse()

    def ask(self, method, path, body=None):
        connection, answer = self.open(method, path, body)
        try:
            return answer.status, json.loads(answer.read() or b"{}")
        finally:
            connection.close()

    def prepare(self):
        definition = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
        assert self.ask("POST", definition, store_definition())[0] in {201, 409}
        space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SPACE}}
        assert self.ask("POST", "/api/v1/namespaces", space)[0] in {201, 409}
        eventually(lambda: self.ask("GET", stores())[0] == 200, "the kind is served", seconds=PATIENCE)


def stores(name=""):
    return f"/apis/{STORE.api_version}/namespaces/{SPACE}/{STORE.plural}" + (f"/{name}" if name else "")


def together(objects, name):
    """What the objects of a store say together, as docs/store.md has it: the head, over what is leaving it, over the parts."""
    head = objects.get(name, {})
    said = {}
    for one, document in objects.items():
        if one != name:
            said.update(document.get("data") or {})
    for away, items in (("leavingRemoved", "leaving"), ("removed", "data")):
        for key in head.get(away) or {}:
            said.pop(key, None)
        said.update(head.get(items) or {})
    return said


class Observer:
    """Notes each version of the store, by a watch of its objects that is taken up where it ended."""

    def __init__(self, api, name):
        self.versions: list[Version] = []
        self.newest = api.ask("GET", stores())[1]["metadata"]["resourceVersion"]
        self._api, self._name = api, name
        self.objects = {}
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._run, name="observer")
        self._thread.start()

    def close(self):
        self._ends.set()
        self._thread.join()

    def _run(self):
        while not self._ends.is_set():
            with suppress(OSError, http.client.HTTPException):
                self._watch()

    def _watch(self):
        query = f"?watch=1&labelSelector=poblano.dev/store={self._name}&timeoutSeconds=5&resourceVersion={self.newest}"
        connection, answer = self._api.open("GET", stores() + query)
        try:
            for line in answer:
                event = json.loads(line)
                assert event["type"] in {"ADDED", "MODIFIED"}, event
                self.newest = event["object"]["metadata"]["resourceVersion"]
                self.objects[event["object"]["metadata"]["name"]] = event["object"]
                self.versions.append(Version(time.monotonic(), together(self.objects, self._name)))
        finally:
            connection.close()


class Sharers:
    """The processes. Each that is started has a name of its own."""

    def __init__(self, folder, given):
        self.log = folder / "log"
        self.processes: dict[str, subprocess.Popen[str]] = {}
        self._given = given
        self.errors = folder / "errors"
        self._errors = self.errors.open("w")

    def start(self):
        process = f"p{next(NUMBERS):03d}"
        given = json.dumps({**self._given, "process": process, "log": str(self.log)})
        self.processes[process] = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.sharing", given],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )

    def kill(self, process):
        found = self.processes.pop(process)
        found.kill()
        found.communicate()

    def tell(self, process, order):
        pipe = self.processes[process].stdin
        try:
            pipe.write(order + "\n")
            pipe.flush()
        except BrokenPipeError:
            raise AssertionError(f"{process} has ended: {self.errors.read_text()[-3000:]}") from None

    def hear(self, process):
        line = self.processes[process].stdout.readline()
        assert line, f"{process} has ended: {self.errors.read_text()[-3000:]}"
        return json.loads(line)

    def close(self):
        for process in tuple(self.processes):
            self.kill(process)
        self._errors.close()


def harm(chance, wire, middleman, until):
    """Have things go wrong until then."""
    while time.monotonic() < until:
        fault = chance.choice(("409", "422", "429", "500", "reset", "watches end"))
        if fault == "reset":
            wire.tell("reset")
        elif fault == "watches end":
            middleman.break_off()
        else:
            middleman.refuse(int(fault), verb=chance.choice(("", "write", "list")), times=chance.randint(1, 4))
        time.sleep(chance.uniform(0.05, 0.8))
        if chance.random() < 0.2:
            middleman.clear()
    middleman.clear()


def read(log: Path):
    """The writes, and how the increments ended."""
    begun, ended = {}, {}
    for line in log.read_text().splitlines():
        found = json.loads(line)
        key = found["process"], found["number"]
        if "begins" in found:
            begun[key] = found
        else:
            ended[key] = found
    writes, counted = [], []
    for key, one in begun.items():
        end = ended.get(key)
        outcome = end["outcome"] if end else "unknown"
        if one["what"] == "count":
            counted.append(outcome)
        else:
            until = end["at"] if end else float("inf")
            writes.append(Write(*key, one["key"], one["value"], one["at"], until, outcome))
    return writes, counted


@pytest.mark.parametrize("way", ("bad", "good"))
def test_processes_that_share_a_store_lose_nothing_and_end_with_one_view(target, middleman, way, tmp_path):
    seed = int(os.environ.get("POBLANO_FAULTS_SEED") or random.randrange(1 << 32))
    chance, name = random.Random(seed), f"shared-{way}"
    api = Api(target)
    api.prepare()
    with ExitStack() as stack:
        stack.enter_context(closing_all(wire := Wire(("127.0.0.1", int(middleman.url.rpartition(":")[2])))))
        url, ca = (target.url, target.ca) if way == "good" else (f"http://127.0.0.1:{wire.port}", "")
        given = {"url": url, "ca": ca, "token": target.token, "name": name, "namespace": SPACE}
        stack.enter_context(closing_all(observer := Observer(api, name)))
        stack.enter_context(closing_all(sharers := Sharers(tmp_path, given)))
        for _ in range(3):
            sharers.start()
        for process in sharers.processes:
            assert sharers.hear(process) == "began"
        end = time.monotonic() + PACE.chaos
        while time.monotonic() < end:
            until = min(end, time.monotonic() + KILLING)
            if way == "bad":
                harm(chance, wire, middleman, until)
            else:
                time.sleep(max(0.0, until - time.monotonic()))
            sharers.kill(chance.choice(sorted(sharers.processes)))
            sharers.start()
        for process in sharers.processes:
            sharers.tell(process, "quiet")
        for process in sharers.processes:
            while sharers.hear(process) != "quiet":  # one that was started last says first that it began
                pass
        listed = api.ask("GET", f"{stores()}?labelSelector=poblano.dev/store={name}")[1]["items"]
        objects = {one["metadata"]["name"]: one for one in listed}
        final = together(objects, name)

        def all_see_it():
            for process in sharers.processes:
                sharers.tell(process, "view")
            seen = [sharers.hear(process) for process in sharers.processes]
            return all(one == final for one in seen)

        eventually(all_see_it, "every process sees what the server has", seconds=PATIENCE)
        # Something may still be on its way to the parts, which says nothing new.
        newest = max(int(one["metadata"]["resourceVersion"]) for one in listed)
        eventually(lambda: int(observer.newest) >= newest, "the observer has caught up", seconds=PATIENCE)
        state = objects[name]["state"]
        assert state["parts"] == 4, "it was spread in mid-run"
        assert state["generation"] > 1
    writes, counted = read(sharers.log)
    assert faults(writes, counted, observer.versions) == [], f"POBLANO_FAULTS_SEED={seed}"
    assert counted.count("acknowledged") > 5
    assert sum(write.outcome == "acknowledged" for write in writes) > 10
