"""Reads Protobuf's wire format from untrusted bytes."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from cachepact._refusal import refuse_decode

if TYPE_CHECKING:
    from cachepact._errors import CachepactError

VARINT, I64, DELIMITED, _I32 = 0, 1, 2, 5
_VARINT_BYTES, _VARINT_BITS = 10, 64
_TAG_BITS, _LENGTH_BITS = 32, 31
_SHORT_BYTES = 5
"""Of a tag and of a length: more, even of zeros, are none for any reader."""


class ProtobufReader:
    """A position in the bytes of one message, which may lie inside another."""

    __slots__ = ("_at", "_data", "_end")

    def __init__(self, data: bytes, at: int = 0, end: int | None = None) -> None:
        self._data = data
        self._at = at
        self._end = len(data) if end is None else end

    @property
    def at_end(self) -> bool:
        """Whether all bytes are read."""
        return self._at >= self._end

    def tag(self) -> tuple[int, int]:
        """Read a field's number and wire type."""
        raw = self._varint(_SHORT_BYTES, _TAG_BITS)
        if raw >> 3 == 0:
            raise refuse_decode("E_SYNTAX", "", "found field number 0")
        return raw >> 3, raw & 7

    def varint(self) -> int:
        """Read an unsigned 64-bit integer."""
        number = self._varint(_VARINT_BYTES, 7 * _VARINT_BYTES)
        # The tenth byte holds the 64th bit and nothing else.
        if number >> _VARINT_BITS:
            raise _too_long()
        return number

    def signed_varint(self) -> int:
        """Read a signed 64-bit integer."""
        raw = self.varint()
        return raw - (1 << 64) if raw >> 63 else raw

    def double(self) -> float:
        """Read a double."""
        return float(struct.unpack("<d", self._take(8))[0])

    def chunk(self) -> bytes:
        """Read bytes with their length before them."""
        return self._take(self._varint(_SHORT_BYTES, _LENGTH_BITS))

    def nested(self) -> ProtobufReader:
        """Read a length and give a reader of that many bytes, which this one passes over."""
        length = self._varint(_SHORT_BYTES, _LENGTH_BITS)
        start = self._at
        self._skip(length)
        return ProtobufReader(self._data, start, self._at)

    def skip(self, wire: int) -> None:
        """Pass over a field that this reader does not know."""
        if wire == VARINT:
            self.varint()
        elif wire == DELIMITED:
            self._skip(self._varint(_SHORT_BYTES, _LENGTH_BITS))
        elif wire == I64:
            self._skip(8)
        elif wire == _I32:
            self._skip(4)
        else:
            raise refuse_decode("E_SYNTAX", "", f"found wire type {wire}, which no contract uses")

    def _varint(self, bytes_max: int, bits_max: int) -> int:
        number = 0
        for index in range(bytes_max):
            if self._at >= len(self._data):
                raise _truncated()
            byte = self._data[self._at]
            self._at += 1
            number |= (byte & 0x7F) << 7 * index
            if byte < 0x80:
                if number >> bits_max:
                    break
                if self._at > self._end:
                    raise _truncated()
                return number
        raise _too_long()

    def _take(self, size: int) -> bytes:
        start = self._at
        self._skip(size)
        return self._data[start : self._at]

    def _skip(self, size: int) -> None:
        if size > self._end - self._at:
            raise _truncated()
        self._at += size


def _too_long() -> CachepactError:
    return refuse_decode("E_SYNTAX", "", "found a varint of more bits than its place has")


def _truncated() -> CachepactError:
    return refuse_decode("E_TRUNCATED", "", "found the end of the bytes in a value")
