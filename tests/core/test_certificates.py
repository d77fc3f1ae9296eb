"""Over years, with crashes, two leaders, wrong clocks and people who meddle: what is served is believed, and in time."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from poblano.core.believing import Authority, Facts, Leaf
from poblano.core.certificates import DAY, Lifetimes, Rotation, Wait
from tests.core.certificates_world import TIMES, Configuration, Leader, Pod, Secret, World

QUIET = 25
"""Ticks between two events within which everything that one of them broke is mended: more than `settle` and a few rounds."""


def settled(world: World, leaders: list[Leader], ticks: int) -> None:
    for _ in range(ticks):
        for leader in leaders:
            leader.go()
        world.tick()


def started() -> tuple[World, list[Leader]]:
    world = World()
    leaders = [Leader(world), Leader(world)]
    settled(world, leaders[:1], 30)
    world.in_time()
    return world, leaders


CALM = ("crash", "other leader", "both lead", "clock ahead", "clock back", "strip", "strip one", "distrust", "cut off")
EVENTS = st.tuples(st.sampled_from(CALM), st.integers(0, 150), st.integers(0, 3))


def happen(event: str, which: int, world: World, leaders: list[Leader]) -> list[Leader]:
    """What one event does; who leads from now on."""
    index = which % 2
    touched = world.configurations[index]
    match event:
        case "crash":
            leaders[0].begin()
        case "other leader":
            return [leaders[1], leaders[0]]
        case "clock ahead":
            leaders[0].skew = min(leaders[0].skew + 15, 30)
        case "clock back":
            leaders[0].skew = max(leaders[0].skew - 15, -30)
        case "strip":
            world.configurations = [
                Configuration(one.version + 1, ((), ()), tampered=True) for one in world.configurations
            ]
        case "strip one":
            world.configurations[index] = Configuration(touched.version + 1, (touched.bundles[0], ()), tampered=True)
        case "distrust":
            rogue = (Authority("rogue", world.now + 500),)
            world.configurations[index] = Configuration(touched.version + 1, (rogue, touched.bundles[1]), tampered=True)
        case "cut off":
            world.pods[index].cut_off = True
    return leaders


@settings(max_examples=40)
@given(st.lists(EVENTS, min_size=5, max_size=15))
@example([("cut off", 140, 0)] * 12)
@example([("both lead", 140, 0)] * 20)
def test_what_is_served_is_believed_and_in_time_over_years(events):
    world, leaders = started()
    for event, ticks, which in events:
        leaders = happen(event, which, world, leaders)
        both = event == "both lead"
        for tick in range(max(ticks, QUIET)):
            active = leaders if both and tick < QUIET else leaders[:1]
            for leader in active[:: -1 if tick % 3 else 1]:
                for _ in range(1 + (tick + which) % 3):
                    leader.go()
            world.tick()
            if event != "cut off":
                world.in_time()
        for pod in world.pods:
            pod.cut_off = False
        settled(world, leaders[:1], QUIET)
        world.in_time()
    assert world.issued <= 2 + (world.now / TIMES.leaf) * 3
    kept = world.secret.authorities
    assert len(kept) <= 3
    assert kept[0].signs
    assert sum(one.signs for one in kept) <= 2


def empty(world: World) -> None:
    world.secret = replace(world.secret, version=world.secret.version + 1, authorities=(), leaf=None)


def no_leaf(world: World) -> None:
    world.secret = replace(world.secret, version=world.secret.version + 1, leaf=None)


def no_keys(world: World) -> None:
    left = tuple(replace(one, signs=False) for one in world.secret.authorities)
    world.secret = replace(world.secret, version=world.secret.version + 1, authorities=left)


def no_issuer(world: World) -> None:
    issuer = world.secret.leaf.issuer if world.secret.leaf else ""
    left = tuple(one for one in world.secret.authorities if one.id != issuer)
    world.secret = replace(world.secret, version=world.secret.version + 1, authorities=left)


@settings(max_examples=40)
@given(st.lists(st.tuples(st.sampled_from([empty, no_leaf, no_keys, no_issuer]), st.integers(0, 400)), max_size=12))
def test_a_secret_that_somebody_emptied_or_garbled_is_made_good_and_no_call_fails(meddling):
    world, leaders = started()
    for meddle, ticks in meddling:
        meddle(world)
        leaders[0].begin() if ticks % 2 else None
        settled(world, leaders[:1], max(ticks, 60))
        world.in_time()


@settings(max_examples=40)
@given(st.lists(st.integers(20, 700), min_size=1, max_size=6))
@example([700])
def test_a_secret_from_a_backup_is_served_once_it_is_believed(when):
    world, leaders = started()
    for ticks in when:
        backup = world.secret
        settled(world, leaders[:1], ticks)
        world.secret = replace(backup, version=world.secret.version + 1)
        settled(world, leaders[:1], 60)
        world.in_time()


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(-5000, 5000), st.integers(30, 120)), min_size=1, max_size=8))
def test_a_clock_that_is_years_off_breaks_no_call(jumps):
    world, leaders = started()
    for skew, ticks in jumps:
        leaders[0].skew = skew
        settled(world, leaders[:1], ticks)


def test_after_years_of_a_standstill_it_is_made_good_soon():
    world, leaders = started()
    world.now += 5 * TIMES.authority
    world.past.clear()
    leaders[1].begin()
    settled(world, [leaders[1]], 30)
    world.in_time()


def test_a_pod_that_was_cut_off_for_as_long_as_its_certificate_lives_is_believed_all_the_time():
    world, leaders = started()
    world.pods[1].cut_off = True
    while world.pods[1].serves.ends > world.now:
        settled(world, leaders[:1], 1)  # each tick asks whether it is
    world.pods[1].cut_off = False
    settled(world, leaders[:1], 10)
    world.in_time()


def test_a_webhook_that_cannot_be_written_does_not_keep_what_is_served_from_being_renewed():
    now = 0.0
    rotation = Rotation(wall=lambda: now, clock=lambda: now)
    made = Authority("a", ends=365 * DAY, signs=True)
    rotation.step(Facts((made,), Leaf("l", "a", 90 * DAY), ((made,),)))
    now = 61 * DAY
    rogue = Authority("r", ends=999 * DAY)
    step = rotation.step(Facts((made,), Leaf("l", "a", 90 * DAY), ((made, rogue),)))
    assert type(step).__name__ == "Issue"


@given(st.integers(0, 6))
def test_one_who_fell_asleep_over_a_write_does_not_take_back_what_another_has_published(asleep_after):
    world, (sleeper, other) = started()
    happen("strip", 0, world, [sleeper, other])
    for _ in range(asleep_after):
        sleeper.go()
    authorities = world.secret.authorities
    settled(world, [other], int(TIMES.authority / 2))
    while world.secret.leaf.issuer == authorities[0].id:
        settled(world, [other], 1)
    for _ in range(6):
        sleeper.go()
        world.tick()


@pytest.mark.parametrize("foreign", [True, False])
@pytest.mark.parametrize(("every", "years"), [(1, 1), (9, 3)])  # less than `haste`, less than `settle`
def test_who_takes_back_whom_to_trust_again_and_again_keeps_nothing_from_being_renewed(every, years, *, foreign):
    """As a tool that applies a `caBundle` of its own: nothing is trusted for `settle` in one piece."""
    world, leaders = started()
    last = world.secret.authorities[0].ends + (years - 1) * TIMES.authority - 3 * TIMES.settle
    rogue = ((Authority("rogue", last),) if foreign else (),) * 2
    while world.now < last:
        world.configurations = [Configuration(one.version + 1, rogue, tampered=True) for one in world.configurations]
        for _ in range(16):  # put right within a tick
            leaders[0].go()
        settled(world, leaders[:1], every)
        assert world.secret.leaf.ends > world.now
        if every > 1:
            world.in_time()


@pytest.mark.parametrize(
    ("authority", "leaf", "seconds"),
    [
        (365 * DAY, 30 * DAY + 20, 20),  # the certificate is to be renewed
        (365 * DAY / 3 + 30, 90 * DAY, 30),  # the authority is
    ],
)
def test_one_looks_again_when_something_is_due(authority, leaf, seconds):
    now = 0.0
    rotation = Rotation(wall=lambda: now, clock=lambda: now)
    facts = Facts((Authority("a", ends=authority, signs=True),), Leaf("l", "a", leaf), ((Authority("a", authority),),))
    step = rotation.step(facts)
    assert isinstance(step, Wait)
    assert step.seconds == pytest.approx(seconds)
    now = step.seconds
    assert not isinstance(rotation.step(facts), Wait)


def test_nothing_is_done_when_nothing_is_due():
    rotation = Rotation(wall=lambda: 0.0, clock=lambda: 0.0)
    made = Authority("a", ends=365 * DAY, signs=True)
    facts = Facts((made,), Leaf("l", "a", 90 * DAY), ((made,), (made,)))
    assert [rotation.step(facts) for _ in range(2)] == [Wait(600.0)] * 2


def test_what_is_made_out_to_other_names_is_issued_anew():
    rotation = Rotation(wall=lambda: 0.0, clock=lambda: 0.0, lifetimes=Lifetimes(haste=0))
    made = Authority("a", ends=365 * DAY, signs=True)
    step = rotation.step(Facts((made,), Leaf("l", "a", 90 * DAY, fits=False), ((made,),)))
    assert type(step).__name__ == "Issue"


def test_what_is_served_may_not_outlive_its_authority():
    with pytest.raises(ValueError, match="three times as long"):
        Lifetimes(authority=10, leaf=4)


def test_a_pod_serves_anything_rather_than_nothing():
    world = World(secret=Secret(leaf=Leaf("l", "a", 90)), pods=[Pod()])
    world.tick()
    assert world.pods[0].serves == world.secret.leaf
