"""An answer that is read as it comes: whole, or a line at a time."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from typing import Protocol

from poblano.client.no_answer import TooLong

LINE_BYTES = 2**26
"""How long a line may be. One event of a watch holds one object, and etcd takes 1.5 MB: 64 MiB is what nobody means."""


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
        """Each line as soon as it is complete. What comes after the last line break is one, too.

        Args:
            blank: also the lines that have nothing in them.

        Raises:
            TooLong: a line does not end. Around `ApiClient.once` that is an `ApiError`.
        """
        parts: list[bytes] = []
        held = 0
        async for chunk in self._content.iter_any():
            *complete, rest = chunk.split(b"\n")
            for line in complete:
                whole = b"".join((*parts, line)) if parts else line
                parts.clear()
                held = 0
                if whole or blank:
                    yield whole
            if rest:
                parts.append(rest)
                held += len(rest)
                if held > LINE_BYTES:
                    raise TooLong(f"a line of it is longer than {LINE_BYTES // 2**20} MiB")
        if parts:
            yield b"".join(parts)
