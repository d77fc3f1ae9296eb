"""A store that is spread says at each moment what one dict would, whoever spreads it, and wherever that is broken off."""

from __future__ import annotations

import copy
from datetime import UTC, datetime

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from poblano.core.errors import PatchFailed
from poblano.core.patch import apply
from poblano.core.store.buffer import Batch, Item
from poblano.core.store.contents import Contents, Layer, contents_of, document_of, provided
from poblano.core.store.layout import SECRET, STORED
from poblano.core.store.snapshot import HEAD, Snapshot, View, home
from poblano.core.store.spreading import bringing, freezing, is_under_way, part_document, pieces, settling
from poblano.core.store.writing import exchange, flight

PARTS = 3
KEYS = st.sampled_from("abcdef")
ITEMS = st.builds(Item, st.sampled_from(["1", "2", "3"]), st.none() | st.just(datetime(2099, 1, 1, tzinfo=UTC)))
WRITES = st.dictionaries(KEYS, st.none() | ITEMS, min_size=1, max_size=4)
PROCESSES = st.integers(0, 2)
NUMBERS = st.integers(0, PARTS - 1)


class Server:
    """The objects, with all that happened to them, and what the store said after each change of its head."""

    def __init__(self, layout):
        self.layout, self.objects, self.events, self.said = layout, {}, [], {}
        self.version = 0

    def put(self, number, document):
        self.version += 1
        document = {**copy.deepcopy(document), "metadata": {"resourceVersion": str(self.version)}}
        self.objects[number] = document
        self.events.append((number, document))
        if number == HEAD:
            self.said[str(self.version)] = self.items()
        return document

    def create(self, number, document):
        if number in self.objects:
            raise PatchFailed(number, "it is there already")
        return self.put(number, document)

    def patch(self, number, steps):
        if number not in self.objects:
            raise PatchFailed(number, "it is not there")
        return self.put(number, apply(copy.deepcopy(self.objects[number]), steps))

    def known(self):
        found = {number: contents_of(document, self.layout) for number, document in self.objects.items()}
        return Snapshot(found.pop(HEAD), found)

    def items(self):
        return self.known().merged()


class Process:
    """What one process knows, and what it is about to bring to the parts."""

    def __init__(self):
        self.view, self.heard, self.job, self.newest = View(), 0, None, 0

    def settled(self):
        return all(
            (part := self.view.part(number)) is not None and part.spread >= self.job.generation
            for number in pieces(self.job)
        )


