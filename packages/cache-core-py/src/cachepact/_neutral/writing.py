"""From the values of this language to the neutral form, and what it leaves out filled in."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from cachepact._neutral.form import (
    LONG,
    NeutralFormError,
    joined,
    neutral_double,
    neutral_text,
    special,
    utf16_order,
)
from cachepact._record import EntityRecord, KeyParam
from cachepact._schema import EnumType, Field, MessageType, attribute_name
from cachepact._timestamp import EPOCH

_ABSENT = object()
_SECOND = timedelta(seconds=1)
_MICROSECOND = timedelta(microseconds=1)


def write_value(schema: MessageType, value: object, path: str = "") -> dict[str, Any]:
    """Write a message."""
    if not isinstance(value, schema.value_type):
        raise NeutralFormError(path, f"a value of {schema.name}")
    members: dict[str, Any] = {}
    for field in schema.fields:
        member = getattr(value, field.attribute)
        if member is not None:
            members[field.name] = _write_member(field, member, joined(path, field.name))
        elif field.presence != "optional":
            raise NeutralFormError(joined(path, field.name), "a value")
    return members


def write_key(record: EntityRecord, key: object) -> dict[str, Any]:
    """Write the parameters of a key, a mapping by attribute or an object; those that it lacks are left out."""
    params: dict[str, Any] = {}
    for segment in record.key:
        if isinstance(segment, KeyParam):
            name = attribute_name(segment.name)
            value = key.get(name, _ABSENT) if isinstance(key, dict) else getattr(key, name, _ABSENT)
            if value is not _ABSENT:
                kind = "string" if segment.type in {"uuid", "enum"} else segment.type
                params[segment.name] = _write_single(kind, value, segment.name)
    return params


def _write_member(field: Field, member: Any, path: str) -> Any:
    if field.presence == "repeated":
        if not isinstance(member, list):
            raise NeutralFormError(path, "a list")
        return [_write_single(field.type, item, path) for item in member]
    if field.presence == "map":
        if not isinstance(member, dict) or not all(type(key) is str for key in member):
            raise NeutralFormError(path, "a dict by text")
        return [
            [neutral_text(key), _write_single(field.type, member[key], path)] for key in sorted(member, key=utf16_order)
        ]
    return _write_single(field.type, member, path)


def _write_single(kind: Any, value: Any, path: str) -> Any:
    if isinstance(kind, MessageType):
        return write_value(kind, value, path)
    is_integer = isinstance(value, int) and not isinstance(value, bool)
    if isinstance(kind, EnumType):
        if is_integer:
            return int(value)
    elif kind == "bytes":
        if isinstance(value, bytes):
            return value.hex()
    elif kind == "string":
        if isinstance(value, str):
            return neutral_text(value)
    elif kind == "bool":
        if isinstance(value, bool):
            return value
    elif kind == "double":
        if isinstance(value, float):
            return neutral_double(value)
    elif kind == "timestamp":
        if isinstance(value, datetime) and value.tzinfo is not None:
            since = value - EPOCH
            return [since // _SECOND, since % _SECOND // _MICROSECOND * 1000]
    elif is_integer:
        return str(value) if kind in LONG else value
    raise NeutralFormError(path, f"a value of {'its enum' if isinstance(kind, EnumType) else kind}")


def complete_value(schema: MessageType, neutral: Any) -> dict[str, Any]:
    """Complete a message; made of the JSON alone, so that it judges reading, writing and every testee."""
    if not isinstance(neutral, dict) or ("native" in neutral and "native" not in schema.by_name):
        raise NeutralFormError("", f"an object of {schema.name}'s members")
    # An unknown member is kept: a reply that holds one must not equal a value that does not.
    members = {name: member for name, member in neutral.items() if name not in schema.by_name}
    for field in schema.fields:
        if field.name in neutral:
            members[field.name] = _complete_member(field, neutral[field.name])
        elif field.presence in {"repeated", "map"}:
            members[field.name] = []
        elif field.presence == "implicit":
            members[field.name] = _zero(field)
    return members


def _complete_member(field: Field, neutral: Any) -> Any:
    if field.presence == "repeated" and isinstance(neutral, list):
        return [_complete_single(field, element) for element in neutral]
    if field.presence == "map" and isinstance(neutral, list):
        entries: dict[str, Any] = {}
        for pair in neutral:
            if not isinstance(pair, list) or len(pair) != 2:
                raise NeutralFormError(field.name, "pairs of key and value")
            found = special(pair[0], field.name)
            key = pair[0] if found is None else found.value
            if type(key) is not str or key in entries:
                raise NeutralFormError(field.name, "keys that are text, each once")
            entries[key] = _complete_single(field, pair[1])
        return [[neutral_text(key), entries[key]] for key in sorted(entries, key=utf16_order)]
    return _complete_single(field, neutral)


def _complete_single(field: Field, neutral: Any) -> Any:
    if isinstance(field.type, MessageType):
        return complete_value(field.type, neutral)
    found = special(neutral, field.name)
    plain = neutral if found is None else found.value
    if field.type == "double" and type(plain) in {int, float}:
        return neutral_double(float(plain))
    return neutral_text(plain) if field.type == "string" and type(plain) is str else plain


def _zero(field: Field) -> Any:
    if field.type in LONG:
        return "0"
    return {"bool": False, "string": "", "bytes": "", "double": 0.0}.get(str(field.type), 0)
