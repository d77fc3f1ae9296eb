"""Values of a store, as texts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypedDict

import pytest

from poblano import InvalidDefinition
from poblano.core.errors import Location
from poblano.core.store.values import UnreadableItem, codec_of

HERE = Location("shop.py", 1)


@dataclass
class Price:
    amount: int
    currency: str = "EUR"


class Shape(TypedDict):
    sides: int


@pytest.mark.parametrize(
    ("model", "value"),
    (
        (str, ""),
        (str, "red"),
        (int, 7),
        (list[str], ["a"]),
        (dict[str, int], {"a": 1}),
        (Price, Price(3)),
        (Shape, {"sides": 3}),
    ),
)
def test_s8_a_value_is_read_as_it_was_written_the_empty_one_too(model, value):
    """Pepr reads an empty text as null."""
    codec = codec_of(model, HERE)

    assert codec.read(codec.written(value, "k"), "k") == value


@pytest.mark.parametrize(("model", "value"), ((str, 7), (int, "x"), (Price, {"amount": "x"}), (Shape, {"sides": "x"})))
def test_a_value_of_another_type_is_refused_before_it_is_written(model, value):
    with pytest.raises(TypeError, match="this store keeps"):
        codec_of(model, HERE).written(value, "k")


def test_a_text_that_is_no_such_value_is_refused_without_being_shown():
    with pytest.raises(UnreadableItem) as refused:
        codec_of(Price, HERE).read('{"amount":"hunter2"}', "k")

    assert "hunter2" not in str(refused.value)
    assert refused.value.__cause__ is None


@pytest.mark.parametrize("model", [complex, object, dict[str, complex]])
def test_it_is_told_in_a_line_and_not_with_the_words_of_a_library(model):
    with pytest.raises(
        InvalidDefinition, match="a class that JSON has nothing for; use str, int, a dataclass"
    ) as refused:
        codec_of(model, HERE)
    assert "\n" not in str(refused.value)


def test_a_type_without_json_is_refused_where_it_is_written():
    with pytest.raises(InvalidDefinition, match="cannot be kept as JSON"):
        codec_of(object, HERE)


def test_a_pydantic_model_reads_and_writes_itself():
    class Model:
        """What pydantic's models have."""

        def __init__(self, sides):
            self.sides = sides

        def model_dump_json(self):
            if self.sides < 0:
                raise ValueError("what pydantic raises: PydanticSerializationError is one")
            return f'{{"sides":{self.sides}}}'

        @classmethod
        def model_validate_json(cls, text):
            if "sides" not in text:
                raise ValueError("sides is missing")
            return cls(int(text[9:-1]))

    codec = codec_of(Model, HERE)
    assert codec.read(codec.written(Model(3), "k"), "k").sides == 3
    with pytest.raises(UnreadableItem):
        codec.read("{}", "k")
    with pytest.raises(TypeError):
        codec.written(3, "k")
    with pytest.raises(TypeError, match="the item 'k' cannot be written as JSON"):
        codec.written(Model(-1), "k")


@pytest.mark.parametrize(("model", "value"), [(str, "\ud800"), (list[str], ["\ud800"]), (Price, Price(1, "\ud800"))])
def test_half_a_character_is_refused_whatever_it_is_in(model, value):
    with pytest.raises(TypeError, match="the item 'k' has half a character in it"):
        codec_of(model, HERE).written(value, "k")
