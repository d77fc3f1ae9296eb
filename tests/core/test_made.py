"""What a rule made is JSON, or the rule has failed."""

from __future__ import annotations

import math

import pytest

from poblano.core.errors import MalformedObject
from poblano.core.made import encoded


@pytest.mark.parametrize(
    "metadata", [{}, {"metadata": None}, {"metadata": {}}, {"metadata": {"creationTimestamp": None}}]
)
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_number_that_is_none_is_found_whatever_the_metadata(metadata, value):
    with pytest.raises(MalformedObject, match=r"at \.spec\.containers\[0\]"):
        encoded({**metadata, "spec": {"containers": [value]}}, b"")


def test_a_number_that_is_none_is_found_in_the_metadata_too():
    with pytest.raises(MalformedObject, match=r"at \.metadata\.labels\.a"):
        encoded({"metadata": {"labels": {"a": math.nan}}, "spec": None}, b"")


def test_null_itself_is_json():
    assert encoded({"spec": None}, b"")[1] == b'{"spec":null}'
