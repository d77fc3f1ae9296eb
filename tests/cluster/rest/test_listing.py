"""Lists: pages, the past, selectors against a naive model."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poblano.cluster.selectors import LabelSelector, parse_fields
from tests.cluster.rest.asking import CONFIG_MAPS, Asking, asking

KEYS, VALUES = ("app", "tier", "x.io/y"), ("", "a", "b", "7", "12")
labels = st.dictionaries(st.sampled_from(KEYS), st.sampled_from(VALUES))


def holds(requirement: tuple[str, str, list[str]], have: dict[str, str]) -> bool:
    """One requirement, said as the documentation says it."""
    key, operator, values = requirement
    match operator:
        case "in" | "=" | "==":
            return key in have and have[key] in values
        case "notin" | "!=":
            return key not in have or have[key] not in values
        case "exists":
            return key in have
        case "!":
            return key not in have
        case _:
            number = have.get(key, "")
            return number.isdigit() and (
                int(number) > int(values[0]) if operator == ">" else int(number) < int(values[0])
            )


def written(requirement: tuple[str, str, list[str]], space: str) -> str:
    key, operator, values = requirement
    match operator:
        case "exists":
            return key
        case "!":
            return f"!{key}"
        case "in" | "notin":
            return f"{key} {operator} ({f',{space}'.join(values)})"
        case _:
            return f"{key}{space}{operator}{space}{values[0]}"


@st.composite
def requirements(draw: st.DrawFn) -> tuple[str, str, list[str]]:
    operator = draw(st.sampled_from(("in", "notin", "=", "==", "!=", "exists", "!", ">", "<")))
    several = st.lists(st.sampled_from(VALUES), min_size=1, max_size=3)
    numbers = st.lists(st.sampled_from(("5", "7", "100")), min_size=1, max_size=1)
    one = st.lists(st.sampled_from(VALUES), min_size=1, max_size=1)
    values = draw(several if operator in ("in", "notin") else numbers if operator in "<>" else one)
    return draw(st.sampled_from(KEYS)), operator, values


@given(st.lists(requirements(), max_size=3), labels, st.sampled_from(("", " ")))
def test_a_label_selector_means_what_its_words_say(wanted: list[Any], have: dict[str, str], space: str) -> None:
    text = ",".join(written(one, space) for one in wanted)
    assert LabelSelector.parse(text).matches(have) == all(holds(one, have) for one in wanted)


@given(st.text(alphabet="ab=,\\", max_size=6))
def test_a_field_value_of_any_letters_can_be_written(value: str) -> None:
    escaped = value.replace("\\", "\\\\").replace(",", "\\,").replace("=", "\\=")
    (term,) = parse_fields(f"metadata.name={escaped}")
    assert (term.field, term.value, term.equal) == ("metadata.name", value, True)


async def pages(ask: Asking, sizes: list[int], **query: Any) -> tuple[list[str], set[str]]:
    """The names of all pages, and the resourceVersions they said they were of."""
    names: list[str] = []
    versions: set[str] = set()
    more: dict[str, Any] = {}
    for number in range(100):
        limit = sizes[number % len(sizes)]
        answer = await ask("GET", CONFIG_MAPS, query={**query, **more, "limit": limit})
        assert answer.status == 200
        names += answer.names
        metadata = answer.document["metadata"]
        versions.add(metadata["resourceVersion"])
        if "continue" not in metadata:
            assert "remainingItemCount" not in metadata
            return names, versions
        assert len(answer.names) == limit
        more = {"continue": metadata["continue"]}
    raise AssertionError("the list has no end")


async def test_any_sequence_of_pages_is_the_list_and_of_one_moment() -> None:
    async with asking() as ask:
        for number in range(17):
            await ask.create(CONFIG_MAPS, f"c{number:02}", metadata={"labels": {"odd": str(number % 2)}})
        whole = (await ask("GET", CONFIG_MAPS)).names
        for sizes in ([1], [2], [3, 5], [16], [17], [18], [100], [7, 1, 2]):
            assert await pages(ask, sizes) == (whole, {str(ask.cluster.storage.revision)})
        odd = (await ask("GET", CONFIG_MAPS, query={"labelSelector": "odd=1"})).names
        assert len(odd) == 8
        assert (await pages(ask, [3], labelSelector="odd=1"))[0] == odd


async def test_pages_are_of_the_first_ones_moment_whatever_is_written_meanwhile() -> None:
    async with asking() as ask:
        for name in "abcdef":
            await ask.create(CONFIG_MAPS, name)
        first = (await ask("GET", CONFIG_MAPS, query={"limit": 2})).document
        assert first["metadata"]["remainingItemCount"] == ask.cluster.storage.count(("", "configmaps")) - 2
        await ask("DELETE", f"{CONFIG_MAPS}/c")
        await ask.create(CONFIG_MAPS, "bb")
        rest = (await ask("GET", CONFIG_MAPS, query={"continue": first["metadata"]["continue"]})).document
        names = [*names_of(first), *names_of(rest)]
        assert [name for name in names if len(name) <= 2] == list("abcdef")
        assert rest["metadata"]["resourceVersion"] == first["metadata"]["resourceVersion"]


def names_of(document: Any) -> list[str]:
    return [item["metadata"]["name"] for item in document["items"]]


async def test_the_past_can_be_listed_until_it_is_compacted_away() -> None:
    async with asking() as ask:
        made = await ask.create(CONFIG_MAPS, "a")
        then = made["metadata"]["resourceVersion"]
        page = (await ask("GET", CONFIG_MAPS, query={"limit": 1})).document
        await ask.create(CONFIG_MAPS, "b")
        exact = {"resourceVersion": then, "resourceVersionMatch": "Exact"}
        answer = await ask("GET", CONFIG_MAPS, query=exact)
        assert [name for name in answer.names if len(name) == 1] == ["a"]
        assert answer.document["metadata"]["resourceVersion"] == then
        newer = await ask("GET", CONFIG_MAPS, query={"resourceVersion": then})
        assert [name for name in newer.names if len(name) == 1] == ["a", "b"]
        await ask.create(CONFIG_MAPS, "c")
        ask.cluster.storage.compact(ask.cluster.storage.revision)
        gone = await ask("GET", CONFIG_MAPS, query=exact)
        assert (gone.status, gone.document["reason"]) == (410, "Expired")
        if "continue" in page["metadata"]:
            answer = await ask("GET", CONFIG_MAPS, query={"continue": page["metadata"]["continue"]})
            assert (answer.status, answer.document["reason"]) == (410, "Expired")


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"resourceVersion": "999999"}, 504),
        ({"resourceVersion": "x"}, 500),
        ({"limit": "x"}, 400),
        ({"limit": "99999999999999999999"}, 400),
        ({"timeoutSeconds": "x"}, 400),
        ({"continue": "x"}, 400),
        ({"labelSelector": "a=("}, 400),
        ({"fieldSelector": "spec.nope=1"}, 400),
        ({"resourceVersionMatch": "Exact"}, 422),
        ({"resourceVersionMatch": "Exact", "resourceVersion": "0"}, 422),
        ({"sendInitialEvents": "true"}, 422),
        ({"limit": "-1"}, 200),
        ({"resourceVersion": "0"}, 200),
        ({"watch": "0"}, 200),
    ],
)
async def test_options_that_make_no_sense_are_refused(query: dict[str, str], status: int) -> None:
    async with asking() as ask:
        assert (await ask("GET", CONFIG_MAPS, query=query)).status == status


@pytest.mark.parametrize("method", ["GET", "DELETE"])
@pytest.mark.parametrize(
    ("query", "why"),
    [
        ({"resourceVersionMatch": "Exact"}, "is forbidden unless resourceVersion is provided"),
        ({"resourceVersionMatch": "Exact", "resourceVersion": "0"}, '"exact" is forbidden for resourceVersion "0"'),
        ({"resourceVersionMatch": "Some", "resourceVersion": "1"}, 'Unsupported value: "Some"'),
    ],
)
async def test_options_that_contradict_themselves_list_nothing_and_delete_nothing(
    method: str, query: dict[str, str], why: str
) -> None:
    async with asking() as ask:
        await ask.create(CONFIG_MAPS, "kept")
        answer = await ask(method, CONFIG_MAPS, query=query)
        assert (answer.status, answer.document["reason"]) == (422, "Invalid")
        assert why in answer.document["message"]
        assert (await ask("GET", CONFIG_MAPS)).names == ["kept"]
