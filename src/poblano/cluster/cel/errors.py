"""What is wrong with an expression, before it runs and while it runs.

Source: github.com/google/cel-go/common/error.go (the shape of the texts)
"""

from __future__ import annotations

from dataclasses import dataclass


class CelError(Exception):
    """Evaluation came to no value: "no such key: x", "division by zero"."""


@dataclass(frozen=True, slots=True)
class Issue:
    """One thing that is wrong with the source.

    Args:
        at: offset of the character, from 0.
        message: what is wrong.
    """

    at: int
    message: str

    def show(self, source: str) -> str:
        """The issue with the line it is about and a pointer under it.

        >>> print(Issue(5, "undefined field 'x'").show("self.x > 1"))
        ERROR: <input>:1:6: undefined field 'x'
         | self.x > 1
         | .....^
        """
        before = source[: self.at]
        line = before.count("\n")
        column = len(before) - (before.rfind("\n") + 1)
        text = source.split("\n")[line].replace("\t", " ")
        pointer = "".join("." if one.isascii() else "．" for one in text[:column].ljust(column)) + "^"
        return f"ERROR: <input>:{line + 1}:{column + 1}: {self.message}\n | {text}\n | {pointer}"


class CompileError(Exception):
    """The source is no expression, or one that cannot be right.

    Args:
        source: the expression.
        issues: what is wrong with it, in the order of the source.
    """

    def __init__(self, source: str, issues: list[Issue]) -> None:
        super().__init__("\n".join(issue.show(source) for issue in issues))
        self.source = source
        self.issues = issues
