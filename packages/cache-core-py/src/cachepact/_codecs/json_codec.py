"""JSON as RFC 8785 writes it; 64-bit integers are strings, unless the field says ``jstype = JS_NUMBER``."""

from __future__ import annotations

import json
import math
import re
from base64 import b64decode, b64encode
from typing import TYPE_CHECKING, Any, Literal

from cachepact._codecs.json_checker import check_json
from cachepact._codecs.json_number import format_number
from cachepact._codecs.payload import Payload, PayloadWriter
from cachepact._codecs.record import DEPTH_MAX, build_record, open_list, open_map, open_record, read_member
from cachepact._codecs.scalar import check_scalar, fit_double, fit_integer, fit_text
from cachepact._errors import CachepactError
from cachepact._refusal import refuse_decode, within
from cachepact._schema import SAFE_INTEGER, EnumType, Field, MessageType
from cachepact._timestamp import format_timestamp, parse_timestamp

if TYPE_CHECKING:
    from cachepact._codecs.notes import DecodeNotes

_LONG = frozenset({"int64", "uint64", "sint64"})
_INTEGER_TEXT = re.compile(r"-?(?:0|[1-9][0-9]*)")
# A longer run of digits is beyond every integer and every double; int() refuses one of more than 4300.
_DIGITS_MAX = 400
_BEYOND = 10**_DIGITS_MAX
_HALF_ESCAPE = re.compile(r"\\u[dD][89a-fA-F]")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]*(={0,2})")
_URL_ALPHABET = str.maketrans("-_", "+/")
_SPACE = re.compile(r"[ \t\n\r]*")
_quote = json.encoder.encode_basestring


class JsonCodec:
    """The JSON codec. Lenient: any order, whitespace and escapes; null is absence; unknown members are ignored."""

    id = 1
    name: Literal["json"] = "json"

    def encode(self, schema: MessageType, value: object) -> Payload:
        """Write the canonical bytes of a value."""
        out = PayloadWriter()
        out += out.text(_write_record(schema, value, "", 1))
        return out.payload()

    def decode(
        self, schema: MessageType, data: bytes, mode: Literal["lenient", "strict"], notes: DecodeNotes | None = None
    ) -> Any:
        """Read the value of the bytes."""
        text = fit_text(data, "")
        try:
            value = _read_record(schema, _parse(text), "", 1, notes)
        except CachepactError:
            # An error of the text, wherever it stands, comes before one of the schema, as in every other language.
            check_json(text)
            raise
        if mode == "strict" and self.encode(schema, value).data != data:
            raise refuse_decode("E_NONCANONICAL", "", "found JSON that is not the canonical form of its value")
        return value


JSON = JsonCodec()


def _write_record(schema: MessageType, value: object, path: str, depth: int) -> str:
    open_record(schema, value, path, depth)
    parts = []
    for field in schema.name_order:
        member = read_member(value, field, path)
        if member is not None:
            parts.append(f"{_quote(field.name)}:{_write_member(field, member, within(path, field.name), depth)}")
    return f"{{{','.join(parts)}}}"


def _write_member(field: Field, member: Any, path: str, depth: int) -> str:
    if field.presence == "repeated":
        items = open_list(member, path, depth + 1)
        return f"[{','.join(_write_single(field, item, path, depth + 2) for item in items)}]"
    if field.presence == "map":
        entries = open_map(member, path, depth + 1, utf16=True)
        members = (f"{_quote(key)}:{_write_single(field, item, path, depth + 2)}" for key, item in entries)
        return f"{{{','.join(members)}}}"
    return _write_single(field, member, path, depth + 1)


def _write_single(field: Field, member: Any, path: str, depth: int) -> str:
    kind = field.type
    if isinstance(kind, MessageType):
        return _write_record(kind, member, path, depth)
    scalar = check_scalar(field, member, path)
    if isinstance(kind, EnumType):
        return _quote(kind.names[scalar]) if scalar in kind.names else str(scalar)
    match kind:
        case "string":
            return _quote(scalar)
        case "bool":
            return "true" if scalar else "false"
        case "double":
            return format_number(scalar)
        case "bytes":
            return f'"{b64encode(scalar).decode()}"'
        case "timestamp":
            return f'"{format_timestamp(scalar)}"'
        case _:
            return f'"{scalar}"' if kind in _LONG and not field.jstype_number else str(scalar)


def _parse(text: str) -> Any:
    if _HALF_ESCAPE.search(text):
        check_json(text)
    try:
        value, end = _DECODER.raw_decode(text, _SPACE.match(text).end())  # type: ignore[union-attr] # matches always
        if _SPACE.match(text, end).end() == len(text):  # type: ignore[union-attr]
            return value
    except (json.JSONDecodeError, RecursionError):
        pass
    check_json(text)
    raise refuse_decode("E_SYNTAX", "", "found text that is not JSON")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise refuse_decode("E_DUP", "", "found one name twice in an object")
    return found


def _integer(text: str) -> int:
    return int(text) if len(text) <= _DIGITS_MAX else -_BEYOND if text.startswith("-") else _BEYOND


