"""Runs an action for a key until it works: what its answer, and what it raises, mean for the queue."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

from poblano.core.binding import Binding
from poblano.core.cache import Key
from poblano.core.errors import Conflict, LeadershipLost, NotFound, Terminal
from poblano.core.following import Requeue, check_answer
from poblano.core.objects import Resource
from poblano.core.verdict import described, words_of
from poblano.log import Log
from poblano.watch.calling import TimedOut
from poblano.watch.controller import Shared, about
from poblano.watch.metrics import Result
from poblano.watch.stepping import Panicked
from poblano.watch.working import Work


class Levelling:
    """The bookkeeping of a reconcile or finalize rule.

    Args:
        binding: the rule.
        work: its queue.
        shared: what it runs in.
    """

    def __init__(self, binding: Binding, work: Work, shared: Shared) -> None:
        self._binding = binding
        self._queue = work.queue
        self._events = shared.events
        self._failures: dict[Key, int] = {}
        self._heard = shared.observer.controller(
            f"{binding.title}/{binding.phase}" if binding.phase == "finalize" else binding.title,
            workers=binding.concurrency,
            queue=work.queue,
        )
        work.queue.observer = self._heard

    def failures(self, key: Key) -> int:
        """How often the key has failed in a row."""
        return self._failures.get(key, 0)

    def settled(self, key: Key) -> None:
        """There is nothing to do for the key: nothing is kept of it."""
        self._queue.forget(key)
        self._failures.pop(key, None)

    async def run(self, key: Key, obj: Resource, call: Callable[[], Awaitable[Any]]) -> bool:
        """Run `call`, and see to it that the key runs again if it must. Whether it has worked, and need not run again."""
        began = time.monotonic()
        result: Result = "error"
        self._heard.began()
        try:
            answer = await call()
        except asyncio.CancelledError:
            raise
        except LeadershipLost as error:
            self.settled(key)
            Log.info(f"a {self._binding.phase} action was stopped", **about(self._binding, key), reason=words_of(error))
        except Terminal as error:
            self._gave_up(key, obj, error)
        except Exception as error:  # noqa: BLE001 -- whatever a user's code raises
            self._failed(key, obj, error)
        else:
            result = self._ended(key, obj, answer)
        finally:
            self._heard.ended(result, time.monotonic() - began)
        return result == "success"

    def _ended(self, key: Key, obj: Resource, answer: object) -> Result:
        try:
            check_answer(answer)
        except TypeError as error:  # it would be the same the next time
            self._gave_up(key, obj, Terminal(*error.args))
            return "error"
        self._failures.pop(key, None)
        if not isinstance(answer, Requeue):
            self._queue.forget(key)
            return "success"
        if (
            answer.seconds <= 0
        ):  # later each time, as a failure: an action that always asks for it would take up the process
            self._queue.add_rate_limited(key)
            return "requeue"
        self._queue.forget(key)
        self._queue.add_after(key, answer.seconds)
        return "requeue_after"

    def _gave_up(self, key: Key, obj: Resource, error: Terminal) -> None:
        self.settled(key)
        self._heard.terminal()
        words = words_of(error)
        Log.error(f"a {self._binding.phase} action gave up", **about(self._binding, key), reason=words)
        self._events.tell(self._binding, obj, type="Warning", reason=f"{self._word}GaveUp", note=words)

    def _failed(self, key: Key, obj: Resource, error: Exception) -> None:
        if isinstance(error, TimedOut):
            self._heard.timed_out()
        if isinstance(error, Panicked):
            self._heard.panicked()
        self._failures[key] = self._failures.get(key, 0) + 1
        seconds = self._queue.add_rate_limited(key)
        line: dict[str, Any] = {**about(self._binding, key), "again_in": round(seconds, 3)}
        if (
            isinstance(error, Conflict) and self._failures[key] == 1
        ):  # somebody wrote between reading and writing: that happens
            Log.info(f"a {self._binding.phase} action is run again", **line, reason=words_of(error))
            return
        Log.error(error, f"a {self._binding.phase} action failed", **line)
        if not (isinstance(error, NotFound) and error.details.get("name") == key.name):
            note = described(error, secret=self._is_of_secrets)
            self._events.tell(self._binding, obj, type="Warning", reason=f"{self._word}Failed", note=note)

    @property
    def _is_of_secrets(self) -> bool:
        """More people read events than Secrets."""
        return self._binding.kind.kind == "Secret" and not self._binding.kind.group

    @property
    def _word(self) -> str:
        return self._binding.phase.capitalize()
