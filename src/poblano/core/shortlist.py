"""Names in a line that has no room for all of them.

>>> shortlist(["ann", "bob", "cy", "dot", "eve"])
'ann, bob, cy and 2 more'
"""

from __future__ import annotations

from collections.abc import Sequence


def shortlist(names: Sequence[str], most: int = 3, *, between: str = ", ") -> str:
    """The first of `names`, and how many more there are; "" for none.

    Args:
        names: in the order in which they are to be told.
        most: how many are told. Default: as many as a line of a table has room for.
        between: what stands between two of them.

    >>> shortlist(["ann", "bob"]), shortlist(["ann", "bob", "cy"], 1), shortlist(["ann", "bob"], between=" ")
    ('ann, bob', 'ann and 2 more', 'ann bob')
    """
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"{between.join(names[:most])}{more}"
