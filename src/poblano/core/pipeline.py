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

import marshal
import re
from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import msgspec
import orjson

from poblano.core.binding import Binding, OnError, Phase
from poblano.core.context import Running
from poblano.core.decisions import Decision, Said
from poblano.core.errors import MalformedObject, PatchFailed
from poblano.core.jsonvalue import Document, plain
from poblano.core.matching import Matcher, Skipped, WhereFailed
from poblano.core.patch import Operation, apply, diff, loose_diff
from poblano.core.requests import MutateRequest, ValidateRequest, document_in, said_in
from poblano.core.review import AdmissionRequest, Review, decode
from poblano.core.verdict import Verdict

_STRICT: Final = orjson.OPT_PASSTHROUGH_SUBCLASS | orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_DATACLASS


class Call(msgspec.Struct, eq=False):
    """Something of the user's to be called.

    Attributes:
        function, arguments: what, with what.
        is_async: whether it is known to return an awaitable.
        running: who it is, for the context variable.
        binding: the rule, or None for a hook of the module.
        left_the_loop: set by the driver when others ran meanwhile: what the call was given may still be changed by it.
    """

    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    is_async: bool
    running: Running
    binding: Binding | None = None
    left_the_loop: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Failed:
    """What a driver sends instead of a result when the call raised."""

    error: BaseException


Steps: TypeAlias = Generator[Call, Any, Verdict]


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

    def steps(self, review: Review, skipped: Skipped | None = None) -> Steps:
        """The review's calls, one after the other; returns the verdict.

        Args:
            review: what the API server posted.
            skipped: filled with the bindings that did not apply and why, where somebody wants to know.

        Raises:
            MalformedReview: when an object in the review cannot be read.
        """
        request = review.request
        verdict = Verdict(request)
        if self._hooks.before is not None:
            yield from self._hook("before", self._hooks.before, (request,), verdict)
        bindings = self._applying(verdict, skipped)
        if bindings:
            yield from self._ask(verdict, bindings)
        if self._hooks.after is not None:
            yield from self._hook("after", self._hooks.after, (request, verdict.answer()), verdict)
        return verdict

    def _ask(self, verdict: Verdict, bindings: list[Binding]) -> Generator[Call, Any, None]:
        if self.phase == "validate":
            return _validate(verdict, bindings)
        return _mutate_once(verdict, bindings[0]) if len(bindings) == 1 else _mutate(verdict, bindings)

    def _applying(self, verdict: Verdict, skipped: Skipped | None) -> list[Binding]:
        applying: list[Binding] = []
        for found in self._matcher.match(verdict.request, skipped):
            if isinstance(found, WhereFailed):
                verdict.fail(found.binding, found.error)
            else:
                applying.append(found)
        return applying

    def _hook(
        self, name: str, hook: Callable[..., Any], arguments: tuple[Any, ...], verdict: Verdict
    ) -> Generator[Call, Any, None]:
        outcome = yield Call(hook, arguments, False, _running("module", name, verdict.request))
        if isinstance(outcome, Failed):
            verdict.fail_hook(name, self._on_error, outcome.error)


def _running(capability: str, rule: str, request: AdmissionRequest) -> Running:
    return Running(capability, rule, request.kind.kind, request.namespace, request.name, request.uid, request.dry_run)


def _call(binding: Binding, argument: object, request: AdmissionRequest) -> Call:
    return Call(
        binding.action, (argument,), binding.is_async, _running(binding.capability, binding.rule, request), binding
    )


def _encoded(document: Document, before: bytes) -> tuple[Document, bytes]:
    """`document` as bytes, and as plain JSON if it was not.

    orjson refuses nearly all that is not JSON, in a few microseconds. It cannot write integers beyond 64 bits, and it
    writes NaN as null: where it fails, and where a null may have been one, the slow and exact check runs.
    """
    try:
        encoded = orjson.dumps(document, option=_STRICT)
        if b"null" not in encoded or not _may_hold_nan(document):
            return document, encoded
    except TypeError:
        if _is(document, before):
            return document, before
    document = plain(document)
    return document, msgspec.json.encode(document)


_NOT_FINITE: Final = re.compile(rb"[\xf0-\xff][\x7f\xff]")
"""The end of a little-endian double that is NaN or infinite (IEEE 754: all ones in the exponent). Not found in UTF-8."""


def _may_hold_nan(document: Document) -> bool:
    """Whether a value in `document` may be NaN: never wrongly no, and wrongly yes only by the chance of an odd number."""
    try:
        packed = marshal.dumps(document)
    except ValueError:
        return True
    return (b"\x7f" in packed or b"\xff" in packed) and _NOT_FINITE.search(packed) is not None


