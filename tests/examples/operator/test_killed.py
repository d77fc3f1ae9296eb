"""The operator is killed at every step in turn, and the end is the same as if it had not been."""

from __future__ import annotations

import asyncio

import pytest

from tests.examples.operator.world import WEBAPPS

STEPS = {"create": 6, "change": 5, "delete": 2}
"""The finalizer, three objects, the note in the Namespace and the status; the same but for the first; the note and the finalizer."""

SPARE = 3
"""How many more there may be: an API server under load may have something done again."""


async def prepared(world, operator, spaces, what):
    """Namespaces, each with a WebApp that was seen to, if something is to be done to it."""
    await asyncio.gather(*map(world.namespace, spaces))
    if what != "create":
        await asyncio.gather(*(world.webapp(space, replicas=2) for space in spaces))
        with operator.running():
            await asyncio.gather(*map(world.settles, spaces))


async def done(world, space, what):
    """What the operator is to see to, while it does not run."""
    if what == "delete":
        await world.api.delete(WEBAPPS, "page", space)
    else:
        await world.webapp(space, replicas=3, theme="light")


async def ended(world, space, what):
    """The state in which it is left."""
    if what == "delete":
        await world.loses(WEBAPPS, space)
        return await world.state(space)
    return await world.settles(space)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("what", ["create", "change", "delete"])
async def test_wherever_it_is_killed_the_end_is_the_same(world, operator, space_name, what, when):
    until = "gone" if what == "delete" else "reconcile"
    spaces = [f"{space_name}-{step}" for step in range(STEPS[what] + 2 + SPARE)]
    await prepared(world, operator, spaces, what)
    outcomes = []
    for step, space in enumerate(spaces):  # the first is never killed, and after the last step nobody is
        await done(world, space, what)
        outcomes.append(operator.does(space=space, at=step, when=when, until=until))
        if step and outcomes[-1] == "completed":
            break
    killed = outcomes.count("killed")
    assert outcomes == ["completed", *["killed"] * killed, "completed"]
    assert killed >= STEPS[what]
    for space in spaces[len(outcomes) :]:
        await done(world, space, what)
    with operator.running():
        wanted = await ended(world, spaces[0], what)
        await asyncio.gather(*(world.comes_to(space, wanted) for space in spaces))
        if what == "delete":
            assert wanted == {"webapp": None, "noted": None}
        else:
            assert wanted["noted"] == "http://page.SPACE.svc"
            assert wanted["Deployment"]["said"]["replicas"] == 3
            assert all(wanted[part]["owners"][0]["uid"] for part in ("ConfigMap", "Service", "Deployment"))
        await world.emptied(spaces)
