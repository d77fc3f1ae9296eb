"""The pipeline: a review in, a verdict out. It runs no action itself: it *yields* each as a `Call`, and is sent what came of it.

So it needs no event loop, no thread and no clock; whoever drives it decides where an action runs and how long it may take::

    steps = pipeline.steps(review)
    call = next(steps)
    while True:
        try:
            call = steps.send(call.function(*call.arguments))
        except StopIteration as done:
            return done.value

What it promises: an action that raises leaves no half-made change behind; a patch touches what the actions touched and
nothing else; it has been applied to its own input before it is sent; a validate action cannot change what the next one sees.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import msgspec

from poblano.core.binding import Binding, OnError, Phase
from poblano.core.calls import Call, Failed, Steps, made_by, running_of
from poblano.core.decisions import Decision, Said
from poblano.core.errors import MalformedObject
from poblano.core.filters import Subject
from poblano.core.guarded import checked, harmless
from poblano.core.held import Held, held_of
from poblano.core.large import LARGE, prepared
from poblano.core.made import encoded, is_written, patch_of, patch_of_marks
from poblano.core.matching import Asking, Matched, Matcher, Skipped
from poblano.core.metadata import Metadata
from poblano.core.patch import Operation
from poblano.core.requests import MutateRequest, ValidateRequest, said_in
from poblano.core.review import AdmissionRequest, Review, decode
from poblano.core.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Hooks:
    """A module's `before` (given the AdmissionRequest) and `after` (given it and the Answer); either may be async."""

    before: Callable[[AdmissionRequest], Any] | None = None
    after: Callable[..., Any] | None = None


class Pipeline:
    """The rules behind one path of the webhook server.

    Args:
        phase: whether they mutate or validate.
        bindings: the rules, in the order in which they run.
        hooks: the module's own.
        on_error: what an exception in a hook means.
    """

    def __init__(
        self, phase: Phase, bindings: Iterable[Binding], hooks: Hooks | None = None, on_error: OnError = "reject"
    ) -> None:
        self.phase: Phase = phase
        self._matcher = Matcher(bindings)
        self._hooks = hooks or Hooks()
        self._on_error: OnError = on_error
        self._asked: set[Binding] = set()  # rules that have asked for all of a large object

    def steps(self, review: Review, skipped: Skipped | None = None) -> Steps:
        """The review's calls, one after the other; returns the verdict.

        Args:
            review: what the API server posted.
            skipped: filled with the bindings that did not apply and why, where somebody wants to know.

        Raises:
            MalformedReview: when an object in the review cannot be read.
        """
        verdict = Verdict(review.request)
        hooks = self._hooks
        if hooks.before is not None or hooks.after is not None:
            return self._hooked(verdict, skipped)
        return self._ruled(verdict, skipped)

    def _hooked(self, verdict: Verdict, skipped: Skipped | None) -> Steps:
        request = verdict.request
        if self._hooks.before is not None:
            yield from self._hook("before", self._hooks.before, (request,), verdict)
        yield from self._ruled(verdict, skipped)
        if self._hooks.after is not None:
            yield from self._hook("after", self._hooks.after, (request, verdict.answer()), verdict)
        return verdict

    def _ruled(self, verdict: Verdict, skipped: Skipped | None) -> Steps:
        request = verdict.request
        find = self._matcher.find
        matched, metadata = find(request) if skipped is None else (self._matcher.match(request, skipped), None)
        bindings = _unasked(matched)
        if bindings is None:
            return self._asking(verdict, matched, metadata, skipped)
        return self._acting(verdict, bindings, metadata)

    def _asking(self, verdict: Verdict, matched: Matched, metadata: Metadata | None, skipped: Skipped | None) -> Steps:
        applying: list[Binding] = []
        for found in matched:
            if not isinstance(found, Asking):
                applying.append(found)
            elif (yield from _holds(found, verdict, skipped)):
                applying.append(found.binding)
        return (yield from self._acting(verdict, applying, metadata))

    def _acting(self, verdict: Verdict, bindings: Sequence[Binding], metadata: Metadata | None) -> Steps:
        if not bindings:
            return _nothing(verdict)
        held = held_of(verdict.request.subject_bytes, metadata, keep=len(bindings) > 1)
        if self.phase == "validate":
            steps = _validate(verdict, bindings, held)
        else:
            steps = _mutate(verdict, bindings, held) if held.keep else _mutate_once(verdict, bindings[0], held)
        return prepared(steps, bindings, held, self._asked) if len(held.raw) >= LARGE else steps

    def _hook(
        self, name: str, hook: Callable[..., Any], arguments: tuple[Any, ...], verdict: Verdict
    ) -> Generator[Call, Any, None]:
        outcome = yield Call(hook, arguments, False, running_of("module", name, verdict.request))
        if isinstance(outcome, Failed):
            verdict.fail_hook(name, self._on_error, outcome.error)


def _unasked(matched: Matched) -> Sequence[Binding] | None:
    """`matched`, when there is no predicate to ask."""
    for found in matched:
        if found.__class__ is Asking:
            return None
    return cast("Sequence[Binding]", matched)


def _holds(asking: Asking, verdict: Verdict, skipped: Skipped | None) -> Generator[Call, Any, bool]:
    """Ask the predicates of a binding. They are the user's: they may raise, and block, as any action."""
    request, binding = verdict.request, asking.binding
    view = binding.view.__attached__(decode(request.subject_bytes) or {})
    running = running_of(binding.capability, binding.rule, request)
    for part in asking.predicates:
        outcome = yield Call(part.predicate, (view,), False, running, binding)
        try:
            if isinstance(outcome, Failed):
                raise outcome.error
            if outcome:
                continue
        except BaseException as error:  # noqa: BLE001 -- the predicate may raise SystemExit; so may what it returned
            verdict.fail(binding, error)
            return False
        if skipped is not None:
            skipped.append((binding, part.reason(Subject())))
        return False
    return True


