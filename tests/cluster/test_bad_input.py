"""Whatever is sent, over the wire: the answer is a Status (or Go's plain 404), it names no Python, and the server goes on."""

from __future__ import annotations

import copy
import json
import random
import socket
import ssl
from collections.abc import Generator, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from poblano.cluster.serving.served import Settings
from tests.cluster.serving_cluster import Running, running
from tests.cluster.speaking import Reply, Speaker

Document = dict[str, Any]

MAPS = "/api/v1/namespaces/default/configmaps"
PATCHES = (
    "application/merge-patch+json",
    "application/json-patch+json",
    "application/strategic-merge-patch+json",
    "application/apply-patch+yaml",
)
STORED = [
    one
    for one in json.loads((Path(__file__).parent.parent / "fixtures/kubernetes-1.36/defaults.json").read_text())
    if one["status"] == 201
]
UNEXPECTED = "did not expect"


@pytest.fixture(scope="module")
def cluster() -> Generator[Running]:
    with running(Settings()) as found:
        yield found


@pytest.fixture(scope="module")
def speak(cluster: Running) -> Generator[Speaker]:
    with closing(Speaker(cluster.url, cluster.token)) as speaker:
        made = speaker("POST", "/api/v1/namespaces", {"metadata": {"name": "kinds"}})
        assert made.status == 201
        yield speaker


def check(reply: Reply, asked: Any = None) -> None:
    """What holds for each answer."""
    assert UNEXPECTED not in str(reply.document), asked
    assert "Traceback" not in str(reply.document), asked
    if reply.status >= 400 and (reply.status, reply.body) != (406, b""):  # so answers the OpenAPI, also the real one
        assert reply.is_status or reply.body == b"404 page not found\n", (asked, reply)


SCALARS: list[Any] = [
    None, True, 0, -1, 1.5, 2**31, 2**63, 2**70, 1e300, "", "x", "\0", "é" * 300, "a/b", "..", "1", "-5", "100Mi", "50%",
    "2020-01-01T00:00:00Z",
]  # fmt: skip
SHAPES: list[Any] = [
    [], {}, [None], [[]], [1], ["a", None], {"": ""}, {"a": None}, {"a": {"b": []}}, [{}], [{"name": None}],
    [{"name": "a"}, {"name": "a"}], {"name": []}, [[{"a": [1]}]], {"$patch": "delete"}, {"$retainKeys": 1},
]  # fmt: skip


