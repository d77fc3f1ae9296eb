from __future__ import annotations

import gzip
import json

import pytest

from poblano.cluster.openapi import OpenAPI
from poblano.cluster.openapi.recorded import recorded_paths
from poblano.cluster.resources import Registry
from tests.cluster.openapi.describing import cart, shop

PROTOBUF = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"


@pytest.fixture(scope="module")
def openapi() -> OpenAPI:
    return OpenAPI(Registry())


async def index(openapi: OpenAPI) -> dict[str, str]:
    answer = await openapi.answer("/openapi/v3")
    assert answer is not None
    return {path: one["serverRelativeURL"] for path, one in json.loads(answer.body)["paths"].items()}


@pytest.mark.parametrize("path", recorded_paths())
async def test_every_document_of_the_index_is_there_under_its_hash(path: str) -> None:
    openapi = OpenAPI(Registry())
    url, _, known_hash = (await index(openapi))[path].partition("?hash=")
    answer = await openapi.answer(url, known_hash=known_hash)
    assert answer is not None
    assert (answer.status, answer.headers["Cache-Control"]) == (200, "public, immutable")
    assert json.loads(answer.body)["openapi"] == "3.0.0"
    packed = await openapi.answer(url, accept_encoding="gzip, deflate")
    assert packed is not None
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.body) == answer.body


async def test_a_custom_kind_s_document_comes_and_goes_with_it() -> None:
    registry = Registry()
    openapi = OpenAPI(registry)
    path = "apis/shop.example.com/v1"
    assert path not in await index(openapi)
    registry.define("carts", [cart()])
    first = (await index(openapi))[path]
    registry.define("other", [cart(namespaced=False)])
    assert (await index(openapi))[path] != first
    registry.undefine("other")
    assert (await index(openapi))[path] == first
    registry.undefine("carts")
    assert await openapi.answer(f"/openapi/v3/{path}") is None


async def test_an_outdated_hash_is_sent_to_the_current_one() -> None:
    openapi = OpenAPI(Registry())
    answer = await openapi.answer("/openapi/v3/apis/apps/v1", known_hash="0BAD")
    assert answer is not None
    assert (answer.status, answer.headers["Location"]) == (301, (await index(openapi))["apis/apps/v1"])


async def test_a_client_that_has_the_document_is_told_so() -> None:
    openapi = OpenAPI(shop())
    for path in ("/openapi/v2", "/openapi/v3/apis/apps/v1"):
        first = await openapi.answer(path)
        assert first is not None
        again = await openapi.answer(path, if_none_match=first.headers["ETag"])
        assert again is not None
        assert (again.status, again.body) == (304, b"")


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("", "application/json"),
        ("*/*", "application/json"),
        ("application/json", "application/json"),
        (PROTOBUF, "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"),
        (f"{PROTOBUF},application/json;q=0.5", "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"),
        (PROTOBUF.replace("@", "."), "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"),
    ],
)
async def test_v2_is_spoken_as_the_client_wants_it(openapi: OpenAPI, accept: str, content_type: str) -> None:
    answer = await openapi.answer("/openapi/v2", accept=accept)
    assert answer is not None
    assert answer.content_type == content_type


@pytest.mark.parametrize("path", ["/openapi/v2", "/openapi/v3", "/openapi/v3/apis/apps/v1"])
async def test_what_is_not_spoken_is_refused(path: str) -> None:
    answer = await OpenAPI(Registry()).answer(path, accept="text/html")
    assert answer is not None
    assert answer.status == 406


@pytest.mark.parametrize(
    "path", ["/openapi", "/openapi/v4", "/openapi/v3/apis/nope/v1", "/openapi/v3/../../x", "/api/v1"]
)
async def test_other_paths_are_left_to_the_caller(path: str) -> None:
    assert await OpenAPI(Registry()).answer(path) is None
