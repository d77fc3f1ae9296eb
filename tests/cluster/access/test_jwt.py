"""Signed tokens: what goes in comes out, and nothing else does."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from poblano.cluster.access.jwt import BadToken, signed, unverified, verified
from poblano.cluster.access.keys import SigningKey, decode, encode

KEY, OTHER = SigningKey(), SigningKey()
CLAIMS = st.dictionaries(
    st.text(max_size=5), st.text() | st.integers(0, 2**53) | st.lists(st.text(), max_size=2), max_size=4
)
TOKEN = signed({"sub": "system:serviceaccount:shop:bot", "exp": 1}, KEY)


@given(CLAIMS)
def test_what_is_signed_is_read_back(claims: dict[str, object]) -> None:
    token = signed(claims, KEY)
    assert verified(token, KEY) == unverified(token) == claims


def test_another_key_has_not_signed_it() -> None:
    with pytest.raises(BadToken):
        verified(TOKEN, OTHER)


@given(st.data())
def test_a_token_with_any_character_changed_is_none(data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(TOKEN) - 1))
    character = data.draw(st.sampled_from("ABCxyz019-_.").filter(lambda one: one != TOKEN[place]))
    with pytest.raises(BadToken):
        verified(TOKEN[:place] + character + TOKEN[place + 1 :], KEY)


@given(st.text() | st.binary().map(lambda data: f"{encode(data)}.{encode(data)}.{encode(data)}"))
def test_any_text_is_a_token_or_refused(text: str) -> None:
    unverified(text)
    with pytest.raises(BadToken):
        verified(text, KEY)


@pytest.mark.parametrize("algorithm", ["none", "HS256", "RS256", None])
def test_a_token_of_another_algorithm_is_refused(algorithm: str | None) -> None:
    header = encode(orjson.dumps({"alg": algorithm}))
    _, claims, signature = TOKEN.split(".")
    for end in (signature, ""):
        with pytest.raises(BadToken):
            verified(f"{header}.{claims}.{end}", KEY)


@given(st.binary())
def test_base64_is_read_back(data: bytes) -> None:
    assert decode(encode(data)) == data


@pytest.mark.parametrize("text", ["QQ==", "QR", "Q", "Q Q", "Q/==", "é"])
def test_base64_has_one_spelling(text: str) -> None:
    with pytest.raises(ValueError):
        decode(text)


def test_a_key_comes_back_from_its_file() -> None:
    again = SigningKey(KEY.pem())
    assert verified(TOKEN, again)["exp"] == 1
    assert again.identifier == KEY.identifier
    assert again.public_document() == KEY.public_document()


def test_a_file_with_another_sort_of_key_is_refused() -> None:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    pem = ec.generate_private_key(ec.SECP384R1()).private_bytes(*form)
    with pytest.raises(ValueError, match="P-256"):
        SigningKey(pem).sign(b"")


def test_a_key_does_not_show_itself() -> None:
    assert repr(KEY) == "SigningKey(...)"
