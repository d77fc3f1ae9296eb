"""What an item of a store can be: its key, and how long it may be there."""

from __future__ import annotations

from datetime import timedelta

from poblano.core.arguments import is_async
from poblano.core.errors import InvalidDefinition
from poblano.core.location import caller_location
from poblano.core.store.layout import SECRET_KEY_LIMIT, spelt
from poblano.core.store.values import is_unicode

KEY_LIMIT = 512
"""Characters."""

LONGEST_TTL = timedelta(days=36_500)


def checked_key(key: object, *, secret: bool = False) -> str:
    """`key`, if an item can have it.

    Args:
        key: whatever somebody wrote.
        secret: of a store that is kept in a Secret, whose keys are shorter, and where what is no letter, digit, dash or dot takes
            three characters for each of its bytes.

    Raises:
        TypeError: it cannot.

    >>> checked_key("a/b", secret=True)
    'a/b'
    """
    if not isinstance(key, str) or not key or len(key) > KEY_LIMIT:
        what = f"{len(key)} characters long" if isinstance(key, str) else repr(key)
        raise TypeError(f"the key of an item is {what}: use a text of 1 to {KEY_LIMIT} characters")
    if not is_unicode(key):
        raise TypeError(f"the key {key!r} has half a character in it, which no JSON can have")
    if secret and (length := len(spelt(key))) > SECRET_KEY_LIMIT:
        raise TypeError(
            f"the key {key!r} takes {length} characters in a Secret, and {SECRET_KEY_LIMIT} are the most: "
            "letters, digits, dashes and dots take one, and each byte of all else takes three"
        )
    return key


def check_called(function: object, what: str) -> None:
    """See whether something can be called and not awaited.

    Args:
        function: what somebody gave.
        what: it is, for the message.

    Raises:
        InvalidDefinition: it is no function, or an ``async def``.
    """
    if not callable(function):
        raise InvalidDefinition(f"{what} is {function!r}", "give it a function", caller_location())
    if is_async(function):
        raise InvalidDefinition(
            f"{what} is an async def: it is called and not awaited, so nothing of it would run",
            "make it a def; what it would await is better done by an action or a schedule",
            caller_location(),
        )


def checked_ttl(ttl: object) -> timedelta | None:
    """`ttl`, if an item can have it.

    Raises:
        TypeError: it is no timedelta.
        ValueError: it is none in which anything could be read, or longer than a hundred years.
    """
    if ttl is None:
        return None
    if not isinstance(ttl, timedelta):
        raise TypeError(f"the ttl of an item is {ttl!r}: write ttl=timedelta(hours=1)")
    if not timedelta(0) < ttl <= LONGEST_TTL:
        raise ValueError(f"the ttl of an item is {ttl}: it is more than nothing, and at most {LONGEST_TTL.days} days")
    return ttl
