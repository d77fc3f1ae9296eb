"""The Common Expression Language as the API server speaks it.

`compile` checks an expression against the types of its variables and makes a `Program`; `Program.evaluate` runs it.
"""

from __future__ import annotations

from poblano.cluster.cel.errors import CelError, CompileError, Issue
from poblano.cluster.cel.program import Program, compile

__all__ = ["CelError", "CompileError", "Issue", "Program", "compile"]
