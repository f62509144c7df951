"""Reads Protobuf's wire format from untrusted bytes."""

from __future__ import annotations

import struct

from cachepact._refusal import refuse_decode

VARINT, I64, DELIMITED, _I32 = 0, 1, 2, 5
_TAG_BITS, _LENGTH_BITS = 32, 31
_VARINT_BYTES = 10


class ProtobufReader:
    """A position in the bytes of one message."""

    __slots__ = ("_at", "_data")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def at_end(self) -> bool:
        """Whether all bytes are read."""
        return self._at >= len(self._data)

    def tag(self) -> tuple[int, int]:
        """Read a field's number and wire type."""
        start = self._at
        raw = self.varint()
        # More bytes than a 32-bit number needs, even of zeros, are no tag for any reader.
        if raw >> _TAG_BITS or self._at - start > 5 or raw >> 3 == 0:
            raise refuse_decode("E_SYNTAX", "", "found a field number that Protobuf does not have")
        return raw >> 3, raw & 7

    def varint(self) -> int:
        """Read an unsigned 64-bit integer."""
        number = 0
        for index in range(_VARINT_BYTES):
            byte = self._take(1)[0]
            number |= (byte & 0x7F) << 7 * index
            if byte < 0x80:
                # The tenth byte holds the 64th bit and nothing else.
                if number >> 64:
                    break
                return number
        raise refuse_decode("E_SYNTAX", "", "found a varint of more than 64 bits")

    def signed_varint(self) -> int:
        """Read a signed 64-bit integer."""
        raw = self.varint()
        return raw - (1 << 64) if raw >> 63 else raw

    def double(self) -> float:
        """Read a double."""
        return float(struct.unpack("<d", self._take(8))[0])

    def chunk(self) -> bytes:
        """Read bytes with their length before them."""
        length = self.varint()
        if length >> _LENGTH_BITS:
            raise refuse_decode("E_SYNTAX", "", "found a length of more than 2 GiB")
        return self._take(length)

    def skip(self, wire: int) -> None:
        """Pass over a field that this reader does not know."""
        if wire == VARINT:
            self.varint()
        elif wire == DELIMITED:
            self.chunk()
        elif wire == I64:
            self._take(8)
        elif wire == _I32:
            self._take(4)
        else:
            raise refuse_decode("E_SYNTAX", "", f"found wire type {wire}, which no contract uses")

    def _take(self, size: int) -> bytes:
        end = self._at + size
        if end > len(self._data):
            raise refuse_decode("E_TRUNCATED", "", "found the end of the bytes in a value")
        data = self._data[self._at : end]
        self._at = end
        return data
