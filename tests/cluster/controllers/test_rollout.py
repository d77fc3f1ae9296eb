from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from poblano.cluster.controllers.rollout import Bounds, Size, new_size, old_sizes, proportions, share

BOUNDS = st.builds(
    lambda replicas, surge, unavailable: Bounds.of(
        {
            "replicas": replicas,
            "strategy": {"rollingUpdate": {"maxSurge": surge, "maxUnavailable": unavailable}},
        }
    ),
    st.integers(0, 30),
    st.integers(0, 10) | st.integers(0, 100).map("{}%".format),
    st.integers(0, 10) | st.integers(0, 100).map("{}%".format),
)


@given(bounds=BOUNDS, old=st.lists(st.integers(0, 20), max_size=4), data=st.data())
def test_a_rollout_ends_and_never_leaves_its_bounds(bounds: Bounds, old: list[int], data: st.DataObject) -> None:
    """Played with Pods that become available whenever they like."""
    new, available, sizes = 0, 0, list(old)
    most = max(bounds.most, sum(old))
    for _ in range(200):
        new = new_size(bounds, new, new + sum(sizes))
        assert new + sum(sizes) <= most
        before = sum(sizes) + available
        sizes = old_sizes(bounds, Size(new, available), [Size(size, size) for size in sizes])
        assert sum(sizes) + available >= min(before, bounds.least)
        if (new, available, sum(sizes)) == (bounds.replicas, bounds.replicas, 0):
            return
        available = data.draw(st.integers(min(available + 1, new), new))
    raise AssertionError("it never ends")


@given(
    bounds=BOUNDS,
    new=st.builds(Size, st.integers(0, 20), st.integers(0, 20)),
    old=st.lists(st.builds(Size, st.integers(0, 20), st.integers(0, 20)), max_size=4),
)
def test_old_sizes_only_shrink_and_keep_enough_available(bounds: Bounds, new: Size, old: list[Size]) -> None:
    """Also where a status is behind, and more is said to be available than is wanted."""
    sizes = old_sizes(bounds, new, old)
    assert all(0 <= size <= one.wanted for size, one in zip(sizes, old, strict=True))
    there = min(new.available, new.wanted)
    kept = sum(min(size, one.available) for size, one in zip(sizes, old, strict=True))
    before = sum(min(one.wanted, one.available) for one in old)
    assert kept + there >= min(bounds.least, before + there)


@given(bounds=BOUNDS, sizes=st.lists(st.integers(0, 20), min_size=1, max_size=5))
def test_a_new_size_is_shared_out_completely(bounds: Bounds, sizes: list[int]) -> None:
    found = proportions(bounds, sizes)
    assert all(size >= 0 for size in found)
    if sum(sizes):
        assert sum(found) == (bounds.most if bounds.replicas else 0)


@given(bounds=BOUNDS)
def test_something_may_always_change(bounds: Bounds) -> None:
    assert bounds.replicas == 0 or bounds.surge + bounds.unavailable > 0
    assert 0 <= bounds.least <= bounds.replicas <= bounds.most


@given(percent=st.integers(0, 100), whole=st.integers(0, 1000))
def test_percentages_round_the_safe_way(percent: int, whole: int) -> None:
    down, up = share(f"{percent}%", whole, up=False), share(f"{percent}%", whole, up=True)
    assert down * 100 <= percent * whole <= up * 100
    assert up - down <= 1
