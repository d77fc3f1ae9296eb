"""The Secret: what was put into it comes out of it, and what somebody else has made of it is no harm."""

from __future__ import annotations

import base64
import time

from hypothesis import given
from hypothesis import strategies as st

from poblano.admission.certifying.bundles import bundle
from poblano.admission.certifying.secret import Contents
from poblano.core.certificates import Forget, Issue, Make

NAMES = ("poblano-hello.shop.svc", "poblano-hello.shop", "poblano-hello")
DAY = 86400.0


def stored(contents: Contents) -> dict[str, object]:
    """The Secret after the patch."""
    patch = contents.patch
    data = {key: value for key, value in patch["data"].items() if value is not None}
    return {"metadata": {"resourceVersion": contents.version}, "data": data}


def read(document) -> Contents:
    return Contents.of(document, frozenset(NAMES))


def made() -> Contents:
    empty = read({"metadata": {"resourceVersion": "7"}})
    first = read(stored(empty.after(Make(time.time() + 9 * DAY, ()), "poblano-hello", NAMES)))
    issue = Issue(first.authorities[0].id, time.time() + 3 * DAY, (first.authorities[0].id,))
    return read(stored(first.after(issue, "poblano-hello", NAMES)))


MADE = made()


def test_an_empty_secret_gets_an_authority_and_a_certificate():
    (authority,) = MADE.authorities
    assert MADE.version == "7"
    assert [one.signs for one in MADE.facts] == [True]
    assert 8.9 * DAY < authority.ends - time.time() < 9 * DAY
    leaf = MADE.leaf((), frozenset(NAMES))
    assert leaf is not None
    assert (leaf.issuer, leaf.fits) == (authority.id, True)
    assert 2.9 * DAY < leaf.ends - time.time() < 3 * DAY


def test_a_new_authority_stands_first_and_the_old_one_is_forgotten_when_it_is_said():
    old = MADE.authorities[0]
    both = read(stored(MADE.after(Make(time.time() + 9 * DAY, (old.id,)), "poblano-hello", NAMES)))
    assert [one.id for one in both.authorities][1:] == [old.id]
    assert [one.signs for one in both.facts] == [True, True]
    new = both.authorities[0]
    signed = read(stored(both.after(Issue(new.id, time.time() + DAY, (new.id,)), "poblano-hello", NAMES)))
    assert [one.signs for one in signed.facts] == [True, False]
    assert signed.leaf((), frozenset(NAMES)).issuer == new.id
    assert read(stored(signed.after(Forget((new.id,)), "poblano-hello", NAMES))).authorities == (new,)


@given(
    st.dictionaries(st.sampled_from(["tls.crt", "tls.key", "ca.crt", "ca.key"]), st.binary(max_size=60)),
    st.sampled_from(["tls.crt", "tls.key", "ca.crt", "ca.key", "none"]),
    st.booleans(),
)
def test_whatever_somebody_makes_of_it_it_is_read_and_made_good(garbage, cut, coded):
    document = stored(MADE)
    document["data"] |= {key: base64.b64encode(value).decode() for key, value in garbage.items()}
    if cut in document["data"]:
        document["data"][cut] = document["data"][cut][:99] if coded else "no base64!"
    found = read(document)
    again = read(stored(found.after(Make(time.time() + DAY, ()), "poblano-hello", NAMES)))
    assert again.facts[0].signs
    assert again.pair == found.pair


def test_of_another_name_nothing_is_said():
    contents = Contents.of(stored(MADE), frozenset({"poblano-hello.other.svc"}))
    assert [one.signs for one in contents.facts] == [False]
    assert bundle(b"") == ()


def test_no_key_is_in_a_repr():
    assert "PRIVATE" not in repr(MADE)
