"""Quantities are exact and written in one way."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poblano.cluster.kinds import quantity

WRITTEN = st.builds(
    "{}{}{}".format,
    st.integers(0, 10**6),
    st.one_of(st.just(""), st.integers(0, 999).map(lambda part: f".{part:03}")),
    st.sampled_from(["", "n", "u", "m", "k", "M", "G", "Ki", "Mi", "Gi", "e3", "E2"]),
)


@pytest.mark.parametrize(
    ("given_as", "canonical"),
    [
        ("1000m", "1"),
        ("0.5", "500m"),
        ("1024Mi", "1Gi"),
        ("1.5Gi", "1536Mi"),
        ("100000", "100k"),
        ("0", "0"),
        ("0Ki", "0"),
        ("512", "512"),
        ("1e3", "1e3"),
        ("0.5Ki", "512"),
        ("-1500m", "-1500m"),
        ("+1", "1"),
        (".5", "500m"),
    ],
)
def test_each_amount_has_one_spelling(given_as, canonical):
    assert str(quantity.parse(given_as)) == canonical


@given(WRITTEN)
def test_the_canonical_spelling_means_the_same_and_stays(text):
    once = quantity.parse(text)
    again = quantity.parse(str(once))
    assert again.value == once.value
    assert str(again) == str(once)


@pytest.mark.parametrize("text", ["", "x", "1 Gi", "1Xi", "--1", "1e", "1.2.3", "Gi"])
def test_what_is_no_quantity_is_refused_in_words(text):
    with pytest.raises(ValueError, match="quantities must match the regular expression"):
        quantity.parse(text)


@given(WRITTEN)
def test_a_resource_list_is_no_finer_than_a_thousandth_and_never_less(text):
    rounded = quantity.parse(str(quantity.canonical(text))).value
    exact = quantity.parse(text).value
    assert exact <= rounded < exact + quantity.parse("1m").value
    assert (rounded * 1000).denominator == 1