def _nothing(verdict: Verdict) -> Steps:
    yield from ()
    return verdict


def _call(binding: Binding, argument: object, request: AdmissionRequest) -> Call:
    return Call(
        binding.action, (argument,), binding.is_async, running_of(binding.capability, binding.rule, request), binding
    )


def _mutate(verdict: Verdict, bindings: Sequence[Binding], held: Held) -> Steps:
    request = verdict.request
    for binding in bindings:
        action_request = MutateRequest(request, binding.view, None, held)
        call = _call(binding, action_request, request)
        outcome = yield call
        try:
            if isinstance(outcome, Failed):
                raise outcome.error
            held, changed = _taken(held, binding, action_request, call)
        except BaseException as error:  # noqa: BLE001 -- an action may raise SystemExit; it is an error as any
            _fail(verdict, binding, said_in(action_request), error, held)
            held = held.renewed()
            continue
        _report(verdict, binding, said_in(action_request), outcome, changed=changed)
    if not verdict.refused:
        patch, sent = _patch(request, held)
        if held.document is not None:
            patch, sent = _rest(patch, harmless(patch, status=bindings[0].status_apart), sent)
        verdict.patch, verdict.patch_json = patch, sent
    return verdict


def _taken(held: Held, binding: Binding, request: MutateRequest[Any], call: Call) -> tuple[Held, bool]:
    """What the next rule is given, and whether it is something else than what this one was given.

    Raises:
        MalformedReview: the rule asked for an object that cannot be decoded, and said nothing of it.
        MalformedObject: what it made is not JSON, or changes what only the API server writes.
    """
    if held.error is not None:
        raise held.error
    made = made_by(call, request)
    if made.document is None:
        return held.with_marks(made.marks)
    document, good = encoded(made.document, held.good)
    changed = good != held.good
    if changed and held.guard is not None and request.request.operation != "DELETE":
        held.guard.check(document, status=binding.status_apart)
    return Held(held.raw, held.metadata, held.keep, held.made, document, good, guard=held.guard), changed


def _mutate_once(verdict: Verdict, binding: Binding, held: Held) -> Steps:
    """`_mutate` for one binding, as most reviews have: with nobody after it, it is the patch that tells what it did."""
    request = verdict.request
    action_request = MutateRequest(request, binding.view, None, held)
    call = _call(binding, action_request, request)
    outcome = yield call
    try:
        if isinstance(outcome, Failed):
            raise outcome.error
        if held.error is not None:
            raise held.error
        made = made_by(call, action_request)
        if made.document is None:
            held.made = made.marks
            patch, sent = _patch(request, held)
        else:
            whole, sent = _patch(request, Held(held.raw, held.metadata, document=made.document))
            patch, sent = _rest(whole, checked(whole, status=binding.status_apart), sent)
    except BaseException as error:  # noqa: BLE001 -- an action may raise SystemExit; it is an error as any
        _fail(verdict, binding, said_in(action_request), error, held)
        return verdict
    _report(verdict, binding, said_in(action_request), outcome, changed=bool(patch))
    if not verdict.refused:
        verdict.patch, verdict.patch_json = patch, sent
    return verdict


def _fail(verdict: Verdict, binding: Binding, said: Said | None, error: BaseException, held: Held) -> None:
    """The rule failed, and its changes are dropped. That it had refused before stands, whatever its `on_error`.

    Raises:
        MalformedReview: it is not the rule's fault: the object cannot be decoded.
    """
    if held.error is not None:
        raise held.error
    verdict.fail(binding, error)
    if said is not None and said.denial is not None:
        verdict.decide(binding, said.denial)


def _report(verdict: Verdict, binding: Binding, said: Said | None, returned: object, *, changed: bool) -> None:
    denial = returned if isinstance(returned, Decision) and not returned.allowed else None
    if said is not None:
        _pass_on(verdict, binding, said)
        denial = said.denial or denial
    if denial is not None:
        verdict.decide(binding, denial)
        return
    verdict.note(binding, "changed" if changed else "unchanged")


def _pass_on(verdict: Verdict, binding: Binding, said: Said) -> None:
    verdict.warn(said.warnings)
    for key, value in said.audit.items():
        verdict.audit(binding, key, value)


def _patch(request: AdmissionRequest, held: Held) -> tuple[Sequence[Operation], bytes]:
    if held.document is None:
        return patch_of_marks(request, held)
    return patch_of(request, held.document, held.good, held.metadata)


def _rest(patch: Sequence[Operation], kept: Sequence[Operation], sent: bytes) -> tuple[Sequence[Operation], bytes]:
    return (patch, sent) if kept is patch else (kept, msgspec.json.encode(kept) if kept else b"")


def _validate(verdict: Verdict, bindings: Sequence[Binding], held: Held) -> Steps:
    request = verdict.request
    for binding in bindings:
        action_request = ValidateRequest(request, binding.view, None, held)
        call = _call(binding, action_request, request)
        outcome = yield call
        if held.error is not None:
            raise held.error
        if isinstance(outcome, Failed):
            verdict.fail(binding, outcome.error)
        elif not isinstance(outcome, Decision):
            verdict.fail(
                binding,
                MalformedObject(f"it returned {type(outcome).__name__}; return request.approve() or request.deny(...)"),
            )
        else:
            if (said := said_in(action_request)) is not None:
                _pass_on(verdict, binding, said)
            verdict.decide(binding, outcome)
        if call.left_the_loop or (held.keep and held.document is not None and not is_written(held.document, held.good)):
            held = Held(held.raw, held.metadata, held.keep)  # decoded anew for whoever asks
    return verdict
