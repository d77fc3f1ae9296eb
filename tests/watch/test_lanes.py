"""Queue strategies: what shares a lane runs one at a time, in turn, and nobody is left waiting."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from poblano import Capability, a
from poblano.core.cache import Key
from poblano.watch.lanes import Lanes, lane_of

LANES, WHO = st.sampled_from(["one", "two"]), st.sampled_from("abcd")


class Sharing(RuleBasedStateMachine):
    """Those who want to enter, those who are called, and those who are in."""

    def __init__(self):
        super().__init__()
        self.lanes = Lanes()
        self.inside = {}
        self.waiting = {"one": [], "two": []}
        self.called = set()

    @rule(lane=LANES, who=WHO)
    def enter(self, lane, who):
        if self.inside.get(lane) == who:
            return  # a key is worked on by one worker at a time
        entered = self.lanes.enter(lane, who, lambda: self.called.add((lane, who)))
        first = not self.waiting[lane] or self.waiting[lane][0] == who
        assert entered is (lane not in self.inside and first)
        if entered:
            self.inside[lane] = who
            self.called.discard((lane, who))
            if who in self.waiting[lane]:
                self.waiting[lane].remove(who)
        elif who not in self.waiting[lane]:
            self.waiting[lane].append(who)

    @rule(lane=LANES)
    def leave(self, lane):
        if self.inside.pop(lane, None) is not None:
            self.lanes.leave(lane)

    @invariant()
    def who_waits_first_is_called_once_the_lane_is_free(self):
        for lane, waiting in self.waiting.items():
            if waiting and lane not in self.inside:
                assert (lane, waiting[0]) in self.called

    @invariant()
    def lanes_that_nobody_wants_are_forgotten(self):
        wanted = {lane for lane in ("one", "two") if lane in self.inside or self.waiting[lane]}
        assert len(self.lanes) == len(wanted)


TestSharing = Sharing.TestCase


def bindings(queue):
    shop = Capability("shop")
    shop.when(a.Pod).reconcile(lambda pod, ctx: None, queue=queue)
    shop.when(a.Service).reconcile(lambda pod, ctx: None, queue=queue)
    return shop.bindings


KEYS = st.builds(Key, st.sampled_from(["shop", "other"]), st.sampled_from(["web", "db"]))


@given(KEYS, KEYS)
def test_each_strategy_of_pepr_has_its_lanes(one, other):
    for queue, shared in (
        ("kind", lambda: True),
        ("kind_ns", lambda: one.namespace == other.namespace),
        ("global", lambda: True),
    ):
        pods, services = bindings(queue)
        assert (lane_of(pods, one) == lane_of(pods, other)) is shared()
        assert (lane_of(pods, one) == lane_of(services, one)) is (queue == "global")
    pods, _ = bindings("kind_ns_name")
    assert lane_of(pods, one) is None