def paths(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of each value in a document but the whole."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in pairs:
        yield (*at, key)
        yield from paths(item, (*at, key))


def damaged(document: Document, chance: random.Random) -> Document:
    """The document with one to three values replaced, moved or taken away."""
    made = copy.deepcopy(document)
    for _ in range(chance.choice((1, 1, 2, 3))):
        *way, last = chance.choice(list(paths(made)) or [("x",)])
        place: Any = made
        for key in way:
            place = place[key]
        match chance.randrange(5):
            case 0:
                del place[last]
            case 1 if isinstance(place, dict):
                place[chance.choice(("zzz", "name", "", "kind", "metadata", "$patch"))] = chance.choice(SHAPES)
            case 2:
                alike = [one for one in SCALARS + SHAPES if isinstance(one, type(place[last]))]
                place[last] = copy.deepcopy(chance.choice(alike or SCALARS))
            case _:
                place[last] = copy.deepcopy(chance.choice(SCALARS + SHAPES))
        if not made:
            break
    return made


def operations(document: Document, chance: random.Random) -> list[Any]:
    """A JSON patch of no sense."""
    ways = ["/" + "/".join(map(str, way)) for way in paths(document)]
    verbs = ("add", "remove", "replace", "test", "copy", "move", "", None)
    made: list[Any] = [
        {"op": chance.choice(verbs), "path": chance.choice(ways), "from": chance.choice(ways), "value": value}
        for value in chance.sample(SCALARS + SHAPES, k=chance.choice((1, 2)))
    ]
    return damaged({"patch": made}, chance).get("patch", made) if chance.random() < 0.3 else made


PARTS = ("status", "scale", "eviction", "binding", "approval", "finalize", "ephemeralcontainers", "resize", "token")


@pytest.mark.parametrize("number", range(len(STORED)), ids=lambda number: STORED[number]["sent"]["kind"])
def test_damaged_objects_of_every_kind(speak: Speaker, number: int) -> None:
    chance = random.Random(number)
    path = STORED[number]["path"]
    for source in (STORED[number]["sent"], STORED[number]["stored"]):
        sent = copy.deepcopy(source)
        for key in ("uid", "resourceVersion"):
            sent["metadata"].pop(key, None)
        name = sent["metadata"]["name"]
        for _ in range(2):
            speak("POST", path, sent)
            document = damaged(sent, chance)
            check(speak("POST", path, document), document)
            check(speak("PUT", f"{path}/{name}", document), document)
            for kind in PATCHES:
                patch: Any = operations(sent, chance) if "json-patch" in kind else damaged(sent, chance)
                query = {"fieldManager": "m", "force": "true"} if "apply" in kind else {}
                check(speak("PATCH", f"{path}/{name}", patch, content_type=kind, query=query), (kind, patch))
            part = f"{path}/{name}/{chance.choice(PARTS)}"
            check(speak(chance.choice(("POST", "PUT")), part, document), (part, document))
            check(speak("PATCH", part, damaged(sent, chance), content_type=PATCHES[0]), part)
    check(speak("GET", path))
    check(speak("GET", path, headers={"Accept": "application/json;as=Table;v=v1;g=meta.k8s.io"}))


BODIES = {
    "nothing": b"",
    "a space": b" ",
    "NUL": b"\0",
    "half an object": b'{"metadata":',
    "two objects": b"{}{}",
    "a byte order mark": b"\xef\xbb\xbf{}",
    "no UTF-8": b'{"metadata":{"name":"a\xff"}}',
    "half a surrogate pair": b'{"metadata":{"name":"x","labels":{"a":"\\ud800"}}}',
    "a NUL in a name": b'{"metadata":{"name":"a\\u0000b"}}',
    "a deep list": b"[" * 10_500 + b"]" * 10_500,
    "a deep object": b'{"data":' * 10_500 + b"1" + b"}" * 10_500,
    "a deep object in place": b'{"metadata":{"name":"d"},"data":' + b'{"a":' * 5_000 + b"1" + b"}" * 5_001,
    "a deep number of brackets": b'{"metadata":{"name":"d","annotations":' + b"[" * 9_000,
    "a long number": b'{"metadata":{"name":"n","generation":' + b"9" * 10_000 + b"}}",
    "a large exponent": b'{"metadata":{"name":"n","generation":1e99999}}',
    "NaN": b'{"metadata":{"name":"n","generation":NaN}}',
    "a list of lists": b"[[[[]]]]",
    "YAML with an alias bomb": b"a: &a [x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b]\n" * 3,
    "YAML with a tag": b"!!python/object/apply:os.system ['true']",
    "several documents": b"a: 1\n---\nb: 2\n",
    "tabs": b"\ta: 1",
    "protobuf's magic": b"k8s\x00",
    "broken protobuf": b"k8s\x00\x0a\xff\xff\xff\xff\x0f" + bytes(range(256)),
}
TYPES = (
    *PATCHES,
    "application/json",
    "application/yaml",
    "application/vnd.kubernetes.protobuf",
    "text/plain",
    "",
    'a;b="',
)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_bodies_that_are_no_object(speak: Speaker, body: bytes) -> None:
    for content_type in TYPES:
        for method, path in (("POST", MAPS), ("PUT", f"{MAPS}/x"), ("PATCH", f"{MAPS}/x"), ("DELETE", f"{MAPS}/x")):
            check(speak(method, path, body, content_type=content_type), (method, content_type))
    check(speak("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", body))
    check(speak("POST", "/api/v1/namespaces/default/serviceaccounts/default/token", body))
    check(speak("POST", "/api/v1/namespaces/default/pods/x/eviction", body))
    assert speak("GET", MAPS).status == 200


def test_a_body_of_more_than_three_mebibytes(speak: Speaker, cluster: Running) -> None:
    limit = 3 * 1024 * 1024
    with closing(Speaker(cluster.url, cluster.token)) as other:
        reply = other("POST", MAPS, b"x" * (limit + 1))
        assert (reply.status, reply.document["reason"]) == (413, "RequestEntityTooLarge")
    assert speak("POST", MAPS, b'{"a":"' + b"x" * (limit - 9) + b'"}').status in (400, 422)


PATHS = (
    "/nope", "/api/v1/nopes", "/apis/nope.io/v1/x", "/apis/apps/v9/x", "/api/v1/namespaces/default/configmaps/..",
    "/api/v1/namespaces/default/configmaps/%2e%2e", "/api/v1/namespaces/default/configmaps/a%2fb", "/%00", "/%ff",
    "/api/v1/namespaces/default/configmaps/a%00b", "/api/v1/namespaces/default/configmaps/%ff", "/api/v1/namespaces/a/b/c/d/e",
    "//api/v1", "/api//v1//pods", "/api/v1/namespaces//pods", "/api/v1/watch", "/api/v1/watch/", "/apis//v1/x", "/../etc",
    "/api/v1/namespaces/default/pods/x/log/y/z", "/api/v1/namespaces/default/pods/x/proxy/..%2f..", "/openapi/v3/../v2",
    "/openapi/v3/apis/nope/v1", "/api/v1/namespaces/%ED%A0%80/pods", "/" + "a/" * 2_000, "/api/v1/" + "x" * 20_000,
)  # fmt: skip


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path[:60])
def test_paths_of_no_sense(speak: Speaker, path: str) -> None:
    for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"):
        reply = speak(method, path, b"{}" if method not in ("GET", "HEAD") else None, content_type=PATCHES[0])
        if method != "HEAD":
            check(reply, (method, path))
    assert speak("GET", MAPS).status == 200


