"""What a rule says of a request, and how several say it together.

>>> Decision.deny("needs a tier", code=422).code
422
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

DEFAULT_CODE: Final = 403
"""What a refusal without a code is: Forbidden. kubectl prints its message whole, which it does not for 422."""

MAX_MESSAGE: Final = 16_384
"""How much a refusal may say; more is cut. Everything beyond is noise in a terminal."""

WARNINGS_BUDGET: Final = 4096
"""apiserver/pkg/endpoints/filters/warning.go cuts every warning to 256 characters when all exceed this."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What a validate action returns: ``request.approve()`` or ``request.deny(...)``."""

    allowed: bool
    message: str = ""
    code: int = DEFAULT_CODE
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        # However it was made, it can be sent: under the policy Ignore, a denial that cannot be would let the request pass.
        if self.message.__class__ is not str:
            object.__setattr__(self, "message", str(self.message or ""))
        if not self.allowed:
            object.__setattr__(self, "code", refusal_code(self.code))
        if self.warnings:
            object.__setattr__(self, "warnings", _several(self.warnings))

    @classmethod
    def approve(cls, warnings: Iterable[str] = ()) -> Decision:
        """Let the request pass."""
        return cls(True, warnings=_several(warnings))

    @classmethod
    def deny(cls, message: str = "", code: int = DEFAULT_CODE, warnings: Iterable[str] = ()) -> Decision:
        """Refuse the request. A code that is no refusal (under 400 or over 599) becomes 403, for a denial stays a denial."""
        return cls(False, message, code, _several(warnings))


def _several(warnings: Iterable[str]) -> tuple[str, ...]:
    return (warnings,) if isinstance(warnings, str) else tuple(str(warning) for warning in warnings)


def refusal_code(code: object) -> int:
    """`code` if a refusal may carry it.

    apiserver/pkg/admission/plugin/webhook/errors/statuserror.go turns what is under 400 into 400; above 599 spoils metrics.

    >>> refusal_code(404), refusal_code(200), refusal_code(True)
    (404, 403, 403)
    """
    if isinstance(code, int) and not isinstance(code, bool) and 400 <= code <= 599:
        return int(code)
    return DEFAULT_CODE


def clean(text: str) -> str:
    r"""`text` in one line without control characters, which the API server would drop whole.

    >>> clean("two\nlines\x07")
    'two lines'
    """
    if text.isprintable():
        return text.strip()
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def clean_warnings(texts: Iterable[str]) -> Sequence[str]:
    """The warnings as the API server will show them: one line each, each once, all within its budget.

    >>> clean_warnings(["a", "", "a", "b"])
    ['a', 'b']
    """
    kept: list[str] = []
    budget = WARNINGS_BUDGET - 64
    left_out = 0
    for text in dict.fromkeys(clean(text) for text in texts):
        if not text:
            continue
        if len(text) > budget:
            left_out += 1
            continue
        kept.append(text)
        budget -= len(text)
    if left_out:
        kept.append(f"{left_out} more warning{'s' if left_out > 1 else ''} left out: too long for the API server")
    return kept


def joined(messages: Iterable[str]) -> str:
    """Every violated rule in the one message that reaches the user.

    >>> joined(["shop/a: no", "shop/b: nor this"])
    'shop/a: no; shop/b: nor this'
    """
    text = "; ".join(messages)
    return text if len(text) <= MAX_MESSAGE else f"{text[: MAX_MESSAGE - 16]}… (cut)"


class Said:
    """What an action had to say, beside what it did to the object."""

    __slots__ = ("audit", "denial", "warnings")

    def __init__(self) -> None:
        self.warnings: list[str] = []
        self.audit: dict[str, str] = {}
        self.denial: Decision | None = None
