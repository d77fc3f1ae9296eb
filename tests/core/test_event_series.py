"""Which events are written: engines' W5."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from poblano.core.event_series import BURST, FINISH, REFILL, REFRESH, Recorder, Told

NOTES = st.sampled_from(["one", "two"])
ABOUT = st.sampled_from(["web", "db"])


def told(about="web", note="one"):
    return Told(about, "shop/scale", "Normal", "Scaled", note)


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


class Recording(RuleBasedStateMachine):
    """What is told, and what the cluster is told of it."""

    def __init__(self):
        super().__init__()
        self.clock = Clock()
        self.recorder = Recorder(clock=self.clock)
        self.count = {}
        self.cluster = {}
        self.writes = []

    def wrote(self, series):
        if series is not None:
            self.writes.append((self.clock.now, series.told, series.count))
            if series.count == 1:
                self.cluster[series.told] = 1
            self.cluster[series.told] = series.count

    @rule(about=ABOUT, note=NOTES)
    def tell(self, about, note):
        self.wrote(self.recorder.tell(told(about, note)))

    @rule(seconds=st.sampled_from([0.1, 5.0, REFRESH, FINISH + 1, REFILL]))
    def later(self, seconds):
        self.clock.now += seconds
        for series in self.recorder.due():
            self.wrote(series)

    @invariant()
    def no_object_gets_more_new_events_than_its_bucket_holds(self):
        for about in ("web", "db"):
            new = [when for when, said, count in self.writes if said.about == about and count == 1]
            assert len(new) <= BURST + 1 + self.clock.now / REFILL

    @invariant()
    def a_series_that_grows_is_written_once_in_a_while_only(self):
        grown = [(when, said) for when, said, count in self.writes if count > 2]
        for said in {said for _, said in grown}:
            times = [when for when, other in grown if other == said]
            assert all(later - earlier >= REFRESH for earlier, later in itertools.pairwise(times))

    @invariant()
    def what_has_ended_is_forgotten(self):
        for one in self.recorder._series.values():
            assert self.clock.now - one.last < FINISH or one.last == one.since


TestRecording = Recording.TestCase


@given(st.integers(2, 50))
def test_w5_the_same_event_is_one_object_with_a_count(times):
    clock = Clock()
    recorder = Recorder(clock=clock)
    writes = [series.count for _ in range(times) if (series := recorder.tell(told()))]
    assert writes == [1, 2]
    clock.now += REFRESH
    assert [series.count for series in recorder.due()] == ([times] if times > 2 else [])
    assert recorder.due() == []


def test_w5_after_a_while_it_is_a_new_one():
    clock = Clock()
    recorder = Recorder(clock=clock)
    first = recorder.tell(told())
    clock.now += FINISH
    second = recorder.tell(told())
    assert second is not first
    assert second.count == 1


def test_w5_an_object_that_has_had_many_gets_no_more_and_others_do():
    clock = Clock()
    recorder = Recorder(clock=clock)
    written = [recorder.tell(told(note=str(number))) is not None for number in range(BURST + 5)]
    assert written == [True] * BURST + [False] * 5
    assert recorder.suppressed == 5
    assert recorder.tell(told(about="db")) is not None
    clock.now += REFILL
    assert [recorder.tell(told(note=f"later {number}")) is not None for number in range(2)] == [True, False]


def test_w5_at_the_end_the_rest_is_written():
    recorder = Recorder(clock=Clock())
    for _ in range(7):
        recorder.tell(told())
    assert [series.count for series in recorder.rest()] == [7]
    assert recorder.rest() == []


def test_what_could_not_be_written_is_new_when_it_comes_again():
    recorder = Recorder(clock=Clock())
    recorder.forget(recorder.tell(told()))
    assert recorder.tell(told()).count == 1


def test_q6_a_recorder_keeps_so_many_and_no_more():
    clock = Clock()
    recorder = Recorder(clock=clock)
    for number in range(10_000):
        recorder.tell(told(about=str(number)))
    assert len(recorder) <= 4096
    assert len(recorder._buckets) <= 4096