VALUES = ("", "x", "-1", "1e9", "9" * 5_000, "%00", "%ff", "%ud800", "%zz", "true", "null", "a=b,c in (", "\\", "(((((")
OPTIONS = (
    "limit", "continue", "resourceVersion", "resourceVersionMatch", "labelSelector", "fieldSelector", "timeoutSeconds",
    "sendInitialEvents", "allowWatchBookmarks", "dryRun", "fieldManager", "fieldValidation", "force", "propagationPolicy",
    "gracePeriodSeconds", "orphanDependents", "includeObject", "pretty", "timeout", "shardSelector",
)  # fmt: skip


@pytest.mark.parametrize("option", OPTIONS)
def test_options_of_no_sense(speak: Speaker, option: str) -> None:
    for value in VALUES:
        query = f"{option}={value.replace(' ', '+')}"
        check(speak("GET", MAPS, query=query), query)
        check(
            speak("GET", MAPS, query=f"watch=1&{query}" + ("" if option == "timeoutSeconds" else "&timeoutSeconds=x"))
        )
        check(speak("GET", f"{MAPS}/x", query=query), query)
        check(
            speak("GET", MAPS, query=query, headers={"Accept": "application/json;as=Table;v=v1;g=meta.k8s.io"}), query
        )
        check(speak("POST", MAPS, {"metadata": {"generateName": "o-"}}, query=query), query)
        check(speak("PATCH", f"{MAPS}/x", {}, content_type=PATCHES[0], query=query), query)
        check(speak("DELETE", MAPS, query=f"labelSelector=none&{query}"), query)
    assert speak("GET", MAPS).status == 200


HEADERS = (
    {"Accept": ";;;,,,"}, {"Accept": "application/json;as=Table;v=v9;g=meta.k8s.io"}, {"Accept": "a" * 50_000},
    {"Accept": "*/*;q=x"}, {"Accept": "application/json;q=nan"}, {"Authorization": "Bearer"}, {"Authorization": "Basic eDp5"},
    {"Authorization": "Bearer a.b.c"}, {"Authorization": "Bearer é"}, {"Impersonate-User": ""},
    {"Impersonate-Group": "x"}, {"Impersonate-User": "x", "Impersonate-Extra-%zz": "y"}, {"If-None-Match": '"'},
    {"Accept-Encoding": "gzip;q=x"}, {"User-Agent": "é"}, {"Content-Type": "application/json; charset=utf-99"},
)  # fmt: skip


@pytest.mark.parametrize("headers", HEADERS, ids=lambda headers: str(headers)[:50])
def test_headers_of_no_sense(speak: Speaker, headers: dict[str, str]) -> None:
    sent = {key: value.encode().decode("latin-1") for key, value in headers.items()}
    for path in (MAPS, "/openapi/v2", "/apis"):
        check(speak("GET", path, headers=sent), path)
    check(speak("POST", MAPS, {"metadata": {"generateName": "h-"}}, headers=sent))
    assert speak("GET", MAPS).status == 200


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(("metadata", "name", "data", "kind", "apiVersion", "spec", "items")) | st.text(), inner
        )
    ),
    max_leaves=12,
)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    document=anything, content_type=st.sampled_from(TYPES), method=st.sampled_from(("POST", "PUT", "PATCH", "DELETE"))
)
def test_any_json_at_all(speak: Speaker, document: Any, content_type: str, method: str) -> None:
    path = MAPS if method == "POST" else f"{MAPS}/x"
    check(speak(method, path, json.dumps(document).encode(), content_type=content_type), document)


RAW = {
    "no request": b"\r\n\r\n",
    "noise": bytes(range(256)),
    "no version": b"GET /\r\n\r\n",
    "another protocol": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "bytes in the path": b"GET /\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n",
    "a whole URL": b"GET http://x/api HTTP/1.1\r\nHost: x\r\n\r\n",
    "a star": b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
    "a bad length": b"POST /api HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    "two lengths": b"POST /api HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
    "a bad chunk": b"POST /api HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "a query of bytes": b"GET /api/v1/pods?\xff=\xfe HTTP/1.1\r\nHost: x\r\n\r\n",
}


@pytest.mark.parametrize("sent", RAW.values(), ids=RAW)
def test_bytes_that_are_no_request(cluster: Running, speak: Speaker, sent: bytes) -> None:
    at = urlparse(cluster.url)
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection((at.hostname, at.port), timeout=30) as plain, context.wrap_socket(plain) as secured:
        secured.sendall(sent)
        secured.settimeout(5)
        try:
            answer = secured.recv(65_536)
        except (OSError, ssl.SSLError):
            answer = b""
    assert b"Traceback" not in answer
    assert answer[:5] in (b"", b"HTTP/")
    assert speak("GET", MAPS).status == 200
