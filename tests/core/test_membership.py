"""Members that share keys: no key is worked on by two at once, whatever is lost, late or paused; and by one in the end."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from poblano.core.lease import LeaseTimes, Over, Pause
from poblano.core.membership import LITTER_SECONDS, Look, Member, Publish, Seat

WHO = st.integers(0, 2)
KEYS = [f"shop/item-{number}" for number in range(4)]


class Time:
    def __init__(self):
        self.now = 1000.0


class Store:
    """The Leases on the server: compare and swap, and lists of one moment."""

    def __init__(self):
        self.seats = {}
        self.version = 0

    def list(self):
        return tuple(self.seats.values())

    def put(self, name, write):
        there = self.seats.get(name)
        if write.version != (there.version if there else ""):
            return None
        self.version += 1
        holder = "" if write.leaves else name
        self.seats[name] = Seat(name, holder, 15, write.view, str(self.version))
        return str(self.version)


class Process:
    """One member, its clock, the keys it works on, and requests that are out, some of them given up."""

    def __init__(self, name, time, store, offset, rate):
        self.busy = set()
        self.member = Member(
            name, clock=lambda: offset + time.now * rate, chance=lambda: 0.5, busy=lambda: frozenset(self.busy)
        )
        self.time, self.store, self.rate = time, store, rate
        self.out = self.answer = self.wakes = None
        self.late = []

    def send(self):
        command = self.member.command
        if self.out is not None:
            return
        if isinstance(command, Pause):
            if self.wakes is None:
                self.wakes = self.time.now + command.seconds / self.rate
            elif self.time.now >= self.wakes:
                self.wakes = None
                self.member.slept()
        elif isinstance(command, Look | Publish):
            self.member.begin()
            self.out = command

    def carry_out(self, request):
        if isinstance(request, Look):
            return ("looked", self.store.list())
        return ("published", self.store.put(self.member.name, request))

    def arrive(self):
        self.answer = self.carry_out(self.out)

    def hear(self):
        answer, self.out, self.answer = self.answer, None, None
        if answer is None or answer[1] is None:
            self.member.failed()
        elif answer[0] == "looked":
            self.member.looked(answer[1])
        else:
            self.member.published(answer[1])

    def lose(self):
        """No answer comes; the request may arrive yet, much later."""
        if self.answer is None:
            self.late.append(self.out)
        self.out = self.answer = None
        self.member.failed()

    def works_on(self):
        """Whoever no longer takes part works on nothing: its process ends."""
        if not self.member.leads:
            self.busy.clear()
        return self.busy


class Sharing(RuleBasedStateMachine):
    @initialize(
        count=st.sampled_from([2, 3]),
        offsets=st.lists(st.sampled_from([-500.0, 0.0, 1e6]), min_size=3, max_size=3),
        rates=st.lists(st.sampled_from([0.85, 1.0, 1.15]), min_size=3, max_size=3),
    )
    def begin(self, count, offsets, rates):
        self.time, self.store, self.count, self.born = Time(), Store(), count, count
        self.clocks = list(zip(offsets, rates, strict=True))
        self.processes = [self.process(str(n), n) for n in range(count)]

    def process(self, name, number):
        return Process(name, self.time, self.store, *self.clocks[number])

    def of(self, who):
        return self.processes[who % self.count]

    @rule(seconds=st.sampled_from([0.5, 2.0, 5.0, 9.0, 16.0]))
    def time_passes(self, seconds):
        self.time.now += seconds

    @rule(who=WHO)
    def runs_well(self, who):
        one = self.of(who)
        for _ in range(4):
            one.send()
            if one.out is not None:
                one.arrive()
                one.hear()

    @rule(seconds=st.sampled_from([2, 6, 16]), cut_off=st.none() | WHO)
    def all_run_but_one(self, seconds, cut_off):
        for _ in range(seconds * 2):
            self.time.now += 0.5
            for who in range(self.count):
                if cut_off is None or who != cut_off % self.count:
                    self.runs_well(who)
                    continue
                self.sends(who)
                if self.of(who).out is not None:
                    self.of(who).lose()
            self.never_two()

    @rule(who=WHO)
    def sends(self, who):
        self.of(who).send()

    @precondition(lambda self: any(one.out and not one.answer for one in self.processes))
    @rule(who=WHO)
    def arrives(self, who):
        if self.of(who).out is not None and self.of(who).answer is None:
            self.of(who).arrive()

    @precondition(lambda self: any(one.answer for one in self.processes))
    @rule(who=WHO)
    def hears(self, who):
        if self.of(who).answer is not None:
            self.of(who).hear()

    @precondition(lambda self: any(one.out for one in self.processes))
    @rule(who=WHO)
    def loses(self, who):
        if self.of(who).out is not None:
            self.of(who).lose()

    @precondition(lambda self: any(one.late for one in self.processes))
    @rule(who=WHO)
    def arrives_late(self, who):
        if self.of(who).late:
            one = self.of(who)
            one.carry_out(one.late.pop(0))

    @rule(who=WHO, keys=st.sets(st.sampled_from(KEYS), min_size=1))
    def begins(self, who, keys):
        one = self.of(who)
        one.works_on().update(key for key in keys if one.member.may(key))

    @rule(who=WHO, keys=st.sets(st.sampled_from(KEYS), min_size=1))
    def ends(self, who, keys):
        self.of(who).busy.difference_update(keys)

    @rule(who=WHO)
    def leaves(self, who):
        if self.of(who).out is None:
            self.of(who).busy.clear()
            self.of(who).wakes = None
            self.of(who).member.release()

    @rule(who=WHO)
    def is_started_anew(self, who):
        """After its end, or killed at any moment."""
        self.born += 1
        self.processes[who % self.count] = self.process(str(self.born), who % self.count)

    @invariant()
    def never_two(self):
        if not hasattr(self, "processes"):
            return
        for key in KEYS:
            at_work = [one.member.name for one in self.processes if key in one.works_on() or one.member.may(key)]
            assert len(at_work) <= 1, (key, at_work)

    def teardown(self):
        if not hasattr(self, "processes"):
            return
        for who, one in enumerate(self.processes):
            if one.out is not None:
                one.lose()
            one.busy.clear()
            if isinstance(one.member.command, Over):
                self.is_started_anew(who)
        for _ in range(40):
            for _ in range(3):
                self.time.now += 0.5
                for who in range(self.count):
                    self.runs_well(who)
            self.never_two()
        for key in KEYS:
            assert [one.member.may(key) for one in self.processes].count(True) == 1
        assert all(one.member.settled for one in self.processes if not isinstance(one.member.command, Over))


TestSharing = Sharing.TestCase
TestSharing.settings = settings(max_examples=100, stateful_step_count=25)


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


def alone(busy=frozenset):
    clock = Clock()
    member = Member("a", clock=clock, chance=lambda: 0.0, busy=busy)
    member.begin()
    member.looked([])
    member.begin()
    member.published("1")
    member.begin()
    member.looked([seat("a", {"a"}, "1")])
    return member, clock


def seat(name, view, version, holder=None):
    return Seat(name, name if holder is None else holder, 15, frozenset(view), version)


def test_one_alone_works_on_everything_once_it_has_seen_that_it_is():
    member, _ = alone()
    assert all(map(member.may, KEYS))
    assert member.settled
    assert member.command == Pause(2.0)


def test_who_joins_waits_until_the_other_has_let_go_and_that_one_until_its_run_has_ended():
    busy = set(KEYS)
    member, _ = alone(lambda: busy)
    member.slept()
    member.begin()
    member.published("2")
    member.begin()
    member.looked([seat("a", {"a"}, "2"), seat("b", {"a", "b"}, "3")])
    kept = {key for key in KEYS if member.may(key)}
    assert 0 < len(kept) < len(KEYS)
    member.slept()
    assert member.command == Publish(frozenset({"a"}), "2")  # it is still at work on what is to go
    busy &= kept
    member.begin()
    member.published("4")
    member.begin()
    member.looked([seat("a", {"a"}, "4"), seat("b", {"a", "b"}, "3")])
    member.slept()
    assert member.command == Publish(frozenset({"a", "b"}), "4")


def test_who_has_left_is_reckoned_with_no_more_at_once_and_who_is_silent_when_its_lease_has_run_out():
    member, clock = alone()
    both = {"a", "b"}
    for holder, seconds, left in (("b", 14.0, False), ("b", 15.5, True), ("", 0.0, True)):
        member, clock = alone()
        member.begin()
        member.looked([seat("a", {"a"}, "1"), seat("b", both, "2")])
        clock.now += seconds / 2
        member.slept()
        member.begin()
        member.published("3")
        clock.now += seconds / 2
        member.begin()
        member.looked([seat("a", {"a"}, "3"), seat("b", both, "2" if holder else "4", holder)])
        assert all(map(member.may, KEYS)) is left


def test_who_is_silent_is_judged_by_when_the_list_was_sent_for_it_may_be_as_old_as_that():
    member, clock = alone()
    member.begin()
    member.looked([seat("a", {"a"}, "1"), seat("b", {"a", "b"}, "2")])
    clock.now += 7.0
    member.slept()
    member.begin()
    member.published("3")
    clock.now += 7.5
    member.begin()
    clock.now += 1.5  # it was answered before b's Lease had run out, or not: nobody knows
    member.looked([seat("a", {"a"}, "3"), seat("b", {"a", "b"}, "2")])
    assert member.leads
    assert not all(map(member.may, KEYS))
    member.begin()
    member.looked([seat("a", {"a"}, "3"), seat("b", {"a", "b"}, "2")])
    assert all(map(member.may, KEYS))


def test_who_cannot_renew_stops_before_the_others_may_begin():
    member, clock = alone()
    clock.now += 9.9
    assert all(map(member.may, KEYS))
    clock.now += 0.1
    assert not any(map(member.may, KEYS))
    assert member.command == Over(lost=True)


@pytest.mark.parametrize("seats", [[], [seat("a", {"a"}, "7", "somebody")]])
def test_whose_lease_was_deleted_or_taken_has_lost(seats):
    member, _ = alone()
    member.begin()
    member.looked(seats)
    assert member.command == Over(lost=True)
    assert not any(map(member.may, KEYS))


def test_what_nobody_holds_any_more_is_litter_after_a_while():
    member, clock = alone()
    for _ in range(100):
        member.begin()
        member.looked([seat("a", {"a"}, member._version), seat("old", set(), "2", "")])
        member.slept()
        member.begin()
        member.published(str(int(member._version) + 10))
        clock.now += 9
    assert clock.now - 100 > LITTER_SECONDS
    assert [one.name for one in member.litter] == ["old"]


def test_who_leaves_says_so_and_works_on_nothing_more():
    member, _ = alone()
    member.release()
    assert not any(map(member.may, KEYS))
    assert member.command == Publish(frozenset(), "1", leaves=True)
    member.begin()
    member.published("2")
    assert member.command == Over(lost=False)
    other = Member("b", clock=Clock(), times=LeaseTimes())
    other.release()
    assert other.command == Over(lost=False)


def test_what_is_claimed_anew_is_not_worked_on_before_the_claims_of_the_others_were_seen_beside_it():
    member, _ = alone()
    member.begin()
    member.looked([seat("a", {"a", "b"}, "1"), seat("b", {"a", "b"}, "2")])
    kept = {key for key in KEYS if member.may(key)}
    member.begin()
    member.looked([seat("a", {"a", "b"}, "1"), seat("b", set(), "3", "")])
    member.slept()
    member.begin()
    member.published("4")
    assert {key for key in KEYS if member.may(key)} == kept
    member.begin()
    member.looked([seat("a", {"a"}, "4"), seat("b", set(), "3", "")])
    assert all(map(member.may, KEYS))


def test_what_may_have_been_given_away_by_a_request_without_an_answer_is_not_worked_on():
    member, _ = alone()
    member.begin()
    member.looked([seat("a", {"a"}, "1"), seat("b", {"a", "b"}, "2")])
    kept = {key for key in KEYS if member.may(key)}
    member.slept()
    assert member.command == Publish(frozenset({"a", "b"}), "1")
    member.begin()
    member.failed()
    member.slept()
    member.begin()
    member.looked([seat("a", {"a"}, "1"), seat("b", set(), "3", "")])  # and now it would all be ours again
    assert {key for key in KEYS if member.may(key)} == kept
    member.slept()
    member.begin()
    member.published("5")  # at the version of the other request, which will never arrive now
    member.begin()
    member.looked([seat("a", {"a"}, "5"), seat("b", set(), "3", "")])
    assert all(map(member.may, KEYS))
