"""What JSON writes as text or as a number of its own form: 64-bit integers, doubles, enums."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypeVar, cast

import msgspec

from cachepact._codecs.json_number import format_number
from cachepact._generated.integers import Int64, Uint64
from cachepact._generated.unusual import UnusualError

if TYPE_CHECKING:
    from collections.abc import Mapping

E = TypeVar("E")

# JSON's own grammar of integers, without leading zeros, plus signs and exponents, and the range; faster than int(). It
# also passes over spaces, so only text of digits may go there.
int64_of_digits = msgspec.json.Decoder(Int64).decode
_uint64 = msgspec.json.Decoder(Uint64).decode
_UINT64_MAX = 2**64 - 1


def read_int64(text: str) -> int:
    """Read a decimal integer of 64 bits."""
    if text.isdigit() or (text[:1] == "-" and text[1:].isdigit()):
        return int64_of_digits(text)
    raise UnusualError


def read_uint64(text: str) -> int:
    """Read an unsigned decimal integer of 64 bits."""
    number = _uint64(text) if text.isdigit() else -1
    if not 0 <= number <= _UINT64_MAX:
        raise UnusualError
    return number


def number_text(number: float) -> msgspec.Raw:
    """Give what the JSON engine writes as ECMAScript writes the double: an int, the float itself, or finished text."""
    if (type(number) is not float and type(number) is not int) or not math.isfinite(number):
        raise UnusualError
    # The engine's layout of a float differs from ECMAScript's for whole numbers and for very small and large ones.
    if -1e15 < number < 1e15:
        whole = int(number)
        if whole == number:
            return cast("msgspec.Raw", whole)
        if number >= 1e-5 or number <= -1e-5:
            return cast("msgspec.Raw", number)
    return msgspec.Raw(format_number(float(number)))


def read_number(raw: msgspec.Raw) -> float:
    """Read the double of a JSON number, as it stands in the text; -0 is 0."""
    # Other JSON than a number is none for float() either.
    number = float(cast("memoryview", raw))
    if not math.isfinite(number):
        raise UnusualError
    return number + 0.0


def read_enum(table: Mapping[str | int, E], found: str | int) -> E | int:
    """Read an enum from its name or number; unknown numbers are legal."""
    member = table.get(found)
    if member is not None:
        return member
    if isinstance(found, str):
        raise UnusualError
    return found
