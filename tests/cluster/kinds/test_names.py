"""Names, labels and keys are judged in the API server's words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poblano.cluster.kinds import names

SUBDOMAIN = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    r"'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)


def test_a_bad_subdomain_is_told_the_pattern_and_an_example():
    assert names.subdomain("A_b") == [SUBDOMAIN]


@pytest.mark.parametrize("name", ["", "-a", "a-", "a b", "a/b", "ü", "a\n"])
def test_what_is_no_label_is_no_label(name):
    assert names.label(name)


def test_a_long_label_is_told_its_limit_before_its_form():
    assert names.label("x" * 64) == ["must be no more than 63 bytes"]
    assert [text[:22] for text in names.label("X" * 64)] == ["must be no more than 6", "a lowercase RFC 1123 l"]


@pytest.mark.parametrize(
    ("key", "starts"),
    [
        ("a/b/c", ["a qualified name must consist of"]),
        ("/a", ["prefix part must be non-empty"]),
        ("A_/a", ["prefix part a lowercase RFC 1123 subdomain"]),
        ("a.b/", ["name part must be non-empty", "name part must consist of"]),
        ("x" * 64, ["name part must be no more than 63 bytes"]),
    ],
)
def test_a_qualified_name_says_which_part_is_wrong(key, starts):
    found = names.qualified(key)
    assert len(found) == len(starts)
    assert all(text.startswith(start) for text, start in zip(found, starts, strict=True))


@given(st.from_regex(r"[a-z0-9]([-a-z0-9]{0,20}[a-z0-9])?", fullmatch=True))
def test_every_label_is_a_subdomain_a_label_value_and_a_qualified_name(name):
    assert names.label(name) == names.subdomain(name) == names.label_value(name) == names.qualified(name) == []


@given(st.text(max_size=12))
def test_a_name_that_fits_a_subdomain_fits_into_a_path(name):
    if not names.subdomain(name):
        assert names.path_segment(name) == []


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("Http", "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)"),
        ("80", "must contain at least one letter (a-z)"),
        ("a--b", "must not contain consecutive hyphens"),
        ("-a", "must not begin or end with a hyphen"),
        ("a-very-long-name", "must be no more than 15 bytes"),
    ],
)
def test_the_name_of_a_port_is_a_service_name(name, wrong):
    assert wrong in names.port_name(name)


def test_a_configuration_key_is_no_way_out_of_its_folder():
    assert names.config_key("..") == ["must not be '..'"]
    assert names.config_key("..data") == ["must not start with '..'"]
    assert names.config_key("a/b")


def test_a_variable_may_be_called_anything_printable_but_an_assignment():
    assert names.env_name("a.b-c/1") == []
    assert names.env_name("a=b")
    assert names.env_name("ü")
