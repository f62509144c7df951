"""Reads MessagePack from untrusted bytes: every length is checked against what is left, every text is UTF-8."""

from __future__ import annotations

import math
import struct
from typing import TYPE_CHECKING

from cachepact._codecs.record import DEPTH_MAX
from cachepact._codecs.scalar import fit_text
from cachepact._refusal import refuse_decode
from cachepact._schema import SAFE_INTEGER

if TYPE_CHECKING:
    from cachepact._errors import CachepactError

_NIL, _NEVER, _FALSE, _TRUE = 0xC0, 0xC1, 0xC2, 0xC3
_TIMESTAMP = 0xFF  # extension -1


class MsgpackReader:
    """A position in MessagePack bytes."""

    __slots__ = ("_at", "_data")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def end(self) -> None:
        """Refuse bytes after the value."""
        if self._at != len(self._data):
            raise refuse_decode("E_TRAILING", "", "found bytes after the MessagePack value")

    def map_count(self, path: str, depth: int) -> int:
        """Read the head of a map: how many pairs follow."""
        code = self._code()
        if 0x80 <= code <= 0x8F:
            return self._count(code & 0x0F, 2, depth)
        if code in (0xDE, 0xDF):
            return self._count(self._unsigned(2 if code == 0xDE else 4), 2, depth)
        raise _wrong_type(path, "a map", code)

    def array_count(self, path: str, depth: int) -> int:
        """Read the head of an array: how many elements follow."""
        code = self._code()
        if 0x90 <= code <= 0x9F:
            return self._count(code & 0x0F, 1, depth)
        if code in (0xDC, 0xDD):
            return self._count(self._unsigned(2 if code == 0xDC else 4), 1, depth)
        raise _wrong_type(path, "an array", code)

    def text(self, path: str) -> str:
        """Read a string."""
        code = self._code()
        if 0xA0 <= code <= 0xBF:
            return fit_text(self._take(code & 0x1F), path)
        if 0xD9 <= code <= 0xDB:
            return fit_text(self._take(self._unsigned(1 << code - 0xD9)), path)
        raise _wrong_type(path, "a string", code)

    def binary(self, path: str) -> bytes:
        """Read bytes."""
        code = self._code()
        if 0xC4 <= code <= 0xC6:
            return self._take(self._unsigned(1 << code - 0xC4))
        raise _wrong_type(path, "bytes", code)

    def boolean(self, path: str) -> bool:
        """Read a bool."""
        code = self._code()
        if code not in (_FALSE, _TRUE):
            raise _wrong_type(path, "a bool", code)
        return code == _TRUE

    def integer(self, path: str) -> int:
        """Read an integer of any width.

        A float that is whole stands for it: JavaScript writers make floats of integers from 2^32 up.
        """
        code = self._code()
        number = self._number(code)
        if number is None:
            raise _wrong_type(path, "an integer", code)
        if isinstance(number, int):
            return number
        if not math.isfinite(number):
            raise refuse_decode("E_FLOAT", path, "found NaN or an infinity")
        if not number.is_integer():
            raise refuse_decode("E_TYPE", path, "expected an integer, found a fraction")
        if abs(number) > SAFE_INTEGER:
            raise refuse_decode("E_RANGE", path, "found a float beyond +-(2^53-1), which may stand for another integer")
        return int(number)

    def double(self, path: str) -> float:
        """Read a float of any width; an integer stands for its double: JavaScript writers turn 1.0 into one."""
        code = self._code()
        number = self._number(code)
        if number is None:
            raise _wrong_type(path, "a number", code)
        if isinstance(number, int) and abs(number) > SAFE_INTEGER:
            raise refuse_decode("E_RANGE", path, "found an integer that no double holds")
        return float(number)

    def nil(self) -> bool:
        """Whether nil comes next, which is then passed: it says that a member is absent."""
        found = self._at < len(self._data) and self._data[self._at] == _NIL
        self._at += found
        return found

    def timestamp(self, path: str) -> tuple[int, int]:
        """Read the timestamp extension: seconds and ns."""
        code = self._code()
        if not 0xC7 <= code <= 0xC9 and not 0xD4 <= code <= 0xD8:
            raise _wrong_type(path, "a timestamp", code)
        kind, data = self._extension(code)
        if kind != _TIMESTAMP or len(data) not in (4, 8, 12):
            raise refuse_decode("E_TYPE", path, "found an extension that is no timestamp")
        if len(data) == 4:
            return int.from_bytes(data), 0
        if len(data) == 8:
            packed = int.from_bytes(data)
            return packed & (1 << 34) - 1, packed >> 34
        return int.from_bytes(data[4:], signed=True), int.from_bytes(data[:4])

    def skip(self, depth: int) -> None:
        """Pass over a value of any kind, the member of a newer writer; lengths, depth and extensions are checked."""
        code = self._code()
        if code in (_NIL, _FALSE, _TRUE) or self._number(code) is not None:
            return
        if 0x80 <= code <= 0x9F or 0xDC <= code <= 0xDF:
            self._at -= 1
            is_map = code <= 0x8F or code >= 0xDE
            count = 2 * self.map_count("", depth) if is_map else self.array_count("", depth)
            for _ in range(count):
                self.skip(depth + 1)
        elif code <= 0xBF:
            self._take(code & 0x1F)
        elif 0xD9 <= code <= 0xDB:
            self._take(self._unsigned(1 << code - 0xD9))
        elif 0xC4 <= code <= 0xC6:
            self._take(self._unsigned(1 << code - 0xC4))
        elif code == _NEVER or self._extension(code)[0] != _TIMESTAMP:
            raise refuse_decode("E_TYPE", "", "found an extension that is no timestamp, or the byte c1")

    def _number(self, code: int) -> int | float | None:
        if code < 0x80:
            return code
        if code >= 0xE0:
            return code - 0x100
        if 0xCC <= code <= 0xCF:
            return self._unsigned(1 << code - 0xCC)
        if 0xD0 <= code <= 0xD3:
            return int.from_bytes(self._take(1 << code - 0xD0), signed=True)
        if code == 0xCA:
            return float(struct.unpack(">f", self._take(4))[0])
        if code == 0xCB:
            return float(struct.unpack(">d", self._take(8))[0])
        return None

    def _extension(self, code: int) -> tuple[int, bytes]:
        size = 1 << code - 0xD4 if code >= 0xD4 else self._unsigned(1 << code - 0xC7)
        return self._code(), self._take(size)

    def _count(self, count: int, least: int, depth: int) -> int:
        if depth > DEPTH_MAX:
            raise refuse_decode("E_DEPTH", "", f"found more than {DEPTH_MAX} levels")
        # Each element takes a byte at least: a huge count must not reserve memory before the bytes are seen.
        if count * least > len(self._data) - self._at:
            raise _truncated()
        return count

    def _code(self) -> int:
        if self._at >= len(self._data):
            raise _truncated()
        code = self._data[self._at]
        self._at += 1
        return code

    def _unsigned(self, size: int) -> int:
        return int.from_bytes(self._take(size))

    def _take(self, size: int) -> bytes:
        end = self._at + size
        if end > len(self._data):
            raise _truncated()
        data = self._data[self._at : end]
        self._at = end
        return data


def _truncated() -> CachepactError:
    return refuse_decode("E_TRUNCATED", "", "found the end of the bytes in the middle of a value")


def _wrong_type(path: str, expected: str, code: int) -> CachepactError:
    return refuse_decode("E_TYPE", path, f"expected {expected}, found MessagePack code {code:#04x}")
