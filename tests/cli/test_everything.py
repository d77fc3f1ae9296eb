"""All objects of a cluster are looked at, as far as it shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest

from poblano.cli.everything import metadata_of
from poblano.core.errors import ApiError, Forbidden
from poblano.core.kinds import Kind

if TYPE_CHECKING:
    from poblano.client import ApiClient

BOATS = Kind("harbour.example.com", "v1", "Boat", "boats")


class Refusing:
    """A client whose every request is refused."""

    def __init__(self, error: ApiError) -> None:
        self._error = error

    async def request(self, *_: Any, **__: Any) -> Any:
        raise self._error


@pytest.mark.parametrize(
    "error", [Forbidden("no", status=403), ApiError("conversion webhook failed: no endpoints available", status=500)]
)
async def test_a_kind_that_is_not_shown_is_told_of_and_keeps_nobody_from_the_others(error: ApiError) -> None:
    told: list[str] = []
    assert [one async for one in metadata_of(cast("ApiClient", Refusing(error)), BOATS, told.append)] == []
    assert told == [f"boats cannot be looked at: {error}"]


async def test_a_cluster_that_does_not_answer_is_no_empty_one() -> None:
    client = cast("ApiClient", Refusing(ApiError("no answer")))
    with pytest.raises(ApiError, match="no answer"):
        assert [one async for one in metadata_of(client, BOATS, print)] == []
