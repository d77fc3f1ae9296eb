"""Leader election: never two at once, whatever is lost, late, paused or refused; and always one again in the end."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from poblano.core.lease import Elector, LeaseTimes, Over, Pause, Read, Record, Write

WHO = st.integers(0, 2)


class Time:
    def __init__(self):
        self.now = 1000.0


class Store:
    """The Lease on the server: compare and swap."""

    def __init__(self):
        self.record = None
        self.version = 0

    def get(self):
        return self.record, str(self.version)

    def put(self, write):
        if write.version != ("" if self.record is None else str(self.version)):
            return None
        self.record = write.record
        self.version += 1
        return str(self.version)


class Candidate:
    """One process: an elector, a clock that is early or late and fast or slow, and a request that may be out."""

    def __init__(self, name, time, store, offset, rate):
        self.elector = Elector(name, clock=lambda: offset + time.now * rate, chance=lambda: 0.5)
        self.store = store
        self.time = time
        self.rate = rate
        self.out = None
        self.answer = None
        self.wakes = None

    def send(self):
        command = self.elector.command
        if self.out is not None:
            return
        if isinstance(command, Pause):
            if self.wakes is None:
                self.wakes = self.time.now + command.seconds / self.rate
            elif self.time.now >= self.wakes:
                self.wakes = None
                self.elector.slept()
        elif isinstance(command, Read | Write):
            self.elector.begin()
            self.out = command

    def arrive(self):
        """The request is carried out by the server."""
        if isinstance(self.out, Read):
            self.answer = ("read", *self.store.get())
        elif isinstance(self.out, Write):
            self.answer = ("written", self.store.put(self.out))

    def hear(self):
        """The answer comes back."""
        answer, self.out, self.answer = self.answer, None, None
        if answer is None or answer[-1] is None:
            self.elector.failed()
        elif answer[0] == "read":
            self.elector.read(*answer[1:])
        else:
            self.elector.written(answer[1])

    def lose(self):
        """No answer comes, whether or not the request was carried out."""
        self.out = self.answer = None
        self.elector.failed()


class Election(RuleBasedStateMachine):
    @initialize(
        count=st.sampled_from([2, 3]),
        offsets=st.lists(st.sampled_from([-500.0, 0.0, 1e6]), min_size=3, max_size=3),
        rates=st.lists(st.sampled_from([0.85, 1.0, 1.15]), min_size=3, max_size=3),
    )
    def begin(self, count, offsets, rates):
        self.time, self.store, self.count, self.born = Time(), Store(), count, count
        self.clocks = list(zip(offsets, rates, strict=True))
        self.candidates = [self.candidate(str(n), n) for n in range(count)]

    def candidate(self, name, number):
        return Candidate(name, self.time, self.store, *self.clocks[number])

    def of(self, who):
        return self.candidates[who % self.count]

    @rule(seconds=st.sampled_from([0.5, 2.0, 2.5, 5.0, 9.0, 16.0]))
    def time_passes(self, seconds):
        """For whoever does nothing meanwhile, this is a pause of the process."""
        self.time.now += seconds

    @rule(who=WHO)
    def runs_well(self, who):
        one = self.of(who)
        for _ in range(4):
            one.send()
            if one.out is not None:
                one.arrive()
                one.hear()

    @rule(seconds=st.sampled_from([3, 8, 20]), cut_off=st.none() | WHO, heard=st.booleans())
    def all_run_but_one(self, seconds, cut_off, heard):
        """One has no answers for a while, though it may be heard; it goes on all the same."""
        for _ in range(seconds * 2):
            self.time.now += 0.5
            for who in range(self.count):
                if cut_off is None or who != cut_off % self.count:
                    self.runs_well(who)
                    continue
                self.sends(who)
                if self.of(who).out is not None:
                    if heard:
                        self.of(who).arrive()
                    self.of(who).lose()
                self.never_two()

    @rule(who=WHO)
    def sends(self, who):
        self.of(who).send()

    @precondition(lambda self: any(one.out and not one.answer for one in self.candidates))
    @rule(who=WHO)
    def arrives(self, who):
        if self.of(who).answer is None:
            self.of(who).arrive()

    @precondition(lambda self: any(one.answer for one in self.candidates))
    @rule(who=WHO)
    def hears(self, who):
        if self.of(who).answer is not None:
            self.of(who).hear()

    @precondition(lambda self: any(one.out for one in self.candidates))
    @rule(who=WHO)
    def loses(self, who):
        if self.of(who).out is not None:
            self.of(who).lose()

    @rule(who=WHO)
    def releases(self, who):
        if self.of(who).out is None:
            self.of(who).wakes = None
            self.of(who).elector.release()

    @rule(who=WHO)
    def is_started_anew(self, who):
        """After its end, or killed at any moment."""
        self.born += 1
        self.candidates[who % self.count] = self.candidate(str(self.born), who % self.count)

    @invariant()
    def never_two(self):
        if hasattr(self, "candidates"):
            assert sum(one.elector.leads for one in self.candidates) <= 1

    def teardown(self):
        if not hasattr(self, "candidates"):
            return
        for who, one in enumerate(self.candidates):
            if one.out is not None:
                one.lose()
            if isinstance(one.elector.command, Over):
                self.is_started_anew(who)
        for _ in range(120):
            for who in range(self.count):
                self.runs_well(who)
                self.never_two()
            self.time.now += 0.5
        assert sum(one.elector.leads for one in self.candidates) == 1


TestElection = Election.TestCase
TestElection.settings = settings(max_examples=100, stateful_step_count=25)


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


def leader():
    clock = Clock()
    elector = Elector("a", clock=clock, chance=lambda: 0.0)
    elector.begin()
    elector.read(None, "")
    elector.begin()
    elector.written("1")
    return elector, clock


def test_l1_times_that_do_not_keep_two_from_leading_are_refused():
    assert LeaseTimes() == LeaseTimes(duration=15, renew=10, retry=2)
    with pytest.raises(ValueError, match="must be longer"):
        LeaseTimes(duration=10, renew=10)
    with pytest.raises(ValueError, match="must be longer"):
        LeaseTimes(renew=2.2, retry=2)


def test_l2_another_waits_by_its_own_clock_and_not_by_the_times_in_the_record():
    clock = Clock()
    elector = Elector("b", clock=clock, chance=lambda: 0.0)
    old = Record("a", 15, 0, "2001-01-01T00:00:00Z", "2001-01-01T00:00:00Z")
    elector.read(old, "1")
    assert isinstance(elector.command, Pause)
    clock.now += 14.9
    elector.slept()
    elector.read(old, "1")
    assert isinstance(elector.command, Pause)
    clock.now += 0.2
    elector.slept()
    elector.read(old, "1")
    assert elector.command.version == "1"
    assert (elector.command.record.holder, elector.command.record.transitions) == ("b", 1)


def test_l2_each_renewal_that_is_seen_is_waited_for_anew():
    clock = Clock()
    elector = Elector("b", clock=clock, chance=lambda: 0.0)
    elector.read(Record("a", 15, 0), "1")
    for version in ("2", "3", "4"):
        clock.now += 10
        elector.slept()
        elector.read(Record("a", 15, 0), version)
        assert isinstance(elector.command, Pause)
    clock.now += 15.1
    elector.slept()
    elector.read(Record("a", 15, 0), "4")
    assert elector.command.version == "4"


def test_l3_a_leader_renews_without_reading_and_reads_after_a_conflict():
    elector, clock = leader()
    elector.slept()
    assert isinstance(elector.command, Write)
    assert elector.command.version == "1"
    elector.failed()
    clock.now += 2
    elector.slept()
    assert elector.command == Read()
    assert elector.leads


def test_l4_a_leader_that_cannot_renew_stops_before_anybody_else_may_begin():
    elector, clock = leader()
    clock.now += 9.9
    assert elector.leads
    clock.now += 0.1
    assert not elector.leads
    assert elector.command == Over(lost=True)


def test_l4_it_leads_by_when_it_asked_and_not_by_when_it_was_answered():
    elector, clock = leader()
    clock.now += 5
    elector.slept()
    elector.begin()
    clock.now += 4
    elector.written("2")
    clock.now += 5.9
    assert elector.leads
    clock.now += 0.2
    assert not elector.leads, "ten seconds after it asked: others may have seen the record as early as that"


def test_l4_a_process_that_stood_still_does_not_lead_when_it_wakes():
    elector, clock = leader()
    elector.slept()
    elector.begin()
    clock.now += 60
    elector.written("2")
    assert not elector.leads


def test_l4_a_leader_whose_lease_was_taken_or_deleted_has_lost():
    elector, _ = leader()
    elector.failed()
    elector.slept()
    elector.read(Record("b", 15, 1), "5")
    assert elector.command == Over(lost=True)


def test_l5_what_is_released_is_free_at_once():
    elector, _ = leader()
    elector.release()
    assert not elector.leads
    record = elector.command.record
    assert (record.holder, record.duration) == ("", 1)
    elector.written("2")
    assert elector.command == Over(lost=False)
    other = Elector("b", clock=Clock())
    other.read(record, "2")
    assert isinstance(other.command, Write)


def test_l5_who_does_not_lead_has_nothing_to_release():
    elector = Elector("a", clock=Clock())
    elector.read(Record("b", 15, 0), "1")
    elector.release()
    assert elector.command == Over(lost=False)


def test_l6_a_lease_that_was_deleted_counts_until_it_would_have_run_out():
    clock = Clock()
    elector = Elector("b", clock=clock)
    elector.read(Record("a", 15, 0), "1")
    elector.slept()
    elector.read(None, "")
    assert isinstance(elector.command, Pause)
    clock.now += 15
    elector.slept()
    elector.read(None, "")
    assert (elector.command.version, elector.holder) == ("", "a")


def test_l7_who_holds_it_is_known_to_all():
    elector, _ = leader()
    assert elector.holder == "a"
