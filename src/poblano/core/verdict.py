"""What the rules said, gathered into the one answer that the API server gets."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal, TypeAlias

import msgspec

from poblano.core.binding import Binding, OnError, name_part
from poblano.core.decisions import DEFAULT_CODE, Decision, clean, clean_warnings, joined
from poblano.core.errors import ApiError
from poblano.core.patch import Operation
from poblano.core.review import AdmissionRequest, Answer
from poblano.core.tokens import without_tokens

Result: TypeAlias = Literal["allowed", "denied", "warned", "audited", "changed", "unchanged", "error"]
"""What came of one rule."""

_ERROR_LIMIT = 300
_ANSWER_LIMIT = 1000
"""Characters of an error; an API server's ends with what to do about it."""
_AUDIT_LIMIT = 4096
"""Characters of one audit annotation: an answer that is too large for the API server is none."""
_NOT_IN_A_KEY = re.compile(r"[^A-Za-z0-9._-]+")


class RuleResult(msgspec.Struct, frozen=True):
    """What came of one rule, for logs and metrics; `error` is what it raised."""

    capability: str
    rule: str
    result: Result
    error: BaseException | None = None


class Verdict(msgspec.Struct, eq=False):
    """The answer in the making: every rule reports to it, then `answer` says what they come to."""

    request: AdmissionRequest
    results: list[RuleResult] = []
    patch: Sequence[Operation] = ()
    patch_json: bytes = b""
    denials: list[tuple[str, int]] = []
    failures: list[str] = []
    warnings: list[str] = []
    audit_annotations: dict[str, str] = {}

    @property
    def refused(self) -> bool:
        """Whether the request may not go on."""
        return bool(self.denials or self.failures)

    def note(self, binding: Binding, result: Result) -> None:
        """A rule ran and has nothing to say to the user."""
        self.results.append(RuleResult(binding.capability, binding.rule, result))

    def warn(self, messages: Sequence[str]) -> None:
        """Warnings for the user."""
        self.warnings.extend(messages)

    def audit(self, binding: Binding, key: str, value: str) -> None:
        """A line for the API server's audit log."""
        said = without_tokens(clean(value))
        if len(said) > _AUDIT_LIMIT:
            said = f"{said[:_AUDIT_LIMIT]}… (cut)"
        self.audit_annotations[audit_key(f"{binding.capability}.{binding.rule}.{key}")] = said

    def decide(self, binding: Binding, decision: Decision) -> None:
        """A rule decided; its mode says what a denial means."""
        self.warn(decision.warnings)
        if decision.allowed:
            self.note(binding, "allowed")
            return
        said = f"{binding.title}: {clean(decision.message) or 'refused without explanation'}"
        if binding.mode == "warn":
            self.warn([said])
            self.note(binding, "warned")
        elif binding.mode == "audit":
            self.audit(binding, "denied", said)
            self.note(binding, "audited")
        else:
            self.denials.append((said, decision.code))
            self.note(binding, "denied")

    def fail(self, binding: Binding, error: BaseException) -> None:
        """A rule raised; its `on_error` says what that means."""
        self._fail(binding.capability, binding.rule, binding.on_error or "reject", error)

    def fail_hook(self, hook: str, on_error: OnError, error: BaseException) -> None:
        """A module's `before` or `after` raised."""
        self._fail("module", hook, on_error, error)

    def _fail(self, capability: str, rule: str, on_error: OnError, error: BaseException) -> None:
        self.results.append(RuleResult(capability, rule, "error", error))
        said = f"{capability}/{rule} failed: {described(error, secret=self.about_secret)}"
        if on_error == "reject":
            self.failures.append(said)
        elif on_error == "audit":
            self.warnings.append(said)
            self.audit_annotations[audit_key(f"{capability}.{rule}.error")] = said

    @property
    def about_secret(self) -> bool:
        """Whether the object is a Secret: then the words of an error may hold its values."""
        return self.request.kind.kind == "Secret"

    def answer(self) -> Answer:
        """The answer: refused when any rule that may refuse did, with every such rule in the one message."""
        warnings, uid = clean_warnings(self.warnings) if self.warnings else (), self.request.uid
        if not self.refused:
            return Answer(
                uid=uid,
                warnings=warnings,
                audit_annotations=self.audit_annotations,
                patch=self.patch,
                patch_json=self.patch_json,
            )
        message = joined([*(said for said, _ in self.denials), *self.failures])
        code = self.denials[0][1] if self.denials else 500
        return Answer(
            uid=uid,
            allowed=False,
            code=code or DEFAULT_CODE,
            message=message,
            warnings=warnings,
            audit_annotations=self.audit_annotations,
        )


def described(error: BaseException, *, secret: bool = False) -> str:
    """An error in a line, without tokens and keys, and without its words where these could give a Secret away.

    >>> described(ValueError("no such tier"))
    'ValueError: no such tier'
    >>> described(KeyError("hunter2"), secret=True)
    'KeyError (its text is withheld: the object is a Secret)'
    """
    name = type(error).__name__
    if secret:
        return f"{name} (its text is withheld: the object is a Secret)"
    text = words_of(error)
    return f"{name}: {text[: _ANSWER_LIMIT if isinstance(error, ApiError) else _ERROR_LIMIT]}" if text else name


def words_of(error: BaseException) -> str:
    """What an error says, without tokens and keys.

    >>> words_of(ValueError("no such tier"))
    'no such tier'
    """
    try:
        return without_tokens(clean(str(error)))
    except BaseException:  # noqa: BLE001 -- its __str__ is the user's, and may raise anything
        return "its text cannot be read"


def audit_key(text: str) -> str:
    """`text` as a key the API server keeps: a qualified name without a prefix.

    >>> audit_key("shop.pinned images.error")
    'shop.pinned-images.error'
    """
    return name_part(_NOT_IN_A_KEY.sub("-", text).strip("._-")) or "unnamed"
