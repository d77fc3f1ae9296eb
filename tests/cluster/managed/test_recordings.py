"""Every write that was recorded of a real API server leaves the owners that it left there."""

from __future__ import annotations

import pytest

from poblano.cluster.managed import apply, track_update
from poblano.cluster.status import StatusError
from poblano.core.jsonvalue import Document, as_list, as_map, copied
from tests.cluster.managed.recordings import CLIENT, SCENARIOS, Write, latest, timeless, wanted, writes

UPDATES = [write for scenario in SCENARIOS for write in writes(scenario) if not write.applied and write.status < 300]
APPLIES = [
    write for scenario in SCENARIOS for write in writes(scenario) if write.applied and "fieldManager" in write.options
]


@pytest.mark.parametrize("write", UPDATES, ids=lambda write: write.where)
def test_a_recorded_write_leaves_the_recorded_owners(write: Write) -> None:
    new = wanted(write)
    track_update(
        write.old,
        new,
        schema=write.schema,
        manager=write.options.get("fieldManager", CLIENT),
        api_version=new["apiVersion"],
        subresource=write.subresource,
        now=latest(write),
    )
    assert timeless(new["metadata"].get("managedFields")) == timeless(write.answer["metadata"].get("managedFields"))


@pytest.mark.parametrize("write", APPLIES, ids=lambda write: write.where)
def test_a_recorded_apply_is_answered_as_it_was(write: Write) -> None:
    before = copied(write.old)
    if write.answer.get("message", "").startswith("the name of the object"):
        return  # that is for whoever knows the URL
    if write.status >= 300:
        with pytest.raises(StatusError) as refused:
            _apply(write)
        assert refused.value.document() == write.answer
        assert write.old == before
        return
    got = _apply(write)
    assert write.old == before
    assert timeless(got["metadata"].pop("managedFields", None)) == timeless(
        write.answer["metadata"].get("managedFields")
    )
    for name in ("resourceVersion", "generation"):
        got["metadata"].pop(name, None)
    assert not differences(got, write.answer), "what is not a default has to be as it was"


def _apply(write: Write) -> Document:
    return apply(
        write.old,
        write.body,
        schema=write.schema,
        manager=write.options["fieldManager"],
        force=write.options.get("force") == "true",
        api_version=write.body["apiVersion"],
        subresource=write.subresource,
        now=latest(write) if write.status < 300 else "",
    )


def differences(got: object, want: object, path: str = "") -> list[str]:
    """Where `want` does not say what `got` does; it may say more. An empty list may be left out."""
    if got == [] and want is None:
        return []
    fields, other = as_map(got), as_map(want)
    if fields is not None and other is not None:
        return [gap for key, value in fields.items() for gap in differences(value, other.get(key), f"{path}.{key}")]
    items, others = as_list(got), as_list(want)
    if items is not None and others is not None and len(items) == len(others):
        pairs = enumerate(zip(items, others, strict=True))
        return [gap for index, (left, right) in pairs for gap in differences(left, right, f"{path}[{index}]")]
    return [] if got == want else [f"{path}: {got!r}, not {want!r}"]
