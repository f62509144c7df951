"""One parameter of a key: typed, and escaped so that no value reaches out of its segment."""

from __future__ import annotations

import binascii
import hashlib
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from functools import partial
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, unquote_to_bytes

from cachepact._errors import CachepactError
from cachepact._gen.errors import ERRORS, ErrorCode
from cachepact._refusal import describe
from cachepact._schema import INTEGER_RANGES, SAFE_INTEGER, attribute_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from cachepact._record import KeyParam

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)
ABSENT: Final = object()
"""Stands for a parameter that is not there; None is there, and of a wrong type."""
_INTEGER = re.compile(r"-?[0-9]{1,20}", re.ASCII)
_UNRESERVED = re.compile(r"[A-Za-z0-9._~-]+")
"""What percent-encoding leaves as it is."""


def param_attribute(param: KeyParam) -> str:
    """Name the attribute of a key object that holds the parameter."""
    return attribute_name(param.name)


def encode_param(param: KeyParam, value: object) -> str:
    """Write one parameter as it stands in a key.

    Raises E_MISSING, E_TYPE, E_RANGE, E_EMPTY, E_SURROGATE or E_TOO_LONG.
    """
    if value is ABSENT:
        raise _refuse("E_MISSING", param, "found no value")
    if param.type in INTEGER_RANGES:
        return _encode_integer(param, value)
    match param.type:
        case "bool":
            if not isinstance(value, bool):
                raise _wrong_type(param, "bool", value)
            return "true" if value else "false"
        case "uuid":
            if not isinstance(value, str) or not _UUID.fullmatch(value):
                raise _wrong_type(param, "a UUID as str", value)
            return value.lower()
        case "enum":
            if not isinstance(value, str):
                raise _wrong_type(param, "str", value)
            if value not in param.values:
                raise _refuse("E_TYPE", param, "found a string that is none of its values")
            return value
        case "bytes":
            return _encode_bytes(param, value)
        case _:
            return _encode_string(param, value)


def param_encoder(param: KeyParam) -> Callable[[object], str]:
    """Make ``encode_param`` of one parameter, with a short way for what nearly every key holds."""
    if param.type in INTEGER_RANGES:
        low, high = _bounds(param)

        def encode_integer(value: object) -> str:
            # The exact type: a bool is an int too.
            if type(value) is int and low <= value <= high:
                return str(value)
            return encode_param(param, value)

        return encode_integer
    if param.type == "string" and not param.transforms:
        longest = param.max_bytes

        def encode_string(value: object) -> str:
            if type(value) is str and len(value) <= longest and _UNRESERVED.fullmatch(value):
                return value
            return encode_param(param, value)

        return encode_string
    return partial(encode_param, param)


def _encode_integer(param: KeyParam, value: object) -> str:
    # Text is refused: "042" and "42" would name one row by two keys.
    if not isinstance(value, int) or isinstance(value, bool):
        raise _wrong_type(param, "int", value)
    low, high = _bounds(param)
    if not low <= value <= high:
        raise _refuse("E_RANGE", param, "found an integer outside its range")
    return str(int(value))


def _bounds(param: KeyParam) -> tuple[int, int]:
    low, high = INTEGER_RANGES[param.type]
    return (max(low, -SAFE_INTEGER), min(high, SAFE_INTEGER)) if param.jstype_number else (low, high)


def _encode_bytes(param: KeyParam, value: object) -> str:
    if not isinstance(value, bytes | bytearray | memoryview):
        raise _wrong_type(param, "bytes", value)
    data = bytes(value)
    if not data:
        raise _refuse("E_EMPTY", param, "found no bytes")
    if len(data) > param.max_bytes:
        raise _refuse("E_TOO_LONG", param, f"found {len(data)} bytes of {param.max_bytes}")
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def _encode_string(param: KeyParam, value: object) -> str:
    if not isinstance(value, str):
        raise _wrong_type(param, "str", value)
    if not value:
        raise _refuse("E_EMPTY", param, "found an empty string")
    try:
        data = value.encode()
    except UnicodeEncodeError:
        raise _refuse("E_SURROGATE", param, "found half of a surrogate pair") from None
    if "sha256" in param.transforms:
        # A digest has one length, whatever it is made of: the limit is for text that enters the key itself.
        return hashlib.sha256(data).hexdigest()[:32]
    if len(data) > param.max_bytes:
        raise _refuse("E_TOO_LONG", param, f"found {len(data)} bytes of {param.max_bytes}")
    return quote(data, safe="")


def decode_param(param: KeyParam, text: str) -> Any:
    """Read a parameter's value from its text in a key; None when the text cannot be one.

    The caller encodes the result again and compares: only canonical text is a key.
    """
    if "sha256" in param.transforms:
        return None
    if param.type in INTEGER_RANGES:
        return int(text) if _INTEGER.fullmatch(text) else None
    match param.type:
        case "bool":
            return {"true": True, "false": False}.get(text)
        case "bytes":
            try:
                return urlsafe_b64decode(text.encode() + b"=" * (-len(text) % 4))
            except (binascii.Error, UnicodeEncodeError):
                return None
        case "string":
            try:
                return unquote_to_bytes(text).decode()
            except UnicodeError:
                return None
        case _:
            return text


def _refuse(code: ErrorCode, param: KeyParam, found: str) -> CachepactError:
    return CachepactError(
        code, f"build a key, parameter {param.name}: {found}; {ERRORS[code].remedy}", field=param.name
    )


def _wrong_type(param: KeyParam, expected: str, value: object) -> CachepactError:
    return _refuse("E_TYPE", param, f"expected {expected}, found {describe(value)}")
