"""What goes wrong on purpose: for tests of whatever talks to a cluster.

>>> faults = Faults()
>>> faults.refuse(429, times=2, retry_after=1, plural="pods")
>>> faults.refusal("list", "pods").code
429
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from poblano.cluster.status import StatusError

_REASONS = {
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    409: "Conflict",
    410: "Expired",
    422: "Invalid",
    429: "TooManyRequests",
    500: "InternalError",
    503: "ServiceUnavailable",
    504: "Timeout",
}


class ConnectionReset(Exception):
    """The connection is to be torn down instead of an answer."""


@dataclass(slots=True)
class _Fault:
    """One thing that goes wrong, for requests of a verb and a resource ("" for all), so many times (None for always)."""

    verb: str
    plural: str
    times: int | None
    delay: float = 0.0
    refusal: StatusError | None = None
    resets: bool = False

    def applies(self, verb: str, plural: str) -> bool:
        return self.times != 0 and self.verb in ("", verb) and self.plural in ("", plural)

    def count(self) -> None:
        if self.times is not None:
            self.times -= 1


class Faults:
    """The faults of one cluster. They apply to requests over the wire, not to the cluster's own controllers."""

    def __init__(self) -> None:
        self._faults: list[_Fault] = []
        self._silent: list[_Fault] = []
        self._heard = asyncio.Event()

    def delay(self, seconds: float, *, verb: str = "", plural: str = "", times: int | None = None) -> None:
        """Answer late."""
        self._faults.append(_Fault(verb, plural, times, delay=seconds))

    def refuse(
        self, status: int, *, verb: str = "", plural: str = "", times: int | None = None, retry_after: int | None = None
    ) -> None:
        """Answer with an error; `retry_after` in seconds goes into the header."""
        message = f"a fault was injected: {status}"
        error = StatusError(status, _REASONS.get(status, ""), message, retry_after=retry_after)
        self._faults.append(_Fault(verb, plural, times, refusal=error))

    def reset(self, *, verb: str = "", plural: str = "", times: int | None = None) -> None:
        """Tear the connection down instead of answering."""
        self._faults.append(_Fault(verb, plural, times, resets=True))

    def silence(self, *, plural: str = "") -> None:
        """Let watches, present and future, say nothing more, and not even end; connections stay open."""
        self._silent.append(_Fault("watch", plural, None))

    def clear(self) -> None:
        """Everything works again; watches that were silent say what they kept."""
        self._faults.clear()
        self._silent.clear()
        self._heard.set()
        self._heard = asyncio.Event()

    def refusal(self, verb: str, plural: str) -> StatusError | None:
        """What a request is refused with, if it is; counts as one time."""
        for fault in self._faults:
            if fault.refusal is not None and fault.applies(verb, plural):
                fault.count()
                return fault.refusal
        return None

    async def before(self, verb: str, plural: str) -> None:
        """What happens to a request before anybody looks at it.

        Raises:
            StatusError: the injected refusal.
            ConnectionReset: the injected end.
        """
        if not self._faults:
            return
        for fault in self._faults:
            if fault.delay and fault.applies(verb, plural):
                fault.count()
                await asyncio.sleep(fault.delay)
        refusal = self.refusal(verb, plural)
        if refusal is not None:
            raise refusal
        for fault in self._faults:
            if fault.resets and fault.applies(verb, plural):
                fault.count()
                raise ConnectionReset

    def is_silent(self, plural: str) -> bool:
        """Whether watches of a resource say nothing."""
        return any(fault.applies("watch", plural) for fault in self._silent)

    async def until_heard(self) -> None:
        """Until `clear`."""
        await self._heard.wait()
