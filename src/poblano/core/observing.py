"""What a work queue tells whoever counts: nobody, unless somebody asks.

>>> Unheard().got(0.5)
"""

from __future__ import annotations

from typing import Protocol


class QueueObserver(Protocol):
    """Is told what happens to a queue, as it happens. It must be quick, and not raise."""

    def added(self) -> None:
        """A key is to be run that was not to be run already."""

    def got(self, waited: float) -> None:
        """A key was handed out, so many seconds after it was added."""

    def done(self, worked: float) -> None:
        """The run of a key has ended, so many seconds after it was handed out."""

    def retried(self) -> None:
        """A key has failed, and will be run again."""


class Unheard:
    """A `QueueObserver` that does nothing."""

    def added(self) -> None:
        """Do nothing."""

    def got(self, waited: float) -> None:
        """Do nothing."""

    def done(self, worked: float) -> None:
        """Do nothing."""

    def retried(self) -> None:
        """Do nothing."""