def _constant(_text: str) -> Any:
    raise refuse_decode("E_SYNTAX", "", "found text that is not JSON")


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_int=_integer, parse_constant=_constant)


def _read_record(schema: MessageType, source: Any, path: str, depth: int, notes: DecodeNotes | None) -> Any:
    if not isinstance(source, dict):
        raise _wrong_type(path, "an object", source)
    _limit_level(depth)
    found: dict[str, Any] = {}
    for name, member in source.items():
        field = schema.by_name.get(name)
        if field is None:
            _limit_depth(member, depth + 1)
        elif member is not None:
            found[field.attribute] = _read_member(field, member, within(path, name), depth, notes)
    return build_record(schema, found, path, defaults_are_absent=False)


def _read_member(field: Field, member: Any, path: str, depth: int, notes: DecodeNotes | None) -> Any:
    if field.presence == "repeated":
        if not isinstance(member, list):
            raise _wrong_type(path, "an array", member)
        _limit_level(depth + 1)
        return [_read_single(field, item, path, depth + 2, notes) for item in member]
    if field.presence == "map":
        if not isinstance(member, dict):
            raise _wrong_type(path, "an object", member)
        _limit_level(depth + 1)
        return {key: _read_single(field, item, path, depth + 2, notes) for key, item in member.items()}
    return _read_single(field, member, path, depth + 1, notes)


def _read_single(field: Field, member: Any, path: str, depth: int, notes: DecodeNotes | None) -> Any:
    kind = field.type
    if isinstance(kind, MessageType):
        return _read_record(kind, member, path, depth, notes)
    if isinstance(kind, EnumType):
        if isinstance(member, str):
            if member not in kind.values and notes is not None:
                notes.unknown_enum_name = True
            return kind.member(kind.values.get(member, 0))
        return fit_integer(field, _whole(member, path), path)
    match kind:
        case "string":
            return _text(member, path)
        case "bool":
            if not isinstance(member, bool):
                raise _wrong_type(path, "a bool", member)
            return member
        case "double":
            if not isinstance(member, int | float) or isinstance(member, bool):
                raise _wrong_type(path, "a number", member)
            try:
                return fit_double(float(member), path)
            except OverflowError:
                return fit_double(math.inf, path)
        case "bytes":
            return _read_bytes(_text(member, path), path)
        case "timestamp":
            moment = parse_timestamp(_text(member, path))
            if isinstance(moment, str):
                raise refuse_decode(moment, path, "found text that is not an RFC 3339 time")
            return moment
        case _:
            return fit_integer(field, _read_integer(field, member, path), path)


def _read_integer(field: Field, member: Any, path: str) -> int:
    if isinstance(member, str) and field.type in _LONG:
        if not _INTEGER_TEXT.fullmatch(member):
            raise refuse_decode("E_TYPE", path, "found a string that is no decimal integer")
        # 20 characters hold every 64-bit integer with its sign.
        return int(member) if len(member) <= 20 else _BEYOND
    number = _whole(member, path)
    if abs(number) > SAFE_INTEGER:
        raise refuse_decode("E_RANGE", path, "found a number beyond +-(2^53-1), which may stand for another integer")
    return number


def _whole(member: Any, path: str) -> int:
    if isinstance(member, bool) or not isinstance(member, int | float):
        raise _wrong_type(path, "an integer", member)
    if isinstance(member, int):
        return member
    if not math.isfinite(member):
        raise refuse_decode("E_FLOAT", path, "found a number beyond every double")
    if not member.is_integer():
        raise refuse_decode("E_TYPE", path, "found a fraction")
    return int(member)


def _read_bytes(text: str, path: str) -> bytes:
    match = _BASE64.fullmatch(text)
    padding = len(match[1]) if match else 0
    digits = len(text) - padding
    # Padding is left out or complete; one digit alone in its group of four holds no byte.
    if match is None or digits % 4 == 1 or (padding > 0 and len(text) % 4 != 0):
        raise refuse_decode("E_TYPE", path, "found a string that is no base64")
    return b64decode(text[:digits].translate(_URL_ALPHABET) + "=" * (-digits % 4))


def _text(member: Any, path: str) -> str:
    if not isinstance(member, str):
        raise _wrong_type(path, "a string", member)
    return member


def _limit_depth(member: Any, depth: int) -> None:
    """Refuse nesting beyond the limit in what this reader does not know."""
    if isinstance(member, dict | list):
        _limit_level(depth)
        for item in member.values() if isinstance(member, dict) else member:
            _limit_depth(item, depth + 1)


def _limit_level(depth: int) -> None:
    if depth > DEPTH_MAX:
        raise refuse_decode("E_DEPTH", "", f"found more than {DEPTH_MAX} levels")


def _wrong_type(path: str, expected: str, member: Any) -> CachepactError:
    names = {dict: "an object", list: "an array", str: "a string", bool: "a bool", int: "a number", float: "a number"}
    return refuse_decode("E_TYPE", path, f"expected {expected}, found {names.get(type(member), 'null')}")
