"""What the watching part tells whoever counts, and the one who does not listen.

`Watcher`, its informers and controllers, the client and the election are given an `Observer` and tell it what happens;
`poblano.watch.counting` counts it for ``/metrics``. Without one they are given `NOBODY`.

::

    heard = observer.controller(binding.title, workers=10, queue=queue)   # once
    heard.began()
    heard.ended("success", seconds)                                       # for each run
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Final, Literal, Protocol, TypeAlias

from poblano.core.observing import QueueObserver, Unheard

if TYPE_CHECKING:
    from poblano.watch.informer import Informer

Result: TypeAlias = Literal["success", "error", "requeue", "requeue_after"]
"""controller-runtime: pkg/internal/controller, the values of the label ``result``."""


class ObservedQueue(Protocol):
    """What is asked of a queue when somebody looks. `poblano.core.workqueue.WorkQueue` is one."""

    def depths(self) -> Mapping[int, int]:
        """How many keys are to be run, by priority."""
        ...

    def running_for(self) -> Collection[float]:
        """For how many seconds each key has been worked on that is worked on now."""
        ...


class ControllerObserver(QueueObserver, Protocol):
    """Is told of one controller: what happens to its queue, and to its runs. To be used on one event loop."""

    def began(self) -> None:
        """A run has begun; one of `ended` follows."""

    def ended(self, result: Result, seconds: float) -> None:
        """A run has ended, however it did."""

    def terminal(self) -> None:
        """The run raised `Terminal`: it will not be tried again. To be told beside ``ended("error", ...)``."""

    def panicked(self) -> None:
        """The run raised what is no error, such as SystemExit. To be told beside ``ended("error", ...)``."""

    def timed_out(self) -> None:
        """The run was cut off at its time limit. To be told beside ``ended("error", ...)``."""


class Observer(Protocol):
    """Is told of everything. Each method must be quick, and not raise."""

    def controller(self, name: str, *, workers: int, queue: ObservedQueue) -> ControllerObserver:
        """A controller is there: whom to tell of it. Two of a name are counted as one.

        Args:
            name: the title of its rule.
            workers: how many runs there may be at once.
            queue: its keys. It is looked at as long as somebody else keeps it.
        """
        ...

    def informer(self, informer: Informer) -> None:
        """An informer is there: what it counts itself is shown, as long as somebody else keeps it."""

    def requested(self, method: str, host: str, code: str, seconds: float) -> None:
        """The API server answered a request, or did not. From any thread.

        Args:
            method: GET, POST, ...
            host: with port.
            code: the HTTP status; ``<error>`` when there was no answer.
            seconds: until the answer began for a watch, until its end otherwise.
        """

    def leading(self, lease: str, *, leads: bool) -> None:
        """Whether this process holds the lease of that name; to be told at the start, too. From any thread."""


class _Controller(Unheard):
    def began(self) -> None:
        """Do nothing."""

    def ended(self, result: Result, seconds: float) -> None:
        """Do nothing."""

    def terminal(self) -> None:
        """Do nothing."""

    def panicked(self) -> None:
        """Do nothing."""

    def timed_out(self) -> None:
        """Do nothing."""


class _Nobody:
    def controller(self, name: str, *, workers: int, queue: ObservedQueue) -> ControllerObserver:
        """Somebody who does not listen."""
        return UNHEARD

    def informer(self, informer: Informer) -> None:
        """Do nothing."""

    def requested(self, method: str, host: str, code: str, seconds: float) -> None:
        """Do nothing."""

    def leading(self, lease: str, *, leads: bool) -> None:
        """Do nothing."""


UNHEARD: Final[ControllerObserver] = _Controller()
"""A controller that nobody counts."""

NOBODY: Final[Observer] = _Nobody()
"""Whom to tell when nobody counts."""
