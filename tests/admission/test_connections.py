"""The registry of connections: places, budget, deadlines."""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from poblano.admission.connections import Connections
from poblano.admission.limits import Limits
from tests.admission.serving import until


@dataclass(eq=False)
class Line:
    """A connection that only remembers what was done to it."""

    registry: Connections
    idle: bool = True
    receiving: bool = False
    answered: int = 0
    arrived: float = 0.0
    deadline: float = math.inf
    held: int = 0
    done: list[str] = field(default_factory=list)

    def _end(self, how: str) -> None:
        self.done.append(how)
        self.idle = self.receiving = False
        self.registry.remove(self)

    def overdue(self) -> None:
        self._end("overdue")

    def evict(self) -> None:
        self._end("evict")

    def overrun(self) -> None:
        self._end("overrun")

    def finish(self) -> None:
        if self.idle:
            self._end("finish")

    def abort(self) -> None:
        self._end("abort")


@given(
    st.lists(st.tuples(st.sampled_from(["idle", "receiving", "busy"]), st.integers(0, 2)), max_size=30),
    st.integers(1, 5),
)
def test_there_are_never_more_than_allowed_and_who_is_served_stays(arrivals: list[tuple[str, int]], most: int) -> None:
    async def run() -> None:
        registry = Connections(Limits(connections=most))
        inside: list[Line] = []
        for number, (state, answered) in enumerate(arrivals):
            new = Line(registry, state == "idle", state == "receiving", answered, arrived=float(number))
            idle = [line for line in inside if line.idle]
            registry.add(new)
            gone = [line for line in [*inside, new] if line.done]
            assert len(gone) == (1 if len(inside) == most else 0)
            if gone and idle:
                assert gone[0] is min(idle, key=lambda line: (line.answered > 0, line.arrived))
            elif gone:
                assert gone[0] is new
            inside = [line for line in [*inside, new] if not line.done]
            assert len(registry) == len(inside) <= most
        for line in inside:
            registry.remove(line)

    asyncio.run(run())


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 400)), max_size=40))
def test_what_is_held_stays_within_the_budget_and_adds_up(pieces: list[tuple[int, int]]) -> None:
    async def run() -> None:
        registry = Connections(Limits(buffered_bytes=1000))
        made = [Line(registry, idle=False, receiving=True, arrived=float(i)) for i in range(10)]
        for line in made:
            registry.add(line)
        for number, size in pieces:
            if not made[number].done:
                registry.hold(made[number], size)
            assert registry.buffered <= 1000
            assert registry.buffered == sum(line.held for line in made)
        for line in made:
            registry.remove(line)
        assert registry.buffered == 0

    asyncio.run(run())


async def test_the_body_longest_on_its_way_gives_way() -> None:
    registry = Connections(Limits(buffered_bytes=100))
    old, young = (Line(registry, idle=False, receiving=True, arrived=arrived) for arrived in (1.0, 2.0))
    registry.add(old)
    registry.add(young)
    registry.hold(old, 60)
    registry.hold(young, 60)
    assert (old.done, young.done) == (["overrun"], [])
    registry.remove(young)


async def test_what_waits_for_us_is_not_cut_for_the_budget() -> None:
    registry = Connections(Limits(buffered_bytes=100))
    waiting = Line(registry, idle=False)
    registry.add(waiting)
    registry.hold(waiting, 1000)
    assert not waiting.done
    registry.remove(waiting)
    assert registry.buffered == 0


async def test_a_deadline_that_passes_is_noticed_and_the_timer_ends_with_the_last_connection() -> None:
    registry = Connections(Limits(head_seconds=0.04))
    late, patient = Line(registry, deadline=0.0), Line(registry)
    registry.add(late)
    registry.add(patient)
    await until(lambda: bool(late.done))
    assert (late.done, patient.done) == (["overdue"], [])
    assert registry.date.endswith(b" GMT")
    registry.remove(patient)
    assert registry._timer is None


async def test_a_drain_finishes_the_idle_and_cuts_the_rest_when_time_is_up() -> None:
    registry = Connections(Limits())
    idle, busy = Line(registry), Line(registry, idle=False)
    registry.add(idle)
    registry.add(busy)
    assert not await registry.drained(0.05)
    assert (idle.done, busy.done) == (["finish"], ["abort"])
    assert await registry.drained(0.05)


async def test_deadlines_are_looked_at_though_looking_at_one_has_failed() -> None:
    class Broken(Line):
        def overdue(self) -> None:
            self.done.append("broken")
            self.deadline = math.inf
            raise LookupError("what nobody has thought of")

    told: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, what: told.append(str(what.get("exception"))))
    registry = Connections(Limits(head_seconds=0.04))
    broken = Broken(registry, deadline=0.0)
    registry.add(broken)
    while not told:
        await asyncio.sleep(0.01)
    late = Line(registry, deadline=0.0)
    registry.add(late)
    while not late.done:
        await asyncio.sleep(0.01)
    assert told == ["what nobody has thought of"]
    registry.remove(broken)
    assert registry._timer is None