def _bytes(document: Document) -> bytes:
    try:
        return orjson.dumps(document, option=_STRICT)
    except TypeError:
        return msgspec.json.encode(document)


def _is(document: Document, untouched: bytes) -> bool:
    try:
        return _bytes(document) == untouched
    except (TypeError, ValueError, RecursionError):
        return False


def _mutate(verdict: Verdict, bindings: list[Binding]) -> Generator[Call, Any, None]:
    request = verdict.request
    document = decode(request.subject_bytes) or {}
    good = _bytes(document)
    for binding in bindings:
        action_request = MutateRequest(request, binding.view, document)
        call = _call(binding, action_request, request)
        outcome = yield call
        try:
            if isinstance(outcome, Failed):
                raise outcome.error
            document, encoded = _encoded(document_in(action_request), good)
        except BaseException as error:  # noqa: BLE001 -- an action may raise SystemExit; it is an error as any
            _fail(verdict, binding, said_in(action_request), error)
            document = decode(good) or {}
            continue
        if call.left_the_loop:
            document = decode(encoded) or {}
        _report(verdict, binding, said_in(action_request), outcome, changed=encoded != good)
        good = encoded
    if not verdict.refused:
        verdict.patch, verdict.patch_json = _patch(request, document)


def _mutate_once(verdict: Verdict, binding: Binding) -> Generator[Call, Any, None]:
    """`_mutate` for one binding, as most reviews have: with nobody after it, it is the patch that tells what it did."""
    request = verdict.request
    action_request = MutateRequest(request, binding.view, decode(request.subject_bytes) or {})
    outcome = yield _call(binding, action_request, request)
    try:
        if isinstance(outcome, Failed):
            raise outcome.error
        patch, sent = _patch(request, document_in(action_request))
    except BaseException as error:  # noqa: BLE001 -- an action may raise SystemExit; it is an error as any
        _fail(verdict, binding, said_in(action_request), error)
        return
    _report(verdict, binding, said_in(action_request), outcome, changed=bool(patch))
    if not verdict.refused:
        verdict.patch, verdict.patch_json = patch, sent


def _fail(verdict: Verdict, binding: Binding, said: Said | None, error: BaseException) -> None:
    """The rule failed, and its changes are dropped. That it had refused before stands, whatever its `on_error`."""
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


def _patch(request: AdmissionRequest, document: Document) -> tuple[Sequence[Operation], bytes]:
    """What makes `document` of the object, and the same as it is sent, after trying it on the object itself.

    A patch that does not apply costs the user a 500 whatever the failure policy, as does any patch where there is no object.

    Raises:
        MalformedObject: when what was changed is not JSON.
        PatchFailed: when the patch makes something else.
    """
    original = decode(request.object_bytes)
    if original is None:
        return (), b""
    quick = _quick_patch(original, document)
    if quick is not None:
        return quick
    # Something is another type of the same value (True for 1), or is written otherwise than it is (a tuple as a list),
    # or cannot be written: as it is written is what is meant.
    original, document = decode(request.object_bytes) or {}, plain(document)
    patch = diff(original, document)
    sent = msgspec.json.encode(patch)
    if apply(original, msgspec.json.decode(sent)) != document:
        raise PatchFailed(f"the patch made for {request.kind.kind} {request.name} makes something else of it")
    return (patch, sent) if patch else ((), b"")


def _quick_patch(original: Document, document: Document) -> tuple[Sequence[Operation], bytes] | None:
    """The patch, when a quick look finds one that makes `document` of `original` to the byte; `original` is used up."""
    try:
        patch = loose_diff(original, document)
        sent = orjson.dumps(patch, option=_STRICT)
        read_back = orjson.loads(sent)
        applied = apply(original, read_back)
        alike = read_back == patch and orjson.dumps(applied, option=_STRICT) == orjson.dumps(document, option=_STRICT)
    except (TypeError, AttributeError, RecursionError, PatchFailed):
        return None
    if not alike:
        return None
    return (patch, sent) if patch else ((), b"")


def _validate(verdict: Verdict, bindings: list[Binding]) -> Generator[Call, Any, None]:
    request = verdict.request
    raw = request.subject_bytes
    document = decode(raw) or {}
    untouched = _bytes(document) if len(bindings) > 1 else b""
    for binding in bindings:
        action_request = ValidateRequest(request, binding.view, document)
        call = _call(binding, action_request, request)
        outcome = yield call
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
        if len(bindings) > 1 and (call.left_the_loop or not _is(document, untouched)):
            document = decode(raw) or {}
