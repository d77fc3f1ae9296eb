"""Where in the user's source a definition stands, for messages that point at it."""

from __future__ import annotations

import inspect

from poblano.core.errors import Location

_PACKAGE = __file__.removesuffix("core/location.py")


def caller_location() -> Location:
    """The nearest line outside Poblano that led here.

    >>> caller_location().line
    1
    """
    frame = inspect.currentframe()
    while frame is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        frame = frame.f_back
    return Location(frame.f_code.co_filename, frame.f_lineno) if frame else Location("<unknown>", 0)