class Spreading(RuleBasedStateMachine):
    """Three processes write and spread; each knows what it happens to know, and any step may be sent late, or never."""

    @initialize(layout=st.sampled_from([STORED, SECRET]))
    def begin(self, layout):
        self.layout, self.server = layout, Server(layout)
        self.server.put(HEAD, document_of(Contents(state={"parts": 0}), layout))
        self.processes = [Process() for _ in range(3)]
        self.model, self.late = {}, []
        for number in range(3):
            self.hears_all(number)

    def send(self, process, number, steps, *, answered, create=False):
        """Returns whether it arrived."""
        self.late.append((number, steps, create))
        try:
            answer = self.server.create(number, steps) if create else self.server.patch(number, steps)
        except PatchFailed:
            return False
        if answered:
            self.take(process, number, answer)
        return True

    def take(self, process, number, document, **options):
        found = contents_of(document, self.layout)
        if number == HEAD:
            process.view.take_head(found, **options)
        else:
            process.view.take_part(number, found, **options)

    @rule(who=PROCESSES, writes=WRITES, cleared=st.booleans(), answered=st.booleans())
    def writes(self, who, writes, cleared, answered):
        process = self.processes[who]
        shown = process.view.shown
        guard = provided(self.layout.pointer("state", "parts"), self.layout.written("state", str(shown.head.parts)))
        batch = Batch(cleared, writes)
        seen = shown.merged()
        if self.send(process, HEAD, [guard, *flight(batch, shown, self.layout)], answered=answered):
            if cleared:
                self.model = {key: item for key, item in self.model.items() if key not in seen}
            self.model = Batch(writes=writes).applied(self.model)
        self.late.pop()  # what a process writes is counted, and is never taken twice

    @rule(who=PROCESSES, read=st.lists(KEYS, max_size=3), writes=WRITES, answered=st.booleans())
    def exchanges(self, who, read, writes, answered):
        process = self.processes[who]
        shown = process.view.shown
        guard = provided(self.layout.pointer("state", "parts"), self.layout.written("state", str(shown.head.parts)))
        before = {key: shown.get(key) for key in read}
        if self.send(process, HEAD, [guard, *exchange(read, writes, shown, self.layout)], answered=answered):
            for key, item in before.items():
                assert (item and item.text) == ((now := self.model.get(key)) and now.text)
            self.model = Batch(writes=writes).applied(self.model)
        self.late.pop()

    @rule(who=PROCESSES, answered=st.booleans())
    def freezes(self, who, answered):
        process = self.processes[who]
        steps = freezing(process.view.shown, self.layout, PARTS, process.view.newest_spread)
        if steps:
            self.send(process, HEAD, steps, answered=answered)

    @rule(who=PROCESSES)
    def sees_what_is_to_be_done(self, who):
        process = self.processes[who]
        if is_under_way(process.view.shown.head):
            process.job = process.view.shown.head

    @rule(who=PROCESSES, number=NUMBERS, answered=st.booleans())
    def brings(self, who, number, answered):
        process = self.processes[who]
        if process.job is None or number not in pieces(process.job):
            return
        part, piece, generation = process.view.part(number), pieces(process.job)[number], process.job.generation
        if part is None:
            document = part_document(Contents(), generation, piece, PARTS, self.layout)
            self.send(process, number, document, answered=answered, create=True)
        elif part.spread < generation:
            self.send(process, number, bringing(part, generation, piece, self.layout), answered=answered)

    @rule(who=PROCESSES, answered=st.booleans())
    def settles(self, who, answered):
        process = self.processes[who]
        now = process.view.shown
        if process.job and process.settled() and now.head.generation == process.job.generation > now.head.settled:
            self.send(process, HEAD, settling(now, self.layout), answered=answered)

    @rule(data=st.data())
    def something_arrives_late(self, data):
        if self.late:
            number, steps, create = self.late.pop(data.draw(st.integers(0, len(self.late) - 1)))
            try:
                (self.server.create if create else self.server.patch)(number, steps)
            except PatchFailed:
                return

    @rule(who=PROCESSES)
    def hears(self, who):
        process = self.processes[who]
        if process.heard < len(self.server.events):
            self.take(process, *self.server.events[process.heard])
            process.heard += 1

    @rule(who=PROCESSES)
    def hears_all(self, who):
        while self.processes[who].heard < len(self.server.events):
            self.hears(who)

    @rule(who=PROCESSES)
    def reads_the_head(self, who):
        process = self.processes[who]
        self.take(process, HEAD, self.server.objects[HEAD], seen=process.view.newest_spread)

    @rule(who=PROCESSES, number=NUMBERS)
    def reads_a_part(self, who, number):
        process = self.processes[who]
        demand = process.view.head.demand(number)
        if number in self.server.objects:
            self.take(process, number, self.server.objects[number], reached=demand)
        else:
            process.view.lose_part(number, reached=demand)

    @rule(who=PROCESSES)
    def spreads_all_of_it(self, who):
        self.reads_what_it_wants(who)
        self.freezes(who, True)
        self.sees_what_is_to_be_done(who)
        for number in range(PARTS):
            self.reads_a_part(who, number)
            self.brings(who, number, True)
        self.settles(who, True)

    @rule(who=PROCESSES)
    def reads_what_it_wants(self, who):
        self.reads_the_head(who)
        for _ in range(10):
            for number in self.processes[who].view.wanted():
                self.reads_the_head(who) if number == HEAD else self.reads_a_part(who, number)
        assert not self.processes[who].view.wanted()
        assert self.processes[who].view.shown.merged() == self.model

    @invariant()
    def the_objects_say_what_was_written(self):
        if hasattr(self, "server"):
            assert self.server.items() == self.model

    @invariant()
    def each_process_sees_what_was_so_once_and_never_goes_back(self):
        for process in getattr(self, "processes", ()):
            version = process.view.shown.head.version
            if version:
                assert process.view.shown.merged() == self.server.said[version]
                assert int(version) >= process.newest
                process.newest = int(version)
                for key in "abcdef":
                    assert process.view.shown.get(key) == self.server.said[version].get(key)

    def teardown(self):
        if not hasattr(self, "server"):
            return
        for who in range(3):
            self.hears_all(who)
            assert self.processes[who].view.wanted() == []
            assert self.processes[who].view.shown.merged() == self.model
        for _ in range(2):
            self.spreads_all_of_it(0)
        known = self.server.known()
        assert known.merged() == self.model
        assert not known.head.items
        assert not is_under_way(known.head)


TestSpreading = Spreading.TestCase
TestSpreading.settings = settings(max_examples=150, stateful_step_count=40)


@pytest.mark.parametrize("layout", (STORED, SECRET))
def test_a_part_is_read_as_it_was_written(layout):
    piece = Layer({"a/b": Item("1")}, frozenset({"gone"}))

    part = contents_of(
        part_document(Contents(Layer({"gone": Item("x"), "c": Item("2")})), 3, piece, PARTS, layout), layout
    )
    assert (part.spread, part.parts) == (3, PARTS)
    assert part.items == {"a/b": Item("1"), "c": Item("2")}


def test_a_head_that_is_made_again_goes_with_the_parts_that_there_are():
    view = View()
    for number, text in ((0, "old"), (home("k", PARTS), "new")):
        view.take_part(number, Contents(Layer({"k": Item(text)}), state={"spread": 4, "parts": PARTS}, version="9"))

    assert view.shown["k"] == Item("new")
    made = view.remade()
    assert (made.parts, made.generation, made.settled, made.demand(home("k", PARTS))) == (PARTS, 4, 4, 4)


def test_what_the_parts_have_newer_is_not_hidden_by_a_head_that_is_made_again_of_older():
    view = View()
    state = {"parts": PARTS, "generation": 1, "settled": 1}
    view.take_head(Contents(Layer({"k": Item("old"), "only here": Item("x")}), state=state, version="5"))
    view.take_part(
        home("k", PARTS), Contents(Layer({"k": Item("new")}), state={"spread": 2, "parts": PARTS}, version="9")
    )

    assert view.wanted() == [HEAD]
    view.take_head(view.remade(), anew=True)
    assert view.shown.merged() == {"k": Item("new"), "only here": Item("x")}
