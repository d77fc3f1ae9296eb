"""The list and watch, against a server that loses, repeats, compacts and lies; and rule by rule."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from poblano.core.cache import Item, Key
from poblano.core.listwatch import PAGE, TOO_LONG, List, Sleep, Watch
from poblano.core.reflector import Reflector
from poblano.core.watch_events import Event, Failure, Page
from tests.core.simulated_server import Clock, Driver, SimulatedServer

NAMES = st.sampled_from("abcde")
FAILURES = st.sampled_from(
    [
        Failure(message="connection refused"),
        Failure(status=401, reason="Unauthorized"),
        Failure(status=403, reason="Forbidden"),
        Failure(status=404, reason="NotFound"),
        Failure(status=400, reason="BadRequest"),
        Failure(status=410, reason="Expired"),
        Failure(status=429, reason="TooManyRequests", retry_after=3),
        Failure(status=500, reason="InternalError"),
        Failure(status=503, reason="ServiceUnavailable"),
        Failure(status=504, reason="Timeout", causes=frozenset({"ResourceVersionTooLarge"})),
    ]
)


class BadServer(RuleBasedStateMachine):
    """Whatever happens on the way: once the server works, the cache is what the server has, and every change was told."""

    @initialize(streaming=st.booleans(), watch_list=st.booleans(), chance=st.sampled_from([0.0, 0.5, 1.0]))
    def begin(self, streaming, watch_list, chance):
        self.clock, self.answers = Clock(), []
        self.server = SimulatedServer(watch_list=watch_list)
        self.reflector = Reflector(clock=self.clock, chance=lambda: chance, streaming=streaming)
        self.driver = Driver(self.reflector, self.server, self.clock)

    @rule(name=NAMES)
    def write(self, name):
        self.server.write(name)

    @rule(name=NAMES)
    def we_write(self, name):
        """And are answered; the answer may arrive later."""
        self.server.write(name)
        self.answers.append(self.server.items()[Key("shop", name)])

    @precondition(lambda self: self.answers)
    @rule(data=st.data())
    def an_answer_arrives(self, data):
        answer = self.answers.pop(data.draw(st.integers(0, len(self.answers) - 1)))
        seen, before = self.reflector.known.version, self.reflector.cache.get(answer.key)
        self.driver.tell(self.reflector.wrote(answer))
        if self.reflector.has_synced and int(seen) < int(answer.resource_version):
            known = self.reflector.cache.get(answer.key)
            assert int(known.resource_version) >= int(answer.resource_version)
        else:
            assert self.reflector.cache.get(answer.key) == before

    @rule(name=NAMES)
    def delete(self, name):
        self.server.delete(name)

    @rule(name=NAMES)
    def made_anew(self, name):
        self.server.delete(name)
        self.server.write(name)

    @rule()
    def compact(self):
        self.server.compact()

    @rule(back=st.integers(1, 6), since=st.lists(NAMES, max_size=8))
    def restored_from_a_backup(self, back, since):
        """The connection breaks, the server is away for a while, and has caught up when it is met again."""
        self.server.restore(back)
        self.answers = []  # those who are answered by what was there before are gone, too
        for _ in range(2):
            if isinstance(self.reflector.command, Sleep):
                self.driver.step()
            self.fails(Failure(message="connection refused"))
        for name in since:
            self.server.write(name)

    @rule(steps=st.integers(1, 4))
    def works(self, steps):
        for _ in range(steps):
            self.driver.step()

    @rule()
    def ends(self):
        self.driver.end()

    @rule()
    def ends_without_a_bookmark(self):
        self.driver.end(bookmark=False)

    @precondition(lambda self: not isinstance(self.reflector.command, Sleep))
    @rule(failure=FAILURES)
    def fails(self, failure):
        self.driver.stream = None
        self.reflector.failed(failure)

    @precondition(lambda self: isinstance(self.reflector.command, Watch))
    @rule()
    def goes_silent(self):
        """Events are lost on the way; the deadline passes."""
        self.driver.stream = None
        self.clock.now += self.reflector.command.deadline
        self.reflector.stalled()

    @precondition(lambda self: not isinstance(self.reflector.command, Sleep))
    @rule()
    def garbles(self):
        self.driver.stream = None
        self.reflector.garbled()

    @precondition(lambda self: self.driver.stream is not None and self.driver.stream <= self.server.revision)
    @rule(back=st.integers(1, 8))
    def repeats(self, back):
        """Old events come once more, and then the newer ones as they came."""
        known = max(self.server.compacted, self.server.revision - back)
        self.driver.send(self.server.since(min(self.driver.stream, known)))
        if self.driver.stream is not None:
            self.driver.stream = self.server.revision

    @precondition(lambda self: self.driver.stream is not None)
    @rule()
    def says_what_nobody_knows(self):
        self.driver.tell(self.reflector.received(Event(type="CELEBRATED")))

    @invariant()
    def what_was_told_is_what_is_known(self):
        if hasattr(self, "driver"):
            assert {item.key: item for item in self.reflector.cache} == self.driver.told

    def teardown(self):
        if not hasattr(self, "driver"):
            return
        for answer in self.answers:
            self.driver.tell(self.reflector.wrote(answer))
        for round_ in range(400):
            self.driver.step()
            if round_ % 10 == 9:
                self.driver.end()
        assert self.reflector.has_synced
        assert contents(self.reflector.cache) == contents(self.server.items().values())


def contents(items):
    return {item.key: (item.uid, item.resource_version, msgspec.json.decode(item.raw)) for item in items}


TestOnABadServer = BadServer.TestCase
TestOnABadServer.settings = settings(max_examples=200, stateful_step_count=30)


def reflector_of(**options):
    clock = Clock()
    options.setdefault("streaming", False)
    return Reflector(clock=clock, chance=lambda: 0.0, **options), clock


def item(name, version, uid="1"):
    return Item(Key("shop", name), uid, version, b"{}")


def event(type, name, version, uid="1"):
    return Event(type=type, item=item(name, version, uid), resource_version=version)


def watching(version="7", items=(), **options):
    reflector, clock = reflector_of(**options)
    reflector.listed(Page(tuple(items), version))
    reflector.opened()
    return reflector, clock


def types(changes):
    return [(change.type, change.item.key.name, change.tombstone) for change in changes]


def test_r1_the_first_list_is_of_the_servers_cache_and_in_one_piece():
    reflector, _ = reflector_of()
    assert reflector.command == List("0", limit=0)


def test_r2_what_expired_is_listed_anew_as_it_is_now_in_pages():
    reflector, _ = watching()
    reflector.received(event("ADDED", "a", "8"))
    reflector.received(Event(type="ERROR", failure=Failure(status=410, reason="Expired")))
    assert reflector.command == List("", limit=PAGE)
    assert reflector.listed(Page((item("b", "20"),), "30", "more")) == []
    assert reflector.command == List("", limit=PAGE, continue_token="more")
    changes = reflector.listed(Page((item("c", "21"),), "30"))
    assert types(changes) == [("DELETED", "a", True), ("ADDED", "b", False), ("ADDED", "c", False)]
    assert reflector.command.resource_version == "30"


def test_r2_pages_that_expire_under_way_are_followed_by_one_list_of_all():
    reflector, _ = watching()
    reflector.stalled()
    reflector.listed(Page((item("b", "20"),), "30", "more"))
    reflector.failed(Failure(status=410, reason="Expired"))
    assert reflector.command == List("", limit=0)
    assert types(reflector.listed(Page((), "31"))) == []


def test_r2_a_server_that_has_not_come_as_far_is_asked_for_what_it_has():
    reflector, _ = watching()
    reflector.failed(Failure(status=504, reason="Timeout", causes=frozenset({"ResourceVersionTooLarge"})))
    reflector.slept()
    assert reflector.command == List("", limit=PAGE)


def test_r3_watches_are_asked_to_end_at_times_drawn_anew():
    drawn = iter([0.0, 1.0])
    reflector = Reflector(clock=Clock(), chance=drawn.__next__, streaming=False)
    reflector.listed(Page((), "7"))
    first = reflector.command
    reflector.opened()
    reflector.received(Event(type="BOOKMARK", resource_version="9"))
    reflector.ended()
    assert (first.timeout, reflector.command.timeout) == (25, 35)


def test_r4_a_bookmark_moves_the_version_and_nothing_else():
    reflector, clock = watching(items=[item("a", "5")])
    assert reflector.received(Event(type="BOOKMARK", resource_version="99")) == []
    clock.now += 30
    reflector.ended()
    assert reflector.command.resource_version == "99"
    assert len(reflector.cache) == 1


def test_r4_what_cannot_be_read_restarts_the_watch_and_loses_nothing():
    reflector, _ = watching(items=[item("a", "5")])
    reflector.garbled()
    assert isinstance(reflector.command, Sleep)
    reflector.slept()
    assert reflector.command.resource_version == "7"
    assert len(reflector.cache) == 1


def test_r4_an_object_of_another_kind_is_rejected_and_the_watch_goes_on():
    reflector, _ = watching()
    before = reflector.command
    assert reflector.received(Event(type="ADDED")) == []
    assert reflector.command is before
    assert reflector.counts["rejected objects"] == 1


def test_r5_without_a_version_what_is_sent_first_says_nothing_of_the_order():
    reflector, clock = watching("0")
    reflector.received(event("ADDED", "b", "12"))
    reflector.received(event("ADDED", "a", "3"))
    clock.now += 30
    reflector.ended()
    assert reflector.command == List("", limit=PAGE)


def test_r6_an_end_in_time_is_followed_by_the_next_watch_at_once():
    reflector, clock = watching()
    reflector.received(event("ADDED", "a", "8"))
    clock.now += 30
    reflector.ended()
    assert isinstance(reflector.command, Watch)
    assert reflector.command.resource_version == "8"
    assert reflector.trouble.reason is None


def test_r6_a_watch_that_ends_as_it_begins_has_failed():
    reflector, _ = watching()
    reflector.ended()
    assert isinstance(reflector.command, Sleep)


@pytest.mark.parametrize("status", [0, 401, 403, 429, 500, 503])
def test_r7_a_watch_that_is_refused_is_tried_again_from_the_same_version(status):
    reflector, _ = watching(items=[item("web", "6")])
    reflector.failed(Failure(status=status))
    assert isinstance(reflector.command, Sleep)
    assert reflector.trouble.reason is not None
    reflector.slept()
    if status in {0, 503}:  # it may have been away: is it the one that we know?
        assert reflector.command == List("", limit=1, probe=True, only=Key("shop", "web"))
        reflector.listed(Page((item("web", "6"),), "9"))
    assert isinstance(reflector.command, Watch)
    assert reflector.command.resource_version == "7"


def test_r7_that_nothing_was_asked_yet_is_no_failure_and_one_is_over_when_something_is_answered():
    reflector, _ = reflector_of()
    assert (reflector.trouble.is_failing, reflector.trouble.reason) == (False, "it has not begun")
    reflector.failed(Failure(status=403))
    assert reflector.trouble.is_failing
    reflector.slept()
    assert reflector.trouble.is_failing, "that it is asked again is no answer"
    reflector.listed(Page((), "7"))
    assert not reflector.trouble.is_failing


def test_r10_that_a_server_has_no_initial_events_is_no_failure():
    reflector, _ = reflector_of(streaming=True)
    reflector.failed(Failure(status=400))
    assert isinstance(reflector.command, List)
    assert not reflector.trouble.is_failing


def after_an_outage(version, found, *, changed="8", gone=""):
    """A server that is back, where we listed `web` at 6, and it has changed since."""
    reflector, _ = watching(items=[item("web", "6"), item("db", "4")])
    if changed:
        reflector.received(event("MODIFIED", "web", changed))
    if gone:
        reflector.received(event("ADDED", "extra", gone))
        reflector.received(event("DELETED", "extra", gone))
    for _ in range(2):
        reflector.failed(Failure(message="connection refused"))
        reflector.slept()
    assert reflector.command == List("", limit=1, probe=True, only=Key("shop", "web"))
    reflector.listed(Page(tuple(found), version))
    return reflector.command


def test_r7_a_server_that_was_away_and_knows_what_we_know_is_watched_from_where_we_were():
    assert after_an_outage("9", [item("web", "8")]).resource_version == "8"


def test_r9_a_server_that_comes_back_with_less_than_we_have_seen_is_listed():
    assert after_an_outage("7", [item("web", "8")]) == List("", limit=PAGE)


def test_r9_a_server_that_comes_back_without_our_newest_object_is_listed_though_it_is_as_far():
    assert after_an_outage("9", [item("web", "6")]) == List("", limit=PAGE)
    assert after_an_outage("9", [item("web", "8", uid="2")]) == List("", limit=PAGE)
    assert after_an_outage("9", []) == List("", limit=PAGE)


def test_r9_what_went_last_cannot_be_asked_for_and_is_found_by_a_list():
    assert after_an_outage("9", [item("web", "8")], gone="9") == List("", limit=PAGE)


def test_r9_what_may_have_gone_before_the_first_list_cannot_be_asked_for_either():
    assert after_an_outage("9", [item("web", "6")], changed="") == List("", limit=PAGE)


def test_r9_a_watch_that_only_broke_goes_on_though_its_newest_object_has_changed():
    reflector, _ = watching(items=[item("web", "6")])
    reflector.failed(Failure(message="connection reset"))
    reflector.slept()
    reflector.listed(Page((item("web", "8"),), "9"))
    assert reflector.command.resource_version == "7"


def test_r9_a_server_that_was_met_again_only_after_a_pause_may_have_been_away_all_the_same():
    reflector, clock = watching(items=[item("web", "6")])
    reflector.failed(Failure(message="connection reset"))
    clock.now += 3
    reflector.slept()
    reflector.listed(Page((item("web", "8"),), "9"))
    assert reflector.command == List("", limit=PAGE)


def test_r9_a_version_that_was_given_out_twice_is_told_apart_by_what_it_says():
    reflector, _ = watching(items=[Item(Key("shop", "web"), "1", "6", b'{"kind":"ConfigMap","metadata":{},"data":1}')])
    reflector.stalled()
    same = Item(Key("shop", "web"), "1", "6", b'{"data": 1, "kind": "ConfigM\\u0061p", "metadata": {}}')
    assert types(reflector.listed(Page((same,), "7"))) == []
    reflector.stalled()
    other = Item(Key("shop", "web"), "1", "6", b'{"kind":"ConfigMap","metadata":{},"data":2}')
    assert types(reflector.listed(Page((other,), "7"))) == [("MODIFIED", "web", False)]
    assert reflector.cache.get(other.key) is other


def test_r7_the_server_says_how_long_to_wait():
    reflector, _ = watching()
    reflector.failed(Failure(status=429, retry_after=17.0))
    assert reflector.command == Sleep(17.0)


def test_r7_a_server_that_asks_for_a_day_is_asked_again_after_a_minute():
    reflector, _ = watching()
    reflector.failed(Failure(status=503, retry_after=86_400.0))
    assert reflector.command == Sleep(60.0)


@pytest.mark.parametrize("status", [403, 404])
def test_r7_what_somebody_has_to_change_first_is_not_asked_for_all_the_time(status):
    reflector, _ = watching()
    reflector.failed(Failure(status=status))
    assert reflector.command.seconds >= 5
    assert reflector.trouble.refused == status


def test_r7_a_resource_that_is_gone_is_listed_when_it_is_back():
    reflector, _ = watching()
    reflector.failed(Failure(status=404))
    assert reflector.command.seconds >= 5
    reflector.slept()
    assert reflector.command == List("", limit=PAGE)


def test_r7_a_list_that_is_too_long_for_one_answer_is_asked_for_in_pages():
    reflector = Reflector(clock=Clock(), streaming=False)
    assert reflector.command == List("0")
    reflector.failed(Failure(reason=TOO_LONG))
    reflector.slept()
    assert reflector.command == List("", limit=PAGE)


def test_r8_waits_grow_to_half_a_minute_and_begin_anew_after_two_good_ones():
    clock = Clock()
    reflector = Reflector(clock=clock, chance=lambda: 1.0, streaming=False)
    waits = []
    for _ in range(8):
        reflector.failed(Failure(status=503))
        waits.append(reflector.command.seconds)
        reflector.slept()
    assert waits == [1.6, 3.2, 6.4, 12.8, 25.6, 30.0, 30.0, 30.0]
    clock.now += 121
    reflector.failed(Failure(status=503))
    assert reflector.command.seconds == 1.6


def test_r9_a_watch_that_does_not_end_in_time_is_dead_and_what_it_did_not_say_is_found():
    reflector, _ = watching(items=[item("a", "5"), item("b", "6")])
    assert reflector.command.deadline <= 40
    reflector.stalled()
    assert reflector.command == List("", limit=PAGE)
    changes = reflector.listed(Page((item("a", "9"), item("c", "10")), "12"))
    assert types(changes) == [("DELETED", "b", True), ("MODIFIED", "a", False), ("ADDED", "c", False)]
    assert reflector.counts["recovered"] == 3


def test_r9_two_watches_without_a_sign_are_doubted_and_the_servers_version_is_asked_for():
    reflector, clock = watching("7000")
    for _ in range(2):
        reflector.opened()
        clock.now += 30
        reflector.ended()
    assert reflector.command == List("", limit=1, probe=True)
    reflector.listed(Page((item("a", "5"),), "12", "more"))
    assert reflector.command == List("", limit=PAGE)
    reflector.listed(Page((item("a", "5"),), "12"))
    assert reflector.command.resource_version == "12"


def test_r9_a_quiet_cluster_is_left_alone():
    reflector, clock = watching("7")
    for _ in range(2):
        reflector.opened()
        clock.now += 30
        reflector.ended()
    reflector.listed(Page((), "7"))
    assert isinstance(reflector.command, Watch)
    assert reflector.command.resource_version == "7"


def test_r10_initial_events_take_the_place_of_what_was_known_when_the_bookmark_comes():
    reflector, clock = reflector_of(streaming=True)
    command = reflector.command
    assert (command.initial, command.resource_version) == (True, "")
    reflector.opened()
    assert reflector.received(event("ADDED", "b", "12")) == []
    assert reflector.received(event("ADDED", "a", "3")) == []
    assert reflector.received(Event(type="BOOKMARK", resource_version="15")) == [], "it does not say that this was all"
    assert not reflector.has_synced
    changes = reflector.received(Event(type="BOOKMARK", resource_version="20", ends_initial=True))
    assert types(changes) == [("ADDED", "b", False), ("ADDED", "a", False)]
    assert reflector.has_synced
    assert types(reflector.received(event("MODIFIED", "a", "21"))) == [("MODIFIED", "a", False)]
    clock.now += 30
    reflector.ended()
    assert reflector.command.resource_version == "21"


@pytest.mark.parametrize("status", [400, 422])
def test_r10_a_server_without_initial_events_is_listed_at_once(status):
    reflector, _ = reflector_of(streaming=True)
    reflector.failed(Failure(status=status))
    assert reflector.command == List("0")


def test_r10_an_error_among_initial_events_falls_back_to_a_list():
    reflector, _ = reflector_of(streaming=True)
    reflector.opened()
    reflector.received(event("ADDED", "b", "12"))
    reflector.received(Event(type="ERROR", failure=Failure(status=500)))
    reflector.slept()
    assert reflector.command == List("0")
    assert types(reflector.listed(Page((item("a", "3"),), "30"))) == [("ADDED", "a", False)]


def test_r11_an_object_with_the_name_of_one_that_is_gone_is_another():
    reflector, _ = watching(items=[item("a", "5", uid="1")])
    changes = reflector.received(event("MODIFIED", "a", "9", uid="2"))
    assert types(changes) == [("DELETED", "a", True), ("ADDED", "a", False)]


def test_r11_what_is_the_same_after_a_list_is_no_change():
    reflector, _ = watching(items=[item("a", "5")])
    reflector.stalled()
    assert reflector.listed(Page((item("a", "5"),), "9")) == []


def test_r12_the_last_state_of_what_left_is_the_one_that_was_sent():
    reflector, _ = watching(items=[item("a", "5")])
    (change,) = reflector.received(event("DELETED", "a", "9"))
    assert (change.item.resource_version, change.old.resource_version, change.tombstone) == ("9", "5", False)
    assert len(reflector.cache) == 0


def test_r13_it_has_synced_when_the_last_page_is_there():
    reflector, _ = reflector_of()
    reflector.listed(Page((item("a", "5"),), "9", "more"))
    assert not reflector.has_synced
    reflector.listed(Page((), "9"))
    assert reflector.has_synced
