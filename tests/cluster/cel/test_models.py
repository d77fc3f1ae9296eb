"""Functions against small models in Python, and the language against an implementation that somebody else wrote."""

from __future__ import annotations

import ipaddress
import json
import math
import re
from fractions import Fraction
from typing import Any

import cel
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from poblano.cluster.cel import CelError, compile
from poblano.cluster.cel.functions.quantities import parse_quantity
from poblano.cluster.cel.patterns import BadPattern, compiled
from poblano.cluster.cel.times import parse_duration, parse_timestamp, show_duration, show_timestamp
from poblano.cluster.cel.values import Duration, Timestamp, equals

TEXT = st.text(st.sampled_from("abcA-. é1"), max_size=6)
INTS = st.integers(-5, 5)
LISTS = st.lists(INTS, max_size=6)


def run(source: str, **variables: Any) -> Any:
    return compile(source).evaluate(**variables)


# ---- the other implementation


def arithmetic(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.builds("({} {} {})".format, inner, st.sampled_from(["+", "-", "*", "/", "%"]), inner)


NUMBERS = st.recursive(st.integers(0, 9).map(str) | st.sampled_from(["a", "b"]), arithmetic, max_leaves=5)
TESTS = st.builds("{} {} {}".format, NUMBERS, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), NUMBERS)
BOOLEANS = st.recursive(
    TESTS,
    lambda inner: (
        st.builds("({} {} {})".format, inner, st.sampled_from(["&&", "||"]), inner)
        | st.builds("!({})".format, inner)
        | st.builds("({} ? {} : {})".format, inner, inner, inner)
    ),
    max_leaves=4,
)


@given(BOOLEANS, INTS, INTS)
def test_arithmetic_and_logic_agree_with_another_implementation(source: str, a: int, b: int):
    try:
        theirs = cel.evaluate(source, {"a": a, "b": b})
    except ArithmeticError:
        with pytest.raises(CelError):
            run(source, a=a, b=b)
        return
    assert run(source, a=a, b=b) is theirs


MACROS = [
    "l.all(x, x > a)", "l.exists(x, x == a)", "l.exists_one(x, x == a)", "l.filter(x, x > a)", "l.map(x, x + a)",
    "a in l", "size(l)", "l + [a]", "l == [a]", "l.map(x, l.filter(y, y < x))",
]  # fmt: skip


@given(st.sampled_from(MACROS), LISTS, INTS)
def test_macros_agree_with_another_implementation(source: str, items: list[int], a: int):
    assert run(source, l=items, a=a) == cel.evaluate(source, {"l": items, "a": a})


@given(st.sampled_from(["startsWith", "endsWith", "contains"]), TEXT, TEXT)
def test_texts_agree_with_another_implementation(name: str, text: str, part: str):
    source = f"t.{name}(p)"
    assert run(source, t=text, p=part) is cel.evaluate(source, {"t": text, "p": part})


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=8))
def test_a_json_text_is_a_literal(text: str):
    assert run(json.dumps(text, ensure_ascii=False)) == text


# ---- lists

MODELS = {
    "l.isSorted()": lambda items: items == sorted(items),
    "l.sort()": sorted,
    "l.sum()": sum,
    "l.reverse()": lambda items: items[::-1],
    "l.distinct()": lambda items: list(dict.fromkeys(items)),
    "l.indexOf(1)": lambda items: items.index(1) if 1 in items else -1,
    "l.lastIndexOf(1)": lambda items: max((at for at, one in enumerate(items) if one == 1), default=-1),
    "sets.contains(l, [1, 2])": lambda items: {1, 2} <= set(items),
    "sets.equivalent(l, [1, 2])": lambda items: {1, 2} == set(items),
    "sets.intersects(l, [1, 2])": lambda items: bool({1, 2} & set(items)),
    "l.map(x, [x]).flatten()": list,
    "l.first().orValue(9)": lambda items: items[0] if items else 9,
}


@pytest.mark.parametrize("source", MODELS)
@given(items=LISTS)
def test_a_list_function_does_what_its_model_does(source: str, items: list[int]):
    assert run(source, l=items) == MODELS[source](items)


@given(st.lists(INTS, min_size=1, max_size=6))
def test_the_least_and_the_greatest(items: list[int]):
    assert run("[l.min(), l.max(), math.least(l), math.greatest(l)]", l=items) == [min(items), max(items)] * 2


