"""Writing protobuf: a message is the concatenation of its fields, each a number, a wire type and a value.

Source: protobuf.dev/programming-guides/encoding
"""

from __future__ import annotations

import struct

_VARINT, _FIXED64, _BYTES = 0, 1, 2


def varint(value: int) -> bytes:
    """A number in groups of seven bits, the least first; negative ones in ten bytes, as int64 has them.

    >>> varint(300).hex(), len(varint(-1))
    ('ac02', 10)
    """
    rest = value & 0xFFFFFFFFFFFFFFFF
    out = bytearray()
    while rest > 0x7F:
        out.append(rest & 0x7F | 0x80)
        rest >>= 7
    out.append(rest)
    return bytes(out)


def message(field: int, content: bytes) -> bytes:
    """A field that holds a message, which may be empty; or any bytes.

    >>> message(1, b"ab").hex()
    '0a026162'
    """
    return varint(field << 3 | _BYTES) + varint(len(content)) + content


def text(field: int, value: str) -> bytes:
    """A field that holds text; nothing for the empty text, as proto3 has it."""
    return message(field, value.encode()) if value else b""


def integer(field: int, value: int) -> bytes:
    """A field that holds a whole number, or a boolean; nothing for 0."""
    return varint(field << 3 | _VARINT) + varint(value) if value else b""


def double(field: int, value: float) -> bytes:
    """A field that holds a floating-point number; nothing for 0."""
    return varint(field << 3 | _FIXED64) + struct.pack("<d", value) if value else b""
