from __future__ import annotations

from poblano import K8s, a, write_event
from poblano.models.events_v1 import Event

WORDS = {"type": "Warning", "reason": "Rejected", "note": "no tier", "action": "Validating"}


async def test_an_event_is_written_where_the_module_runs(client, space, ambient):
    with ambient():
        made = await K8s(a.ConfigMap).in_namespace(space).create({"metadata": {"name": "x"}})
        await write_event(made, **WORDS, reporting_controller="shop.example.com/prices")
        (event,) = [found for found in await K8s(Event).in_namespace(space).list() if found.regarding.name == "x"]

    assert (event.reason, event.note, event.regarding.uid) == ("Rejected", "no tier", made.metadata.uid)
