"""Where in the user's source a definition stands, for messages that point at it."""

from __future__ import annotations

import sys

from poblano.core.errors import Location

_PACKAGE = __file__.removesuffix("core/location.py")


def caller_location() -> Location:
    """The nearest line outside Poblano that led here.

    >>> caller_location().line
    1
    """
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        frame = frame.f_back
    return Location(frame.f_code.co_filename, frame.f_lineno)
