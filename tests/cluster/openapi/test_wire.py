from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from poblano.cluster.openapi.wire import double, integer, message, text, varint
from tests.cluster.openapi import protobuf_reader

FIELDS = st.integers(1, 2**29 - 1)


@given(st.integers(0, 2**64 - 1))
def test_a_number_is_read_back(value: int) -> None:
    written = varint(value)
    assert protobuf_reader.varint(written, 0) == (value, len(written))


@given(st.integers(-(2**63), -1))
def test_a_negative_number_is_written_in_two_s_complement(value: int) -> None:
    assert protobuf_reader.varint(varint(value), 0) == (value + 2**64, 10)


@given(st.lists(st.tuples(FIELDS, st.text(min_size=1))))
def test_fields_one_after_another_are_read_back(written: list[tuple[int, str]]) -> None:
    content = b"".join(text(field, value) for field, value in written)
    assert [(field, value.decode()) for field, _, value in protobuf_reader.fields(content)] == written


@given(FIELDS, st.integers(1, 2**63 - 1), st.floats(allow_nan=False).filter(bool))
def test_every_wire_type_is_read_back(field: int, whole: int, broken: float) -> None:
    content = integer(field, whole) + double(field, broken) + message(field, b"")
    assert list(protobuf_reader.fields(content)) == [(field, 0, whole), (field, 1, broken), (field, 2, b"")]


@given(FIELDS)
def test_what_is_nothing_is_not_written(field: int) -> None:
    assert text(field, "") == integer(field, 0) == double(field, 0) == b""
