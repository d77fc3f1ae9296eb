"""A module's own metrics: definitions, and what /metrics says of them."""

from __future__ import annotations

import math
import subprocess
import sys
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from poblano import metrics
from poblano.core.errors import InvalidDefinition
from poblano.metric_types import MOST_SERIES


@pytest.fixture(autouse=True)
def _nothing_defined(monkeypatch):
    monkeypatch.setattr(metrics, "_defined", {})
    monkeypatch.setattr(metrics, "_before_reload", set())


def exposed(registry=None):
    """What /metrics says: the samples, by name and labels."""
    if registry is None:
        registry = CollectorRegistry()
        metrics.attach(registry)
    families = text_string_to_metric_families(generate_latest(registry).decode())
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value for family in families for sample in family.samples
    }


def test_a_counter_counts():
    orders = metrics.counter("orders", "Orders", labels=["tier"])
    orders.inc(tier="data")
    orders.inc(2.5, tier="data")
    orders.inc(amount=0, tier="web")
    assert exposed() == {
        ("poblano_orders_total", ("tier", "data")): 3.5,
        ("poblano_orders_total", ("tier", "web")): 0,
    }
    assert (orders.value(tier="data"), orders.value(tier="none")) == (3.5, 0)


def test_a_gauge_goes_up_and_down():
    open_orders = metrics.gauge("open", "Open orders")
    open_orders.set(5)
    open_orders.inc()
    open_orders.dec(2)
    assert exposed() == {("poblano_open",): 4}


def test_a_histogram_sorts_into_buckets():
    sizes = metrics.histogram("size", "Sizes", labels=["kind"], buckets=[1, 2.5])
    for value in (0.5, 1, 2, 3):
        sizes.observe(value, kind="a")
    at = ("kind", "a")
    assert exposed() == {
        ("poblano_size_bucket", at, ("le", "1.0")): 2,
        ("poblano_size_bucket", at, ("le", "2.5")): 3,
        ("poblano_size_bucket", at, ("le", "+Inf")): 4,
        ("poblano_size_count", at): 4,
        ("poblano_size_sum", at): 6.5,
    }
    assert (sizes.count(kind="a"), sizes.count(kind="b")) == (4, 0)


def test_a_block_is_timed_also_when_it_raises():
    took = metrics.histogram("took_seconds", "Took")
    with took.time():
        pass
    with pytest.raises(KeyError), took.time():
        raise KeyError
    assert took.count() == 2


def test_a_metric_without_labels_is_shown_before_it_is_used():
    metrics.counter("orders", "Orders")
    metrics.gauge("open", "Open")
    metrics.histogram("took", "Took", buckets=[1])
    assert exposed() == {
        ("poblano_orders_total",): 0,
        ("poblano_open",): 0,
        ("poblano_took_bucket", ("le", "1.0")): 0,
        ("poblano_took_bucket", ("le", "+Inf")): 0,
        ("poblano_took_count",): 0,
        ("poblano_took_sum",): 0,
    }


def test_one_defined_after_the_registry_was_made_is_shown():
    registry = CollectorRegistry()
    metrics.attach(registry)
    metrics.attach(registry)
    metrics.counter("later", "Later").inc()
    assert exposed(registry) == {("poblano_later_total",): 1}


def test_a_process_shows_itself_beside_the_module():
    metrics.counter("orders", "Orders").inc()
    names = {name for name, *_ in exposed(metrics.new_registry())}
    assert {"poblano_orders_total", "process_resident_memory_bytes", "process_open_fds", "python_info"} <= names


def test_the_same_definition_is_the_same_metric():
    first = metrics.counter("orders", "Orders", labels=["tier"])
    first.inc(tier="a")
    again = metrics.counter("poblano_orders_total", "Orders, in other words", labels=("tier",))
    assert again is first
    assert repr(again) == "<Counter poblano_orders>"


@pytest.mark.parametrize(
    "define",
    (
        lambda: metrics.counter("orders", "x", labels=["size"]),
        lambda: metrics.gauge("orders", "x", labels=["tier"]),
        lambda: metrics.histogram("orders", "x", labels=["tier"]),
        lambda: metrics.gauge("orders_total", "x"),
    ),
)
def test_another_definition_of_a_name_is_refused_with_both_places(define):
    metrics.counter("orders", "Orders", labels=["tier"])
    with pytest.raises(InvalidDefinition) as failed:
        define()
    assert str(failed.value).count("test_metrics.py:") == 2
    assert "a counter with the labels tier" in str(failed.value)


def test_a_histogram_with_other_buckets_is_another_one():
    metrics.histogram("took", "Took", buckets=[1])
    with pytest.raises(InvalidDefinition, match="another name"):
        metrics.histogram("took", "Took", buckets=[2])


def test_a_name_that_a_histogram_is_exposed_under_is_taken():
    metrics.histogram("took", "Took")
    with pytest.raises(InvalidDefinition):
        metrics.gauge("took_count", "x")


def test_after_a_reload_a_definition_may_change_once():
    old = metrics.counter("orders", "Orders")
    same = metrics.counter("kept", "Kept")
    same.inc()
    metrics.reloading()
    assert metrics.counter("kept", "Kept") is same
    new = metrics.counter("orders", "Orders", labels=["tier"])
    new.inc(tier="a")
    old.inc()
    assert exposed() == {("poblano_orders_total", ("tier", "a")): 1, ("poblano_kept_total",): 1}
    with pytest.raises(InvalidDefinition):
        metrics.counter("orders", "Orders")
    with pytest.raises(InvalidDefinition):
        metrics.counter("kept", "Kept", labels=["a"])


