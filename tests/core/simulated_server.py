"""A server of one resource, in memory, that loses, repeats, compacts and lies: what a reflector must come through."""

from __future__ import annotations

import json

from poblano.core.cache import Item, Key
from poblano.core.kinds import Kind
from poblano.core.listwatch import List, Sleep, Watch
from poblano.core.watch_events import Failure, Page, parse_line

KIND = Kind("", "v1", "ConfigMap", "configmaps")


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


def item_of(obj):
    meta = obj["metadata"]
    return Item(Key("shop", meta["name"]), meta["uid"], meta["resourceVersion"], json.dumps(obj).encode())


def line(type, obj):
    return json.dumps({"type": type, "object": obj}).encode()


class SimulatedServer:
    """Objects, the events that made them, and from which revision on the events are still known."""

    def __init__(self, *, page=2, watch_list=True):
        self.revision = 100_000
        self.uids = 0
        self.objects = {}
        self.events = []  # (revision, type, object)
        self.compacted = 0
        self.page = page
        self.watch_list = watch_list
        self.snapshots = {}
        self.written = 0
        self.past = []  # (revision, objects) before each change

    def _object(self, name, uid):
        self.written += 1  # revisions are given out again after a backup was restored
        return {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "data": {"written": self.written},
            "metadata": {"name": name, "namespace": "shop", "uid": uid, "resourceVersion": str(self.revision)},
        }

    def write(self, name):
        self._remember()
        self.revision += 1
        known = self.objects.get(name)
        if known is None:
            self.uids += 1
        uid = known["metadata"]["uid"] if known else f"uid-{self.uids}"
        self.objects[name] = self._object(name, uid)
        self.events.append((self.revision, "MODIFIED" if known else "ADDED", self.objects[name]))

    def delete(self, name):
        if name in self.objects:
            self._remember()
            known = self.objects.pop(name)
            self.revision += 1
            gone = self._object(name, known["metadata"]["uid"])
            self.events.append((self.revision, "DELETED", gone))

    def compact(self):
        """What happened is forgotten, but by the watches that are open."""
        self.compacted = self.revision
        self.snapshots = {}

    def _remember(self):
        self.past.append((self.revision, dict(self.objects)))

    def restore(self, back):
        """As from a backup: so many changes never happened, and their resource versions are given out again."""
        if self.past:
            self.past = self.past[: max(1, len(self.past) - back + 1)]
            self.revision, objects = self.past.pop()
            self.objects = dict(objects)
        self.compact()
        self.events = []

    def list(self, asked):
        """A Page or a Failure."""
        if asked.continue_token:
            token, start = asked.continue_token.split("/")
            if token not in self.snapshots:
                return Failure(status=410, reason="Expired")
            revision, objects = self.snapshots[token]
            start = int(start)
        else:
            if asked.resource_version not in ("", "0") and int(asked.resource_version) > self.revision:
                return Failure(status=504, reason="Timeout", causes=frozenset({"ResourceVersionTooLarge"}))
            revision, objects, start, token = self.revision, list(self.objects.values()), 0, f"t{len(self.snapshots)}"
            self.snapshots[token] = (revision, objects)
        if asked.only is not None:
            objects = [obj for obj in objects if obj["metadata"]["name"] == asked.only.name]
        limit = 1 if asked.probe else self.page if asked.limit else len(objects) or 1
        rest = start + limit < len(objects)
        found = tuple(item_of(obj) for obj in objects[start : start + limit])
        return Page(found, str(revision), f"{token}/{start + limit}" if rest else "")

    def watch(self, asked):
        """The lines that are to come now, or a Failure."""
        if asked.initial:
            if not self.watch_list:
                return Failure(status=422, reason="Invalid")
            marks = {"resourceVersion": str(self.revision), "annotations": {"k8s.io/initial-events-end": "true"}}
            bookmark = line("BOOKMARK", {"kind": "ConfigMap", "metadata": marks})
            return [*(line("ADDED", obj) for obj in self.objects.values()), bookmark]
        start = int(asked.resource_version)
        if start < self.compacted:
            status = {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old resource version"}
            return [line("ERROR", status)]
        return self.since(start)

    def since(self, start):
        return [line(type, obj) for revision, type, obj in self.events if revision > start]

    def bookmark(self):
        return line("BOOKMARK", {"kind": "ConfigMap", "metadata": {"resourceVersion": str(self.revision)}})

    def items(self):
        return {Key("shop", name): item_of(obj) for name, obj in self.objects.items()}


class Driver:
    """Does what a reflector says, one step at a time; keeps what changes told, beside the reflector's own cache."""

    def __init__(self, reflector, server, clock):
        self.reflector = reflector
        self.server = server
        self.clock = clock
        self.told = {}
        self.stream = None  # the revision up to which the open watch has sent

    def tell(self, changes):
        for change in changes:
            key = change.item.key
            if change.type == "ADDED":
                assert key not in self.told
                self.told[key] = change.item
            elif change.type == "MODIFIED":
                assert self.told[key] == change.old
                assert change.old.uid == change.item.uid
                self.told[key] = change.item
            else:
                assert self.told.pop(key) == change.old

    def feed(self, raw):
        """One line of the open watch."""
        before = self.reflector.command
        event = parse_line(raw, KIND)
        self.tell(self.reflector.received(event))
        after = self.reflector.command
        if after is not before and not (isinstance(after, Watch) and before.initial):
            self.stream = None

    def step(self):
        """What is to be done now, on a server that works."""
        command = self.reflector.command
        match command:
            case Sleep():
                assert 0 <= command.seconds <= 60
                self.clock.now += command.seconds
                self.reflector.slept()
            case List():
                answer = self.server.list(command)
                if isinstance(answer, Failure):
                    self.reflector.failed(answer)
                else:
                    self.tell(self.reflector.listed(answer))
            case Watch() if self.stream is None:
                answer = self.server.watch(command)
                if isinstance(answer, Failure):
                    self.reflector.failed(answer)
                    return
                self.reflector.opened()
                # a version that the server has yet to reach is waited for, as after a restored backup
                self.stream = max(self.server.revision, int(command.resource_version or 0))
                self.send(answer)
            case Watch():
                lines = self.server.since(self.stream)
                self.stream = max(self.stream, self.server.revision)
                self.send(lines)

    def send(self, lines):
        for raw in lines:
            if self.stream is None:
                return
            self.feed(raw)

    def end(self, *, bookmark=True):
        """The watch ends at its time."""
        command = self.reflector.command
        if self.stream is None:
            return
        if bookmark and int(command.resource_version or 0) <= self.server.revision:
            self.send([*self.server.since(self.stream), self.server.bookmark()])
        self.clock.now += command.timeout
        if self.stream is not None:
            self.stream = None
            self.reflector.ended()
