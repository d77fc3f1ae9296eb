"""What may be answered about a new project. Each function gives the answer as it is used, or says why it cannot be."""

from __future__ import annotations

import keyword
import sys
from importlib.util import find_spec
from typing import Final

from poblano.core.binding import OnError
from poblano.core.errors import InvalidSettings
from poblano.names import sanitize_resource_name
from poblano.settings_values import LABEL

ON_ERROR: Final[tuple[OnError, ...]] = ("reject", "audit", "ignore")
UUID_LIMIT: Final = 36
_LEAST: Final = 3


def name_of(text: str) -> str:
    """The name of a project, of what was typed.

    Raises:
        InvalidSettings: there is too little of it, or Python has such a package already.

    >>> name_of("Shop Rules")
    'shop-rules'
    """
    name = sanitize_resource_name(text)
    package = name.replace("-", "_")
    if len(name) < _LEAST or not name[0].isalpha():
        raise InvalidSettings(
            f"{text!r} is no name for a module: it takes {_LEAST} letters or more, digits and -, and begins with a letter"
        )
    if keyword.iskeyword(package) or package in sys.stdlib_module_names or package == "tests" or find_spec(package):
        raise InvalidSettings(
            f"there is a Python package {package} already, which would be in the way; choose another name"
        )
    return name


def description_of(text: str) -> str:
    """A sentence, of what was typed.

    Raises:
        InvalidSettings: it is more than a line.
    """
    if not text.isprintable():
        raise InvalidSettings(
            "a description is one line, of what can be read; write it without breaks and control characters"
        )
    return text.strip()


def on_error_of(text: str) -> OnError:
    """What a rule that fails means, of what was typed.

    Raises:
        InvalidSettings: it is none of the three words.
    """
    for word in ON_ERROR:
        if text == word:
            return word
    raise InvalidSettings(f"{text!r} is none of {', '.join(ON_ERROR)}")


def uuid_of(text: str) -> str:
    """What everything in a cluster is named after, of what was typed.

    Raises:
        InvalidSettings: it is no such name.
    """
    if not LABEL.fullmatch(text) or len(text) > UUID_LIMIT:
        raise InvalidSettings(
            f"{text!r} is no uuid for a module: it takes up to {UUID_LIMIT} lower-case letters, digits and -, "
            "and begins and ends with a letter or digit"
        )
    return text
