"""From the neutral form to the values of this language."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from cachepact._errors import CachepactError
from cachepact._neutral.form import LONG, NeutralFormError, from_decimal, from_hex, joined, special
from cachepact._record import EntityRecord, KeyParam
from cachepact._schema import EnumType, Field, MessageType, attribute_name
from cachepact._timestamp import EPOCH

if TYPE_CHECKING:
    from collections.abc import Mapping

_PRIMITIVES: Mapping[str, tuple[type, ...]] = {"bool": (bool,), "string": (str,), "double": (int, float)}


def read_value(schema: MessageType, neutral: Any, path: str = "") -> Any:
    """Read a message."""
    if isinstance(neutral, dict) and "native" in neutral and "native" not in schema.by_name:
        return neutral["native"]
    if not isinstance(neutral, dict):
        raise NeutralFormError(path, f"an object of {schema.name}'s members")
    members: dict[str, Any] = {}
    for name, member in neutral.items():
        field = schema.by_name.get(name)
        if field is None:
            # The class has no place for it; SPEC 1 has the code.
            raise CachepactError(
                "E_TYPE", f"make a {schema.name}: found a member that it does not have; leave it out", field=path
            )
        members[field.attribute] = _read_member(field, member, joined(path, name))
    # Required members are arguments of the class. Absent ones reach the codec, which must refuse them.
    absent = {field.attribute: None for field in schema.fields if field.required}
    return schema.value_type(**absent | members)


def read_key(record: EntityRecord, params: Any) -> dict[str, Any]:
    """Read the parameters of a key."""
    if not isinstance(params, dict):
        raise NeutralFormError("", "an object of parameters")
    types: dict[str, Any] = {segment.name: segment.type for segment in record.key if isinstance(segment, KeyParam)}
    return {
        attribute_name(name): _read_single(_text_type(types[name]), neutral, name) if name in types else neutral
        for name, neutral in params.items()
    }


def _text_type(kind: str) -> Any:
    return "string" if kind in {"uuid", "enum"} else kind


def _read_member(field: Field, neutral: Any, path: str) -> Any:
    if field.presence not in {"repeated", "map"}:
        return _read_single(field.type, neutral, path)
    if not isinstance(neutral, list):
        found = special(neutral, path)
        if found is None:
            raise NeutralFormError(path, "an array")
        return found.value
    if field.presence == "repeated":
        return [_read_single(field.type, element, path) for element in neutral]
    entries: dict[str, Any] = {}
    for pair in neutral:
        if not isinstance(pair, list) or len(pair) != 2:
            raise NeutralFormError(path, "pairs of key and value")
        found = special(pair[0], path)
        key = pair[0] if found is None else found.value
        if type(key) is not str:
            raise NeutralFormError(path, "keys that are text")
        if key in entries:
            raise NeutralFormError(path, "each key once")
        entries[key] = _read_single(field.type, pair[1], path)
    return entries


def _read_single(kind: Any, neutral: Any, path: str) -> Any:
    if isinstance(kind, MessageType):
        return read_value(kind, neutral, path)
    found = special(neutral, path)
    if found is not None:
        return found.value
    if isinstance(kind, EnumType):
        number = _read_number(neutral, path)
        return kind.member(number) if isinstance(number, int) else number
    if kind in LONG:
        return from_decimal(neutral, path)
    if kind == "bytes":
        return from_hex(neutral, path)
    if kind == "timestamp":
        return _read_time(neutral, path)
    if kind == "double":
        return float(_primitive(_PRIMITIVES[kind], neutral, path))
    return _primitive(_PRIMITIVES[kind], neutral, path) if kind in _PRIMITIVES else _read_number(neutral, path)


def _read_number(neutral: Any, path: str) -> int | float:
    number: int | float = _primitive((int, float), neutral, path)
    # JSON has one kind of number: 1.0 is 1. A fraction stays one, the codecs must refuse it.
    return int(number) if isinstance(number, float) and number.is_integer() else number


def _primitive(types: tuple[type, ...], neutral: Any, path: str) -> Any:
    # The exact type: a bool is an int too.
    if type(neutral) not in types:
        names = " or ".join(each.__name__ for each in types)
        raise NeutralFormError(path, f'{names}, or {{"native": …}} for a value of a wrong type')
    return neutral


def _read_time(neutral: Any, path: str) -> Any:
    whole = isinstance(neutral, list) and len(neutral) == 2 and all(type(part) is int for part in neutral)
    if not whole or not 0 <= neutral[1] <= 999_999_999:
        raise NeutralFormError(path, "[seconds, nanos]")
    try:
        return EPOCH + timedelta(seconds=neutral[0], microseconds=neutral[1] // 1000)
    except OverflowError:
        # No datetime leaves the years 1 to 9999; SPEC 1 has the code.
        raise CachepactError(
            "E_RANGE", f"make a time, {path}: found one outside the years 1 to 9999; correct it", field=path
        ) from None
