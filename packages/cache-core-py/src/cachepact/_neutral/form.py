"""What needs no schema: the special forms, for values that JSON cannot hold or that are of a wrong type on purpose."""

from __future__ import annotations

import math
import re
import struct
from typing import Any, NamedTuple

LONG = frozenset({"int64", "uint64", "sint64"})
"""The 64-bit integers: decimal text, whatever their jstype."""

_HEX = re.compile(r"(?:[0-9a-f]{2})*")
_DECIMAL = re.compile(r"0|-?[1-9][0-9]*")


class NeutralFormError(ValueError):
    """JSON that should be a neutral value is none, or a value is none of the schema. Says where, never what."""

    field: str
    """Path of the member by proto names; "" = the whole value."""

    def __init__(self, field: str, expected: str) -> None:
        where = f", {field}" if field else ""
        super().__init__(f"read a neutral value{where}: expected {expected}; see the README of wire's fixtures")
        self.field = field


class Native(NamedTuple):
    """A value of this language, which need not fit the schema."""

    value: Any


def special(neutral: Any, field: str) -> Native | None:
    """Read a special form, where no message may stand; None when it is no object."""
    if not isinstance(neutral, dict):
        return None
    if "native" in neutral:
        return Native(neutral["native"])
    if "utf16" in neutral:
        return Native(from_hex(neutral["utf16"], field).decode("utf-16-be", "surrogatepass"))
    if "f64" in neutral:
        data = from_hex(neutral["f64"], field)
        if len(data) != 8:
            raise NeutralFormError(field, "8 bytes of a double")
        return Native(struct.unpack(">d", data)[0])
    text, times = neutral.get("repeat"), neutral.get("times")
    if type(text) is not str or type(times) is not int or times < 0:
        raise NeutralFormError(field, "native, utf16, f64, or repeat with times")
    return Native(text * times)


def from_hex(neutral: Any, field: str) -> bytes:
    """Read hex in lower case."""
    if type(neutral) is not str or not _HEX.fullmatch(neutral):
        raise NeutralFormError(field, "hex in lower case")
    return bytes.fromhex(neutral)


def from_decimal(neutral: Any, field: str) -> int:
    """Read the shortest decimal text."""
    if type(neutral) is not str or not _DECIMAL.fullmatch(neutral):
        raise NeutralFormError(field, "decimal text")
    # Python refuses to read thousands of digits; far fewer are beyond every type already.
    return int(neutral[:40])


def neutral_double(value: float) -> Any:
    """Write a double: a number, or its bytes when it is one that JSON does not have."""
    plain = math.isfinite(value) and (value != 0 or math.copysign(1, value) > 0)
    return value if plain else {"f64": struct.pack(">d", value).hex()}


def neutral_text(text: str) -> Any:
    """Write text, or its code units when it is ill-formed: JSON could not carry it to every language."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return {"utf16": text.encode("utf-16-be", "surrogatepass").hex()}
    return text


def utf16_order(text: str) -> bytes:
    """Give what sorts the keys of a map by their UTF-16 units, as every language can."""
    return text.encode("utf-16-be", "surrogatepass")


def joined(path: str, name: str) -> str:
    """Name a member within a path."""
    return f"{path}.{name}" if path else name
