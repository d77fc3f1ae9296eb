"""An answer that is read as it comes: whole, or a line at a time."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from typing import Protocol


class Chunks(Protocol):
    """What comes in pieces, such as an `Answer`."""

    def iter_any(self) -> AsyncIterator[bytes]: ...

    async def read(self) -> bytes: ...


class Streamed:
    """The body of an answer that is a success."""

    def __init__(self, content: Chunks) -> None:
        self._content = content

    async def read(self) -> bytes:
        """All of it."""
        return await self._content.read()

    async def lines(self, *, blank: bool = False) -> AsyncGenerator[bytes]:
        """Each line as soon as it is complete, however long it is. What comes after the last line break is one, too.

        Args:
            blank: also the lines that have nothing in them.
        """
        parts: list[bytes] = []
        async for chunk in self._content.iter_any():
            *complete, rest = chunk.split(b"\n")
            for line in complete:
                whole = b"".join((*parts, line)) if parts else line
                parts.clear()
                if whole or blank:
                    yield whole
            if rest:
                parts.append(rest)
        if parts:
            yield b"".join(parts)
