"""The writes of a process to its store: against a dict, with flights that fail at any point."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from poblano.core.store.buffer import Buffer, Item

KEYS = st.sampled_from("abc")
VALUES = st.builds(Item, st.sampled_from(["1", "2", ""]), st.sampled_from([None, datetime(2026, 1, 1, tzinfo=UTC)]))


class Writes(RuleBasedStateMachine):
    """Whatever fails, what is read is what was written, and the server comes to it."""

    def __init__(self):
        super().__init__()
        self.buffer, self.server, self.model = Buffer(), {}, {}

    @rule(key=KEYS, item=VALUES)
    def set(self, key, item):
        self.buffer.set(key, item)
        self.model[key] = item

    @rule(key=KEYS, item=VALUES)
    def set_what_may_wait_already(self, key, item):
        if not self.buffer.waits(key, item.text, item.expires):
            self.buffer.set(key, item)
        self.model[key] = item

    @rule(key=KEYS)
    def remove(self, key):
        self.buffer.remove(key)
        self.model.pop(key, None)

    @rule()
    def clear(self):
        self.buffer.clear()
        self.model.clear()

    @precondition(lambda self: not self.buffer.flying)
    @rule()
    def begin(self):
        self.batch = self.buffer.take()

    @precondition(lambda self: self.buffer.flying)
    @rule(arrived=st.booleans())
    def fails(self, arrived):
        """The answer is lost, and what was sent may have arrived: it is sent again all the same."""
        if arrived:
            self.server = self.batch.applied(self.server)
        self.buffer.failed()

    @precondition(lambda self: self.buffer.flying)
    @rule()
    def lands(self):
        self.server = self.batch.applied(self.server)
        self.buffer.landed()

    @invariant()
    def what_is_read_is_what_was_written(self):
        assert self.buffer.over(self.server) == self.model
        for key in "abc":
            assert self.buffer.get(key, self.server) == self.model.get(key)

    def teardown(self):
        if self.buffer.flying:
            self.fails(arrived=False)
        while (batch := self.buffer.take()) is not None:
            self.server = batch.applied(self.server)
            self.buffer.landed()
        assert self.server == self.model


TestWrites = Writes.TestCase


def test_s5_the_last_of_several_writes_is_the_one_that_is_sent():
    """Pepr keeps 2 of the writes 1, 2, 1, and nothing of set, remove, set."""
    buffer = Buffer()
    for text in ("1", "2", "1"):
        buffer.set("a", Item(text))
    buffer.set("b", Item("x"))
    buffer.remove("b")
    buffer.set("b", Item("x"))

    assert buffer.take().applied({}) == {"a": Item("1"), "b": Item("x")}


def test_s4_what_is_written_during_a_flight_goes_with_the_next():
    """Pepr deletes it with the batch."""
    buffer = Buffer()
    buffer.set("a", Item("1"))
    buffer.take()
    buffer.set("b", Item("2"))
    buffer.landed()

    assert buffer.take().applied({}) == {"b": Item("2")}


def test_a_value_is_not_in_the_repr_of_what_is_kept():
    assert "hunter2" not in repr(Item("hunter2-and-more"))
