"""What we wrote is known at once, nothing older counts after that, and nothing of it is kept for longer than the watch needs."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from poblano.core.cache import Item, Key
from poblano.core.known import Known
from poblano.core.own_writes import OwnWrites
from poblano.core.watch_events import Event

WEB = Key("shop", "web")
VERSIONS = st.integers(1, 40)
EVENTS = st.sampled_from(["ADDED", "MODIFIED", "DELETED"])


def item(version, uid="1", key=WEB):
    return Item(key, uid, str(version), str(version).encode())


def event(type, version, uid="1"):
    return Event(type=type, item=item(version, uid), resource_version=str(version))


@given(VERSIONS, VERSIONS, st.none() | VERSIONS)
def test_w4_an_answer_is_news_when_neither_the_watch_nor_the_cache_has_come_as_far(version, seen, known):
    own = OwnWrites()
    took = own.took(WEB, str(version), seen=str(seen), known=None if known is None else str(known))
    assert took == (version > seen and (known is None or version > known))
    assert len(own) == took


@given(VERSIONS, st.lists(st.tuples(EVENTS, VERSIONS), max_size=6))
def test_w4_what_is_older_than_our_write_is_passed_over_until_something_newer_came(version, events):
    own = OwnWrites()
    own.took(WEB, str(version), seen="1", known=None)
    waits = len(own) == 1
    for type, said in events:
        gone = type == "DELETED"
        passed = own.overtakes(WEB, str(said), gone=gone)
        assert passed == (waits and (said < version or (said == version and not gone)))
        waits = waits and said < version
        assert len(own) == waits


@given(
    st.lists(st.tuples(st.sampled_from("abc"), VERSIONS)),
    st.lists(st.tuples(st.sampled_from("abc"), VERSIONS)),
    VERSIONS,
)
def test_w4_of_a_list_only_what_we_wrote_since_it_began_can_be_newer(before, since, version):
    own = OwnWrites()
    for name, wrote in before:
        own.took(Key("shop", name), str(wrote), seen="1", known=None)
    own.list_begins()
    recent = {name: wrote for name, wrote in since if own.took(Key("shop", name), str(wrote), seen="1", known=None)}
    newer = {key.name for key in own.listed(str(version))}
    assert newer == {name for name, wrote in recent.items() if wrote > version}
    assert len(own) == len(newer)


@given(st.text(), st.text())
def test_w4_versions_that_are_no_numbers_are_not_compared(version, seen):
    own = OwnWrites()
    if own.took(WEB, version, seen=seen, known=None):
        assert int(version) > int(seen)


def synced(*items, version="5"):
    known = Known()
    known.list_begins()
    known.gather(items)
    known.complete(version)
    return known


def test_w4_a_write_before_all_is_known_waits_for_the_list():
    known = Known()
    known.list_begins()
    assert known.wrote(item(9)) == []


def test_w4_an_echo_is_told_once():
    known = synced()
    assert [change.type for change in known.wrote(item(9))] == ["ADDED"]
    assert known.happened(event("ADDED", 7)) == []
    assert known.happened(event("MODIFIED", 9)) == []
    assert known.counts["echoes"] == 2
    assert [change.type for change in known.happened(event("MODIFIED", 10))] == ["MODIFIED"]
    assert known.version == "10"


def test_w4_one_of_the_name_that_went_before_ours_was_made_does_not_take_ours_along():
    known = synced(item(4))
    assert [change.type for change in known.wrote(item(9, uid="2"))] == ["DELETED", "ADDED"]
    assert known.happened(event("DELETED", 8)) == []
    assert known.happened(event("ADDED", 9, uid="2")) == []
    assert [change.type for change in known.happened(event("DELETED", 11, uid="2"))] == ["DELETED"]
    assert len(known.cache) == 0


def test_w4_a_deletion_with_the_version_of_our_write_is_one():
    known = synced()
    known.wrote(item(9))
    assert [change.type for change in known.happened(event("DELETED", 9))] == ["DELETED"]


def test_w4_what_was_deleted_before_the_answer_arrives_stays_so():
    known = synced(item(4))
    known.happened(event("MODIFIED", 8))
    known.happened(event("DELETED", 9))
    assert known.wrote(item(8)) == []
    assert len(known.cache) == 0


def test_w4_a_list_is_believed_but_for_what_was_written_while_it_was_on_its_way():
    known = synced()
    known.wrote(item(9))
    known.list_begins()
    known.wrote(item(12, key=Key("shop", "db")))
    changes = known.complete("11")
    assert [(change.type, change.item.key.name) for change in changes] == [("DELETED", "web")]
    assert known.cache.get(Key("shop", "db")) == item(12, key=Key("shop", "db"))