@pytest.mark.parametrize(
    ("define", "message"),
    (
        (
            lambda: metrics.counter("orderCount", "x"),
            "'orderCount' is no name of a metric; write it in snake_case: \"order_count\"",
        ),
        (lambda: metrics.counter("", "x"), 'write it in snake_case: "orders"'),
        (lambda: metrics.gauge("9-lives", "x"), 'write it in snake_case: "lives"'),
        (
            lambda: metrics.gauge("admission_orders", "x"),
            'poblano_admission_... are Poblano\'s own; write "my_admission_orders"',
        ),
        (lambda: metrics.gauge("x", "x", ["a-b"]), "the label 'a-b' of x is no name of a label"),
        (lambda: metrics.gauge("x", "x", ["__a"]), "is no name of a label"),
        (lambda: metrics.histogram("x", "x", ["le"]), "the label 'le' of x means something else already"),
        (lambda: metrics.gauge("x", "x", ["value"]), "means something else already"),
        (lambda: metrics.gauge("x", "x", ["a", "a"]), "a label of x is there twice: a, a"),
        (lambda: metrics.gauge("x", "x", "tier"), 'the labels of x are a string; write labels=["tier"]'),
        (lambda: metrics.histogram("x", "x", buckets=[]), "the buckets of x are []"),
        (lambda: metrics.histogram("x", "x", buckets=[2, 1]), "the buckets of x are [2.0, 1.0]"),
        (lambda: metrics.histogram("x", "x", buckets=[1, 1]), "each greater than the one before"),
        (lambda: metrics.histogram("x", "x", buckets=[1, math.inf]), "without infinity"),
    ),
)
def test_a_wrong_definition_is_told_where_it_is_written_with_what_to_write(define, message):
    with pytest.raises(InvalidDefinition) as failed:
        define()
    assert message in str(failed.value)
    assert "test_metrics.py:" in str(failed.value)


@pytest.mark.parametrize("labels", ({}, {"tier": "a", "size": "b"}, {"size": "a"}))
def test_labels_that_were_not_defined_are_told(labels):
    orders = metrics.counter("orders", "Orders", labels=["tier"])
    with pytest.raises(InvalidDefinition, match=r"give exactly tier=\.\.\., as defined at .*test_metrics.py"):
        orders.inc(**labels)


@pytest.mark.parametrize("amount", (-1, math.nan, math.inf))
def test_a_counter_does_not_go_down(amount):
    orders = metrics.counter("orders", "Orders")
    with pytest.raises(ValueError, match="counts up only"):
        orders.inc(amount)
    assert orders.value() == 0


def test_a_histogram_observes_numbers_only():
    with pytest.raises(ValueError, match="cannot observe nan"):
        metrics.histogram("took", "Took").observe(math.nan)


def test_series_do_not_grow_without_bound():
    orders = metrics.counter("orders", "Orders", labels=["user"])
    level = metrics.gauge("level", "Level", labels=["user"])
    took = metrics.histogram("took", "Took", labels=["user"])
    for number in range(MOST_SERIES + 50):
        orders.inc(user=str(number))
        level.set(1, user=str(number))
        took.observe(1, user=str(number))
    assert (orders.value(user="other"), level.value(user="other"), took.count(user="other")) == (50, 1, 50)
    assert len(orders._numbers) == len(level._numbers) == len(took._distributions) == MOST_SERIES + 1


def test_nothing_is_lost_between_threads():
    orders, took = metrics.counter("orders", "Orders"), metrics.histogram("took", "Took")

    def work():
        for _ in range(2000):
            orders.inc()
            took.observe(0.1)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (orders.value(), took.count()) == (8000, 8000)


def test_defining_and_counting_does_not_load_prometheus_client():
    code = (
        "import sys; from poblano import metrics; metrics.counter('a', 'A').inc(); metrics.histogram('b', 'B').observe(1);"
        "assert 'prometheus_client' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


anything = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@given(st.dictionaries(st.tuples(anything, anything), st.integers(0, 2**40), max_size=8), anything)
def test_what_was_counted_is_what_a_scraper_reads(counts, help):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(metrics, "_defined", {})
        orders = metrics.counter("orders", help, labels=["tier", "size"])
        for (tier, size), count in counts.items():
            orders.inc(count, tier=tier, size=size)
        read = exposed()
    expected = {
        ("poblano_orders_total", ("size", size), ("tier", tier)): count for (tier, size), count in counts.items()
    }
    assert read == expected


@given(
    st.lists(st.floats(-1e6, 1e6), max_size=30),
    st.lists(st.floats(0, 1e6), min_size=1, max_size=6, unique=True).map(sorted),
)
def test_a_bucket_holds_what_is_at_most_its_bound(values, bounds):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(metrics, "_defined", {})
        took = metrics.histogram("took", "Took", buckets=bounds)
        for value in values:
            took.observe(value)
        read = exposed()
    for bound in bounds:
        assert read["poblano_took_bucket", ("le", repr(bound))] == sum(value <= bound for value in values)
    assert read["poblano_took_bucket", ("le", "+Inf")] == read["poblano_took_count",] == len(values)
