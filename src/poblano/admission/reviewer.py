"""Answers the reviews of a module: bytes in, bytes out. The server asks it; the pipelines of the core do the thinking.

>>> from poblano import Capability, Module, a
>>> shop = Capability("shop")
>>> rule = shop.when(a.Pod).is_created().validate(lambda pod: pod.approve())
>>> reviewer = ModuleReviewer(Module(shop))
>>> reviewer.paths()
['/validate/fail/10']
>>> reviewer.review("/validate/fail/10", b'{}', timeout=10).status
400
>>> reviewer.close()
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from itertools import product
from typing import Final, Protocol, TypeAlias

from poblano import telemetry
from poblano.admission.actions import POOL_SIZE, ActionRunner, Unfinished
from poblano.admission.apart import LARGE, Apart
from poblano.admission.refusals import asked_by
from poblano.admission.replies import Reply
from poblano.core.binding import OnError, Phase
from poblano.core.calls import Steps
from poblano.core.decisions import clean
from poblano.core.entries import Entry, Policy, entries
from poblano.core.errors import MalformedReview, PoblanoError
from poblano.core.pipeline import Pipeline
from poblano.core.review import Answer, Review, read, write
from poblano.core.verdict import Verdict
from poblano.module import Module

PHASES: Final[tuple[Phase, ...]] = ("mutate", "validate")
POLICIES: Final[tuple[Policy, ...]] = ("Fail", "Ignore")

_NO_RULES: Final = Pipeline("validate", ())

LONGEST_TIMEOUT: Final = 30
"""Seconds: admissionregistration.k8s.io takes no longer one."""

Observer: TypeAlias = Callable[[Entry, Review, Verdict, Answer, float], None]
"""Told of every answered review: its entry, what was asked, what the rules said, the answer, the seconds it took."""


class Traffic(Protocol):
    """Told of what observers are not: reviews that wait, and requests that came to no verdict."""

    def began(self, path: str) -> None:
        """A review waits for an action."""
        ...

    def ended(self, path: str) -> None:
        """It waits no longer, however that came."""
        ...

    def answered(self, path: str, seconds: float, http_status: int) -> None:
        """A request that came to no verdict was answered."""
        ...


class ModuleReviewer:
    """The rules of a module, by path.

    Args:
        module: whose rules.
        on_error: what an exception means where neither rule nor capability says.
        timeout: seconds a call may take where neither says.
        ignored: namespaces that a rule does not see unless it names them.
        own: users of whom no rule is asked: those that the module's own pods are. An API server that can sends nothing of
            theirs.
        observers: told of every answered review. What they raise is their own fault and is not caught.
        traffic: told of the rest: what waits, and what came to no verdict.
        blocked: told of an action that held the loop, and for how many seconds.
        pool_size: threads for such actions.
    """

    def __init__(
        self,
        module: Module,
        *,
        on_error: OnError = "reject",
        timeout: int = 10,
        ignored: Iterable[str] = (),
        own: Iterable[str] = (),
        observers: Sequence[Observer] = (),
        traffic: Traffic | None = None,
        blocked: Callable[[str, float], None] | None = None,
        pool_size: int = POOL_SIZE,
    ) -> None:
        self.entries: list[Entry] = entries(module.bindings, on_error=on_error, timeout=timeout, ignored=ignored)
        self._own = frozenset(own)
        self._observers = tuple(observers)
        self._traffic = traffic
        self._apart = Apart()
        self._runner = ActionRunner(blocked, pool_size, self._apart.worked_since)
        self._hooks = module.hooks
        self._on_error: OnError = on_error
        self._served: dict[str, tuple[Entry, Pipeline]] = {
            entry.path: (entry, self._pipeline(entry)) for entry in self.entries
        }
        self._unfinished = 0
        self._retired = False
        if telemetry.tracer() is not None:
            from poblano.admission.spans import reviewed

            self._observers = (*self._observers, reviewed)

    def _pipeline(self, entry: Entry) -> Pipeline:
        pipeline = Pipeline(entry.phase, entry.bindings, self._hooks, _for_hooks(entry, self._on_error))
        tracer = telemetry.tracer()
        if tracer is None:
            return pipeline
        from poblano.admission.spans import TracedPipeline

        return TracedPipeline(pipeline, tracer)

    def answer_other_builds(self) -> None:
        """Serve the paths of other builds of the module, too: each with all rules of its phase.

        While pods of two builds answer one Service, and until its webhooks are those of the newer one, either is asked at the
        paths of the other. An armed webhook whose path nobody knew would refuse all that it is asked about.
        """
        for phase, policy in product(PHASES, POLICIES):
            bindings = tuple(each for entry in self.entries if entry.phase == phase for each in entry.bindings)
            pipeline = self._pipeline(Entry(phase, policy, LONGEST_TIMEOUT, bindings))
            for seconds in range(1, LONGEST_TIMEOUT + 1):
                other = Entry(phase, policy, seconds, bindings)
                self._served.setdefault(other.path, (other, pipeline))

    def paths(self) -> list[str]:
        """The paths of the entries; after `answer_other_builds`, those that any build may have."""
        return list(self._served)

    def review(self, path: str, body: bytes, timeout: float) -> Reply | Awaitable[Reply]:
        """Answer one AdmissionReview; at once when all its actions are quick and none is async.

        Args:
            path: one of `paths`.
            body: what was posted.
            timeout: the seconds that are left.
        """
        started = time.monotonic()
        entry, pipeline = self._served[path]
        try:
            if len(body) >= LARGE:
                return self._large(entry, pipeline, body, started, timeout)
            review = read(body)
            if review.request.user_info.username in self._own:
                return self._reply(entry, review, Verdict(review.request), started)
            steps = pipeline.steps(review)
            reached = self._runner.advance(steps, started + timeout, timeout)
        except MalformedReview as error:
            uid, version = asked_by(body)
            return self._without_verdict(path, started, _malformed(error, error.uid or uid, version))
        except PoblanoError as error:
            return self.refuse(path, body, 500, str(error))
        if isinstance(reached, Unfinished):
            return self._finish(entry, [review], body, steps, reached, started, timeout)
        return self._reply(entry, review, reached, started)

    def _large(
        self, entry: Entry, pipeline: Pipeline, body: bytes, started: float, timeout: float
    ) -> Reply | Awaitable[Reply]:
        """`review`, for a body that would hold up others if it were worked on in one piece."""
        asked: list[Review] = []

        def begin() -> Steps:
            review = read(body)
            asked.append(review)
            own = review.request.user_info.username in self._own
            return (_NO_RULES if own else pipeline).steps(review)

        steps = self._apart.steps(begin)
        reached = self._runner.advance(steps, started + timeout, timeout)
        if isinstance(reached, Unfinished):
            return self._finish(entry, asked, body, steps, reached, started, timeout)
        return self._reply(entry, asked[0], reached, started)

    async def _finish(
        self,
        entry: Entry,
        asked: Sequence[Review],
        body: bytes,
        steps: Steps,
        unfinished: Unfinished,
        started: float,
        timeout: float,
    ) -> Reply:
        """Go on with a review that waits. `asked` has the review, as soon as it has been read."""
        self._unfinished += 1
        if self._traffic is not None:
            self._traffic.began(entry.path)
        try:
            verdict = await self._runner.finish(steps, unfinished, started + timeout, timeout)
        except MalformedReview as error:
            uid, version = (asked[0].request.uid, asked[0].api_version) if asked else asked_by(body)
            return self._without_verdict(entry.path, started, _malformed(error, error.uid or uid, version))
        except PoblanoError as error:
            if not asked:
                return self.refuse(entry.path, body, 500, str(error))
            reply = self._fault(entry.path, asked[0].request.uid, asked[0].api_version, str(error))
            return self._without_verdict(entry.path, started, reply)
        finally:
            self._unfinished -= 1
            if self._traffic is not None:
                self._traffic.ended(entry.path)
            if self._retired and not self._unfinished:
                self.close()
        return self._reply(entry, asked[0], verdict, started)

    def _reply(self, entry: Entry, review: Review, verdict: Verdict, started: float) -> Reply:
        answer = verdict.answer()
        body = write(answer, review.api_version)
        seconds = time.monotonic() - started
        for observer in self._observers:
            observer(entry, review, verdict, answer, seconds)
        for result in verdict.results:
            if result.error is not None:
                # One that is made once and raised often would keep the objects of every review it was raised in.
                result.error.__traceback__ = None
        return Reply(200, body)

    def refuse(self, path: str, body: bytes, status: int, message: str) -> Reply:
        """A refusal as an AdmissionReview, when `body` (which may be cut short) never came to be reviewed.

        Where the fault is ours (500) and the uid is known, it is an answer; otherwise the HTTP status says it, and the API
        server applies the failure policy.
        """
        started = time.monotonic()
        uid, version = asked_by(body)
        if status == 500 and uid:
            reply = self._fault(path, uid, version, message)
        else:
            reply = Reply(status, _refusal(uid, status if 400 <= status <= 599 else 500, message, version))
        return self._without_verdict(path, started, reply)

    def _without_verdict(self, path: str, started: float, reply: Reply) -> Reply:
        if self._traffic is not None:
            self._traffic.answered(path, time.monotonic() - started, reply.status)
        return reply

    def _fault(self, path: str, uid: str, version: str, message: str) -> Reply:
        """A fault of ours: refused under the policy Fail, let through with a warning under Ignore."""
        served = self._served.get(path)
        if served is not None and served[0].policy == "Ignore":
            return Reply(200, write(Answer(uid=uid, warnings=[clean(message)]), version))
        return Reply(200, _refusal(uid, 500, message, version))

    def retire(self) -> None:
        """Close once the reviews under way are answered: another reviewer has taken over."""
        self._retired = True
        if not self._unfinished:
            self.close()

    def close(self) -> None:
        """Stop the threads. Reviews that are under way are not waited for: the server has done that."""
        self._runner.close()
        self._apart.close()


def _for_hooks(entry: Entry, on_error: OnError) -> OnError:
    """A hook is no rule of its own policy: under Ignore its failure must not refuse what no rule would."""
    if entry.policy == "Fail":
        return "reject"
    return "audit" if on_error == "reject" else on_error


def _malformed(error: MalformedReview, uid: str, version: str) -> Reply:
    """Not a question: HTTP 400, so that the failure policy decides, with a review that says what was wrong."""
    return Reply(400, _refusal(uid, 400, str(error), version))


def _refusal(uid: str, code: int, message: str, version: str) -> bytes:
    return write(Answer(uid=uid, allowed=False, code=code, message=clean(message)), version)
