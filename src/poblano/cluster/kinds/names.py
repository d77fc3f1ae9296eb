"""What may be a name, a label, a key: Kubernetes' formats, each a function from text to complaints.

The sentences are part of the API (clients print them, tests compare them). Source: k8s.io/apimachinery util/validation.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, TypeAlias

NameRule: TypeAlias = Callable[[str], list[str]]
"""A kind's rule for names: from a name to what is wrong with it."""

_LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = rf"{_LABEL}(\.{_LABEL})*"
_DNS1035 = r"[a-z]([-a-z0-9]*[a-z0-9])?"
_QUALIFIED = r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_VALUE = rf"({_QUALIFIED})?"
_CONFIG_KEY = r"[-._a-zA-Z0-9]+"
_WILDCARD = rf"\*\.{_SUBDOMAIN}"
_C_IDENTIFIER = r"[A-Za-z_][A-Za-z0-9_]*"
_HTTP_PATH = r"[A-Za-z0-9/\-._~%!$&'()*+,;=:]+"
_HTTP_HEADER = r"[-A-Za-z0-9]+"
_PERCENT = r"[0-9]+%"

_LABEL_TEXT: Final = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with "
    "an alphanumeric character"
)
_SUBDOMAIN_TEXT: Final = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and "
    "end with an alphanumeric character"
)
_DNS1035_TEXT: Final = (
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, "
    "and end with an alphanumeric character"
)
_QUALIFIED_TEXT: Final = (
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"
)
_VALUE_TEXT: Final = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and "
    "end with an alphanumeric character"
)
_WILDCARD_TEXT: Final = (
    "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower "
    "case alphanumeric characters, '-' or '.' and end with an alphanumeric character"
)
_C_IDENTIFIER_TEXT: Final = (
    "a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters "
    "or '_'"
)
EMPTY: Final = "must be non-empty"


def too_long(limit: int) -> str:
    """The complaint about text over `limit` bytes."""
    return f"must be no more than {limit} bytes"


def _format(text: str, pattern: str, *examples: str) -> str:
    shown = " or ".join(f"'{example}', " for example in examples)
    return f"{text} (e.g. {shown}regex used for validation is '{pattern}')"


def _checked(value: str, limit: int, pattern: str, text: str, *examples: str) -> list[str]:
    long = [too_long(limit)] if len(value.encode(errors="surrogatepass")) > limit else []
    return long if re.fullmatch(pattern, value) else [*long, _format(text, pattern, *examples)]


def label(value: str) -> list[str]:
    """A DNS label (RFC 1123).

    >>> label("web-1"), len(label("Web_1"))
    ([], 1)
    """
    return _checked(value, 63, _LABEL, _LABEL_TEXT, "my-name", "123-abc")


def subdomain(value: str) -> list[str]:
    """Labels joined by dots: what most objects are called.

    >>> subdomain("a.example.com"), len(subdomain("a..b"))
    ([], 1)
    """
    return _checked(value, 253, _SUBDOMAIN, _SUBDOMAIN_TEXT, "example.com")


def dns1035(value: str) -> list[str]:
    """A DNS label that starts with a letter (RFC 1035)."""
    return _checked(value, 63, _DNS1035, _DNS1035_TEXT, "my-name", "abc-123")


def wildcard_subdomain(value: str) -> list[str]:
    """``*.`` and a subdomain: a host of an Ingress rule."""
    return _checked(value, 253, _WILDCARD, _WILDCARD_TEXT, "*.example.com")


def c_identifier(value: str) -> list[str]:
    """What C would take for a name."""
    fine = re.fullmatch(_C_IDENTIFIER, value)
    return [] if fine else [_format(_C_IDENTIFIER_TEXT, _C_IDENTIFIER, "my_name", "MY_NAME", "MyName")]


def label_value(value: str) -> list[str]:
    """The value of a label.

    >>> label_value("")
    []
    """
    return _checked(value, 63, _VALUE, _VALUE_TEXT, "MyValue", "my_value", "12345")


