"""A request as bytes."""

from __future__ import annotations

import httptools
import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict

from poblano.client.wire import head_of, place_of

HERE = place_of("https://api.test:6443")


class Parsed:
    """What a server understands."""

    def __init__(self, data: bytes) -> None:
        self.headers: list[tuple[str, str]] = []
        self.url, self.body, self.complete = b"", b"", 0
        parser = httptools.HttpRequestParser(self)
        parser.feed_data(data)
        self.method = parser.get_method().decode()

    def on_url(self, url):
        self.url += url

    def on_header(self, name, value):
        self.headers.append((name.decode(), value.decode("utf-8", "surrogateescape")))

    def on_body(self, body):
        self.body += body

    def on_message_complete(self):
        self.complete += 1


VALUES = st.text(st.characters(blacklist_characters="\r\n\0", blacklist_categories=("Cs", "Cc"))).map(str.strip)
NAMES = st.sampled_from(["Accept", "Impersonate-Group", "X-Extra", "x-extra", "User-Agent"])


@given(
    st.sampled_from(["GET", "PUT", "POST", "PATCH", "DELETE"]),
    st.text().map(lambda path: f"/{path}"),
    st.lists(st.tuples(NAMES, VALUES)),
    st.none() | st.binary(),
)
def test_a_server_reads_what_was_meant_and_never_a_second_request(method, path, headers, body):
    read = Parsed(head_of(method, path, HERE, CIMultiDict(headers), body) + (body or b""))

    assert (read.method, read.complete, read.body) == (method, 1, body or b"")
    assert read.url.isascii()
    own = [(name, value) for name, value in read.headers if name not in {"Host", "Content-Length"}]
    assert own == headers


@pytest.mark.parametrize("value", ["a\r\nX-Other: b", "a\nb", "a\0b", "\r"])
def test_a_header_that_would_end_early_is_refused_without_its_value(value):
    with pytest.raises(ValueError, match="Authorization has a line break") as caught:
        head_of("GET", "/", HERE, {"Authorization": value}, None)
    assert "Other" not in str(caught.value)


@pytest.mark.parametrize("name", ["", "a b", "a:", "a\r\nb", "ä", "Content-Length", "transfer-encoding", "Connection"])
def test_what_is_no_header_or_is_about_the_connection_is_refused(name):
    with pytest.raises(ValueError, match="is no header to send"):
        head_of("GET", "/", HERE, {name: "1"}, None)


def test_a_path_is_sent_as_it_is_and_what_cannot_stand_there_is_encoded():
    head = head_of("GET", "/api/a%2Fb?x=1&y=ü z\r\n", HERE, {}, None)
    assert head.startswith(b"GET /api/a%2Fb?x=1&y=%C3%BC%20z%0D%0A HTTP/1.1\r\n")


def test_what_has_no_body_says_so_where_one_would_be_expected():
    assert b"Content-Length: 0\r\n" in head_of("POST", "/", HERE, {}, None)
    assert b"Content-Length" not in head_of("DELETE", "/", HERE, {}, None)
    assert b"Content-Length: 2\r\n" in head_of("DELETE", "/", HERE, {}, b"{}")


def test_a_caller_may_name_the_host():
    assert b"Host: other\r\n" in head_of("GET", "/", HERE, CIMultiDict(host="other"), None).replace(b"host:", b"Host:")
    assert head_of("GET", "/", HERE, CIMultiDict(host="other"), None).lower().count(b"host:") == 1


@pytest.mark.parametrize(
    ("url", "name", "authority"),
    [
        ("https://api.test", "api.test", "api.test:443"),
        ("https://api.test:6443/k8s", "api.test:6443", "api.test:6443"),
        ("http://[fd00::1]:80", "[fd00::1]", "[fd00::1]:80"),
        ("https://bücher.test", "xn--bcher-kva.test", "xn--bcher-kva.test:443"),
    ],
)
def test_a_place_has_a_name_for_the_server_and_one_for_a_proxy(url, name, authority):
    assert (place_of(url).name, place_of(url).authority) == (name, authority)


def test_a_login_in_a_url_is_decoded_and_not_shown():
    place = place_of("http://jane:p%40ss@proxy:3128")
    assert place.login == "Basic amFuZTpwQHNz"
    assert "amFuZ" not in repr(place)
    assert "ss" not in place.origin