@given(LISTS, st.integers(0, 7), st.integers(0, 7))
def test_a_slice_is_a_slice_or_refused(items: list[int], start: int, end: int):
    if start <= end <= len(items):
        assert run("l.slice(a, b)", l=items, a=start, b=end) == items[start:end]
    else:
        with pytest.raises(CelError, match="cannot slice"):
            run("l.slice(a, b)", l=items, a=start, b=end)


# ---- texts


@given(TEXT, TEXT, TEXT)
def test_replacing_splitting_and_joining(text: str, old: str, new: str):
    assert run("t.replace(o, n)", t=text, o=old, n=new) == text.replace(old, new)
    assert run("t.split(o).join(o)", t=text, o=old) == text
    assert run("t.reverse().reverse()", t=text) == text


@given(TEXT, st.integers(-1, 7), st.integers(-1, 7))
def test_a_substring_is_one_or_refused(text: str, start: int, end: int):
    if 0 <= start <= end <= len(text):
        assert run("t.substring(a, b)", t=text, a=start, b=end) == text[start:end]
    else:
        with pytest.raises(CelError):
            run("t.substring(a, b)", t=text, a=start, b=end)


@given(TEXT, TEXT)
def test_looking_for_a_part(text: str, part: str):
    assume(part)
    assert run("[t.indexOf(p), t.lastIndexOf(p)]", t=text, p=part) == [text.find(part), text.rfind(part)]


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("'%s %d %.2f %e'.format(['a', 1, 2.5, 1500.0])", "a 1 2.50 1.500000e+03"),
        ("'%x %X %o %b'.format([255, 255, 8, 5])", "ff FF 10 101"),
        ("'%s'.format([{'b': [1, true], 'a': null}])", "{a: null, b: [1, true]}"),
        ("'100%%'.format([])", "100%"),
        ("'aB-é'.upperAscii() + 'É'.lowerAscii()", "AB-éÉ"),
        ("'  x '.trim()", "x"),
        ("strings.quote('a\"b\\n')", '"a\\"b\\n"'),
        ("base64.encode(b'hello') + string(base64.decode('aGk'))", "aGVsbG8=hi"),
        ("'abc123'.find('[0-9]+') + '1a2'.findAll('[0-9]').join('')", "12312"),
    ],
)
def test_texts_are_made(source: str, text: str):
    assert run(source) == text


# ---- quantities, addresses, versions

UNITS = {"": 1, "m": Fraction(1, 1000), "k": 1000, "M": 10**6, "Ki": 1024, "Mi": 1024**2, "Gi": 1024**3, "e3": 1000}


@given(st.integers(-99, 99), st.sampled_from(sorted(UNITS)), st.integers(-99, 99), st.sampled_from(sorted(UNITS)))
def test_quantities_are_compared_and_added_exactly(a: int, one: str, b: int, other: str):
    left, right = a * Fraction(UNITS[one]), b * Fraction(UNITS[other])
    texts = {"l": f"{a}{one}", "r": f"{b}{other}"}
    assert run("quantity(l).compareTo(quantity(r))", **texts) == (left > right) - (left < right)
    assert run("quantity(l).add(quantity(r)).sign()", **texts) == (left + right > 0) - (left + right < 0)
    assert run("quantity(l) == quantity(r)", **texts) is (left == right)
    assert run("quantity(l).isInteger()", **texts) is (left.denominator == 1)


@pytest.mark.parametrize("text", ["", "a", "1 Gi", "1ki", "--1", "1.2.3", "1E9999", "٣"])
def test_what_is_no_quantity(text: str):
    assert parse_quantity(text) is None
    assert run("isQuantity(t)", t=text) is False


