"""Scalars and enums, the same for every codec: checked and in their one form before they are written or handed out."""

from __future__ import annotations

import math
from datetime import datetime
from typing import TYPE_CHECKING, Any

from cachepact._refusal import describe, refuse_decode, refuse_encode
from cachepact._schema import EnumType, Field, MessageType
from cachepact._timestamp import TIMESTAMP_MS_MAX, TIMESTAMP_MS_MIN, epoch_ms

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cachepact._errors import CachepactError


def check_scalar(field: Field, value: object, path: str) -> Any:
    """Check one scalar or enum of a value that is to be written: -0 is 0, times are ms and floored, enums are ints."""
    if isinstance(field.type, EnumType):
        return _check_integer(field, value, path)
    if isinstance(field.type, MessageType):
        raise TypeError(field.name)
    return _CHECKS[field.type](field, value, path)


def fit_integer(field: Field, number: int, path: str) -> int:
    """Fit a decoded integer into its field's range; the known number of an enum becomes its member."""
    low, high = field.bounds
    if not low <= number <= high:
        raise refuse_decode("E_RANGE", path, f"found an integer beyond {field.range_name}")
    return field.type.member(number) if isinstance(field.type, EnumType) else number


def fit_double(number: float, path: str) -> float:
    """Check a decoded double, which must be finite; -0 is 0."""
    if not math.isfinite(number):
        raise refuse_decode("E_FLOAT", path, "found NaN or an infinity")
    return number + 0.0


def fit_text(data: bytes, path: str) -> str:
    """Decode the text of bytes, which must be UTF-8; nothing is ever repaired."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise refuse_decode("E_UTF8", path, "found bytes that are not UTF-8") from None


def _wrong_type(path: str, expected: str, value: object) -> CachepactError:
    return refuse_encode("E_TYPE", path, f"expected {expected}, found {describe(value)}")


def _check_integer(field: Field, value: object, path: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise _wrong_type(path, "int", value)
    low, high = field.bounds
    if not low <= value <= high:
        raise refuse_encode("E_RANGE", path, f"found an integer beyond {field.range_name}")
    return int(value)


def _check_bool(_field: Field, value: object, path: str) -> bool:
    if not isinstance(value, bool):
        raise _wrong_type(path, "bool", value)
    return value


def _check_double(_field: Field, value: object, path: str) -> float:
    if not isinstance(value, float | int) or isinstance(value, bool):
        raise _wrong_type(path, "float", value)
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise refuse_encode("E_FLOAT", path, "found NaN or an infinity")
    return number + 0.0  # turns -0.0 into 0.0


def check_text(value: object, path: str) -> str:
    """Check a str, which must have a UTF-8 form."""
    if not isinstance(value, str):
        raise _wrong_type(path, "str", value)
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise refuse_encode("E_SURROGATE", path, "found half of a surrogate pair") from None
    return value


def _check_string(_field: Field, value: object, path: str) -> str:
    return check_text(value, path)


def _check_bytes(_field: Field, value: object, path: str) -> bytes:
    if not isinstance(value, bytes | bytearray | memoryview):
        raise _wrong_type(path, "bytes", value)
    return bytes(value)


def _check_timestamp(_field: Field, value: object, path: str) -> int:
    if not isinstance(value, datetime):
        raise _wrong_type(path, "an aware datetime", value)
    if value.utcoffset() is None:
        raise refuse_encode("E_TYPE", path, "expected an aware datetime, found a naive one")
    ms = epoch_ms(value)
    if not TIMESTAMP_MS_MIN <= ms <= TIMESTAMP_MS_MAX:
        raise refuse_encode("E_RANGE", path, "found a time outside the years 1 to 9999")
    return ms


_CHECKS: Mapping[str, Callable[[Field, object, str], Any]] = {
    "int32": _check_integer,
    "uint32": _check_integer,
    "sint32": _check_integer,
    "int64": _check_integer,
    "uint64": _check_integer,
    "sint64": _check_integer,
    "bool": _check_bool,
    "string": _check_string,
    "bytes": _check_bytes,
    "double": _check_double,
    "timestamp": _check_timestamp,
}
