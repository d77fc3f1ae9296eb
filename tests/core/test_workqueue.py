"""The work queue against a model: never two at once, never lost, at most one extra run, nothing starves, memory freed."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from poblano.core.ratelimits import RateLimits
from poblano.core.workqueue import LOW, TURN, WorkQueue

KEYS = st.sampled_from("abcde")


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


def queue_of(clock, **limits):
    return WorkQueue(clock=clock, limits=RateLimits(**limits), chance=lambda: 0.5)


class Model(RuleBasedStateMachine):
    """What must be true: `wanted` has the keys with a change that no run has begun after, with the latest time for it."""

    def __init__(self):
        super().__init__()
        self.clock = Clock()
        self.queue = queue_of(self.clock, jitter=0.0)
        self.wanted = {}
        self.working = set()
        self.closed = False

    def want(self, key, at):
        if not self.closed:
            self.wanted[key] = min(at, self.wanted.get(key, at))

    @rule(key=KEYS, priority=st.sampled_from([LOW, 0, 5]))
    def add(self, key, priority):
        self.queue.add(key, priority=priority)
        self.want(key, self.clock.now)

    @rule(key=KEYS, seconds=st.sampled_from([0.0, 1.0, 5.0, 60.0]))
    def add_after(self, key, seconds):
        self.queue.add_after(key, seconds)
        self.want(key, self.clock.now + seconds)

    @rule(key=KEYS)
    def add_rate_limited(self, key):
        self.want(key, self.clock.now + self.queue.add_rate_limited(key))

    @rule(key=KEYS)
    def forget(self, key):
        self.queue.forget(key)
        assert self.queue.failures(key) == 0

    @rule(seconds=st.sampled_from([0.5, 1.0, 10.0]))
    def time_passes(self, seconds):
        self.clock.now += seconds

    def due(self):
        return {key for key, at in self.wanted.items() if at <= self.clock.now and key not in self.working}

    @rule()
    def get(self):
        due, key = self.due(), self.queue.get()
        if key is None:
            assert not due
            return
        assert key in due
        assert key not in self.working
        self.working.add(key)
        del self.wanted[key]  # changes until now are covered by this run: whatever comes again is one more

    @precondition(lambda self: self.working)
    @rule(data=st.data())
    def done(self, data):
        key = data.draw(st.sampled_from(sorted(self.working)))
        self.working.remove(key)
        self.queue.done(key)

    @precondition(lambda self: not self.closed)
    @rule()
    def shut_down(self):
        # What has become due is ready, whether or not somebody has looked since; what waits is forgotten.
        self.queue.get() is None or self.fail_unless_due()
        self.queue.shut_down()
        self.closed = True
        self.wanted = {key: at for key, at in self.wanted.items() if at <= self.clock.now}

    def fail_unless_due(self):
        taken = self.queue.processing - self.working
        assert len(taken) == 1
        assert taken <= self.due()
        self.working |= taken
        for key in taken:
            del self.wanted[key]

    @invariant()
    def who_is_working_is_known(self):
        assert self.queue.processing == self.working

    @invariant()
    def sleeping_until_the_next_time_misses_nothing(self):
        later = [at for at in self.wanted.values() if at > self.clock.now]
        due = self.queue.next_due()
        assert (due is None and not later) or (due is not None and (not later or due <= min(later)))

    @invariant()
    def no_more_is_kept_than_there_are_keys(self):
        assert max(len(self.queue._urgent), len(self.queue._oldest), len(self.queue._due)) <= 2 * 5 + 64

    def teardown(self):
        self.clock.now += 10_000
        for key in sorted(self.working):
            self.queue.done(key)
        self.working = set()
        left = []
        while (key := self.queue.get()) is not None:
            left.append(key)
            self.queue.done(key)
        assert sorted(left) == sorted(self.wanted)
        self.queue.shut_down()
        assert self.queue.drained


TestAgainstTheModel = Model.TestCase


def test_q1_changes_during_a_run_come_to_one_more_run():
    queue = queue_of(Clock())
    queue.add("a")
    assert queue.get() == "a"
    for _ in range(10):
        queue.add("a")
    assert queue.get() is None
    queue.done("a")
    assert queue.get() == "a"
    queue.done("a")
    assert queue.get() is None


def test_q2_the_earliest_time_counts_and_now_beats_later():
    clock = Clock()
    queue = queue_of(clock)
    queue.add_after("a", 60)
    queue.add_after("a", 5)
    queue.add_after("a", 30)
    assert queue.next_due() == clock.now + 5
    clock.now += 5
    assert queue.get() == "a"
    queue.done("a")
    queue.add_after("a", 60)
    queue.add("a")
    assert queue.get() == "a"
    queue.done("a")
    clock.now += 100
    assert queue.get() is None


def test_q3_a_key_that_fails_waits_twice_as_long_each_time_and_no_longer_than_the_cap():
    queue = queue_of(Clock(), jitter=0.0, rate=1e9)
    delays = []
    for _ in range(20):
        delays.append(queue.add_rate_limited("a"))
    assert delays[:4] == [0.005, 0.01, 0.02, 0.04]
    assert delays[-1] == 300.0
    queue.forget("a")
    assert queue.add_rate_limited("a") == 0.005


def test_q3_a_storm_of_failures_of_many_keys_is_slowed_to_the_rate():
    queue = queue_of(Clock(), rate=10.0, burst=100)
    delays = [queue.add_rate_limited(f"key-{number}") for number in range(200)]
    assert max(delays[:100]) <= 0.0055
    assert delays[-1] == pytest.approx(10.0)


def test_q3_delays_are_drawn_so_that_keys_do_not_march_in_step():
    drawn = iter([0.0, 1.0])
    queue = WorkQueue(clock=Clock(), limits=RateLimits(first=10.0), chance=drawn.__next__)
    assert [queue.add_rate_limited("a"), queue.add_rate_limited("b")] == pytest.approx([9.0, 11.0])


def test_q4_live_changes_pass_what_was_there_at_the_start():
    queue = queue_of(Clock())
    for number in range(5):
        queue.add(f"old-{number}", priority=LOW)
    queue.add("live")
    assert queue.get() == "live"


def test_q4_a_live_change_of_what_waits_raises_it():
    queue = queue_of(Clock())
    for number in range(5):
        queue.add(f"old-{number}", priority=LOW)
    queue.add("old-3")
    queue.add("old-3", priority=LOW)
    assert queue.get() == "old-3"


def test_q4_what_waits_longest_has_its_turn_however_many_live_changes_there_are():
    queue = queue_of(Clock())
    queue.add("old", priority=LOW)
    seen = []
    for number in range(TURN):
        queue.add(f"live-{number}")
        queue.add(f"more-{number}")
        seen.append(queue.get())
    assert "old" in seen


def test_q5_shut_down_hands_out_what_is_ready_takes_nothing_new_and_drains():
    clock = Clock()
    queue = queue_of(clock)
    queue.add("a")
    queue.add_after("b", 1)
    queue.shut_down()
    queue.shut_down()
    queue.add("c")
    queue.add_after("c", 1)
    queue.add_rate_limited("c")
    clock.now += 10
    assert queue.get() == "a"
    assert queue.get() is None
    assert not queue.drained
    queue.done("a")
    assert queue.drained


def test_q5_abandoned_it_hands_out_nothing_and_still_waits_for_what_runs():
    queue = queue_of(Clock())
    queue.add("a")
    queue.add("b")
    assert queue.get() == "a"
    queue.add("a")
    queue.abandon()
    assert queue.get() is None
    assert not queue.drained
    queue.done("a")
    assert queue.get() is None
    assert queue.drained


def test_q6_nothing_is_kept_of_a_key_that_is_done_and_forgotten():
    clock = Clock()
    queue = queue_of(clock)
    for number in range(1000):
        queue.add(number)
        queue.add(number, priority=5)
        assert queue.get() == number
        queue.done(number)
        queue.add_rate_limited(number)
        clock.now += 1
        assert queue.get() == number
        queue.done(number)
        queue.forget(number)
    kept = [queue._dirty, queue._processing, queue._delayed, queue._limiter]
    assert [len(part) for part in kept] == [0, 0, 0, 0]
    assert len(queue._urgent) + len(queue._oldest) + len(queue._due) < 300


def test_q7_equal_keys_are_served_in_the_order_of_their_adding():
    queue = queue_of(Clock())
    for key in "cab":
        queue.add(key)
    assert [queue.get(), queue.get(), queue.get()] == ["c", "a", "b"]


def test_done_of_what_nobody_works_on_is_a_mistake_that_shows():
    queue = queue_of(Clock())
    with pytest.raises(ValueError, match="not being worked on"):
        queue.done("a")


def test_how_long_the_oldest_has_waited_is_known():
    clock = Clock()
    queue = queue_of(clock)
    assert queue.oldest_since is None
    queue.add("a")
    clock.now += 5
    queue.add("b")
    assert (len(queue), queue.oldest_since) == (2, 100.0)