@given(st.ip_addresses(), st.integers(0, 32))
def test_a_network_contains_what_is_in_it(address, length: int):
    network = ipaddress.ip_network(f"10.20.30.40/{length}", strict=False)
    inside = address.version == 4 and address in network
    assert run("cidr(n).containsIP(a)", n=str(network), a=str(address)) is inside
    assert run("string(ip(a)) == a && ip.isCanonical(a)", a=str(address)) is True
    assert run("ip(a).family()", a=str(address)) == address.version


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("isIP('::ffff:1.2.3.4')", False),
        ("isIP('fe80::1%eth0')", False),
        ("isIP('010.0.0.1')", False),
        ("ip('127.0.0.1').isLoopback() && !ip('127.0.0.1').isGlobalUnicast()", True),
        ("ip('10.0.0.1').isGlobalUnicast()", True),
        ("ip('fe80::1').isLinkLocalUnicast() && ip('ff02::1').isLinkLocalMulticast()", True),
        ("isCIDR('10.0.0.0') || isCIDR('10.0.0.0/33')", False),
        ("string(cidr('10.1.2.3/8').masked()) + string(cidr('10.1.2.3/8').ip())", "10.0.0.0/810.1.2.3"),
        ("cidr('10.0.0.0/8').containsCIDR('10.1.0.0/16') && cidr('10.0.0.0/8').prefixLength() == 8", True),
        ("url('https://u@example.com:80/a%20b?x=1&x=2').getQuery()['x']", ["1", "2"]),
        ("url('https://[::1]:80/').getHostname() + url('https://[::1]:80/').getHost()", "::1[::1]:80"),
        ("isURL('no/slash') || isURL('https://a b')", False),
        ("url('/path').getScheme() + url('/path').getPort() + url('/path').getEscapedPath()", "/path"),
        ("semver('1.0.0-rc.1').isLessThan(semver('1.0.0')) && semver('1.2.3').minor() == 2", True),
        ("isSemver('v1.0') || isSemver('01.0.0')", False),
        ("semver('v1.2', true).compareTo(semver('1.2.0'))", 0),
        ("format.dns1123Label().validate('ok').hasValue()", False),
        ("format.named('uuid').value().validate('no').value().size()", 1),
        ("format.named('nothing').hasValue()", False),
    ],
)
def test_addresses_versions_and_formats(source: str, value: object):
    assert run(source) == value


# ---- time


@given(st.integers(-62135596800 * 10**9, 253402300799 * 10**9))
def test_a_moment_is_read_as_it_is_written(nanoseconds: int):
    assert parse_timestamp(show_timestamp(Timestamp(nanoseconds))) == Timestamp(nanoseconds)


@given(st.integers(-(2**63) + 1, 2**63 - 1))
def test_a_span_is_read_as_it_is_written(nanoseconds: int):
    assert parse_duration(show_duration(Duration(nanoseconds))) == Duration(nanoseconds)


@pytest.mark.parametrize("text", ["", "1", "1x", "h", "1 h", "1h-1m", "."])
def test_what_is_no_span(text: str):
    assert parse_duration(text) is None


# ---- equality

VALUES = st.recursive(
    st.none() | st.booleans() | INTS | st.sampled_from([1.0, 0.5]) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)


@given(VALUES, VALUES)
def test_equality_is_symmetric_and_every_value_is_itself(left, right):
    assert equals(left, left)
    assert equals(left, right) is equals(right, left)


# ---- patterns


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        ("^a$", "a\n", False),
        (r"^\d+$", "١", False),
        (r"^\w+$", "é", False),
        ("^[[:alpha:]]+$", "aZ", True),
        (r"^\pL+$", "éa", True),
        (r"^[\p{L}0-9]+$", "é1", True),
        (r"^\PL$", "1", True),
        ("(?i)^AB$", "ab", True),
        ("a(?i)b", "aB", True),
        (r"\Qa.b\E", "a.b", True),
        (r"\Qa.b\E", "axb", False),
        (r"^\x{41}\z", "A", True),
        (r"^(?P<x>a)(?<y>b)$", "ab", True),
        ("^[]a]$", "]", True),
        (r"^[^\d]$", "a", True),
        ("^a{2}$", "aa", True),
        (r"(?m)^b$", "a\nb", True),
        (r"(?s)a.b", "a\nb", True),
    ],
)
def test_a_pattern_means_what_it_means_in_go(pattern: str, text: str, matches: bool):
    assert (compiled(pattern).search(text) is not None) is matches


@pytest.mark.parametrize("pattern", ["(?=a)", "(?!a)", "(?<=a)b", r"(a)\1", "a++", "[a", "(", "*", r"\Z", "(?P=x)"])
def test_a_pattern_that_go_refuses_is_refused(pattern: str):
    with pytest.raises(BadPattern):
        compiled(pattern)


@given(st.text(st.sampled_from("ab.*+?()[]|^$\\d"), max_size=8))
def test_any_text_is_a_pattern_or_refused(pattern: str):
    try:
        found = compiled(pattern)
    except BadPattern:
        return
    assert isinstance(found, re.Pattern)


@given(st.floats(allow_nan=False))
def test_a_double_is_written_so_that_it_is_read_again(value: float):
    text = run("string(x)", x=value)
    assert math.isinf(value) or float(text) == value