def qualified(value: str) -> list[str]:
    """A name with an optional domain before a slash: label keys, annotation keys, finalizers, resources.

    >>> qualified("example.com/role")
    []
    >>> qualified("/x")
    ['prefix part must be non-empty']
    """
    prefix, slash, name = value.rpartition("/")
    if "/" in prefix:
        form = _format(_QUALIFIED_TEXT, _QUALIFIED, "MyName", "my.name", "123-abc")
        return [f"a qualified name {form} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"]
    problems: list[str] = []
    if slash:
        problems += [f"prefix part {text}" for text in (subdomain(prefix) if prefix else [EMPTY])]
    if not name:
        problems.append(f"name part {EMPTY}")
    return [*problems, *(f"name part {text}" for text in _name_part(name))]


def _name_part(name: str) -> list[str]:
    return _checked(name, 63, _QUALIFIED, _QUALIFIED_TEXT, "MyName", "my.name", "123-abc")


def fully_qualified(value: str) -> list[str]:
    """A domain of three segments or more: the name of a webhook."""
    if not value:
        return []
    problems = subdomain(value)
    if not problems and value.count(".") < 2:
        return ["should be a domain with at least three segments separated by dots"]
    return problems


def domain_prefixed_path(value: str) -> list[str]:
    """``domain/path``: the controller of an IngressClass.

    >>> domain_prefixed_path("example.com/c")
    []
    >>> domain_prefixed_path("c")
    ['must be a domain-prefixed path (such as "acme.io/foo")']
    """
    domain, _, path = value.partition("/")
    if not domain or not path:
        return ['must be a domain-prefixed path (such as "acme.io/foo")']
    problems = subdomain(domain)
    if not re.fullmatch(_HTTP_PATH, path):
        text = "must consist of alphanumeric characters, '/', '-', '.', '_', '~', '%', '!', '$', '&', ''', '(', ')', "
        problems.append(f"{text}'*', '+', ',', ';', '=', and ':' (regex used for validation is '{_HTTP_PATH}')")
    return problems


def config_key(value: str) -> list[str]:
    """A key of a ConfigMap or a Secret: also a file name, so no ``..``."""
    text = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'"
    problems = _checked(value, 253, _CONFIG_KEY, text, "key.name", "KEY_NAME", "key-name")
    if value in {".", ".."}:
        return [*problems, f"must not be '{value}'"]
    return [*problems, "must not start with '..'"] if value.startswith("..") else problems


def env_name(value: str) -> list[str]:
    """The name of an environment variable: any printable ASCII but ``=``."""
    if not value:
        return [f"environment variable name {EMPTY}"]
    if all(" " <= char <= "~" and char != "=" for char in value):
        return []
    return ["a valid environment variable name must consist only of printable ASCII characters other than '='"]


def header_name(value: str) -> list[str]:
    """The name of an HTTP header."""
    if re.fullmatch(_HTTP_HEADER, value):
        return []
    return [
        _format("a valid HTTP header must consist of alphanumeric characters or '-'", _HTTP_HEADER, "X-Header-Name")
    ]


def percent(value: str) -> list[str]:
    """``25%``."""
    text = "a valid percent string must be a numeric string followed by an ending '%'"
    return [] if re.fullmatch(_PERCENT, value) else [_format(text, _PERCENT, "1%", "93%")]


def port_name(value: str) -> list[str]:
    """The name of a container's port (an IANA service name).

    >>> port_name("http")
    []
    """
    problems = [too_long(15)] if len(value) > 15 else []
    if not re.fullmatch(r"[-a-z0-9]+", value):
        problems.append("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)")
    if not re.search("[a-z]", value):
        problems.append("must contain at least one letter (a-z)")
    if "--" in value:
        problems.append("must not contain consecutive hyphens")
    if value and (value[0] == "-" or value[-1] == "-"):
        problems.append("must not begin or end with a hyphen")
    return problems


def port_number(value: int) -> list[str]:
    """1 to 65535."""
    return [] if 1 <= value <= 65535 else ["must be between 1 and 65535, inclusive"]


def prefix(name: str) -> str:
    """What stands for a generateName when it is checked as a name: a suffix will follow, so it may end in a dash.

    >>> label(prefix("web-"))
    []
    """
    return name[:-2] + "a" if len(name) > 1 and name.endswith("-") else name


def path_segment(name: str) -> list[str]:
    """The name rule of RBAC kinds, and the least that any name must be: it fits into a URL.

    >>> path_segment("system:node"), path_segment("a/b")
    ([], ["may not contain '/'"])
    """
    if name in {".", ".."}:
        return [f"may not be '{name}'"]
    return [f"may not contain '{char}'" for char in "/%" if char in name]
