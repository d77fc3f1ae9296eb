"""A rule hears of all changes but those that it made itself."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from poblano.core.cache import Key
from poblano.core.echoes import Echoes

WEB, DB = Key("shop", "web"), Key("shop", "db")


@given(
    before=st.lists(st.sampled_from("abc")),
    during=st.lists(st.sampled_from("abcx")),
    after=st.lists(st.sampled_from("abcx")),
    silent=st.booleans(),
)
def test_every_change_of_others_is_told_once_whenever_it_comes(before, during, after, silent):
    echoes, heard = Echoes(), []

    def hear(version):
        echoes.heard(WEB, version, lambda own: heard.append((version, own)))

    for version in before:
        hear(version)
    with echoes.writing(WEB) as answered:
        for version in during:
            hear(version)
        assert [one for one, _ in heard] == before, "what comes meanwhile waits for the answer"
        answered("x", silent=silent)
    for version in after:
        hear(version)
    assert [one for one, own in heard if not own] == [one for one in [*before, *during, *after] if one != "x"]
    own = [one for one, own in heard if own]
    assert own == ([] if silent else [one for one in [*during, *after] if one == "x"])
    echoes.forget(WEB)
    assert len(echoes) == 0


def test_a_write_that_fails_puts_nothing_aside_for_ever():
    echoes, heard = Echoes(), []
    try:
        with echoes.writing(WEB):
            echoes.heard(WEB, "7", heard.append)
            echoes.heard(DB, "8", heard.append)
            assert heard == [False]
            raise RuntimeError("refused")
    except RuntimeError:
        assert heard == [False, False]
    assert len(echoes) == 0


def test_what_is_heard_during_two_writes_waits_for_both():
    echoes, heard = Echoes(), []
    with echoes.writing(WEB) as first:
        with echoes.writing(WEB) as second:
            echoes.heard(WEB, "7", heard.append)
            echoes.heard(WEB, "8", heard.append)
            second("8", silent=True)
        assert heard == []
        first("9", silent=True)
    assert heard == [False]
