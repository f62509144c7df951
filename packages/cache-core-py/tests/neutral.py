"""The neutral value form of the fixtures (wire/fixtures/README.md), to the values of this language and back.

This is the fixtures' own reading, on purpose without a line of the code under test beyond the classes of values.
"""

from __future__ import annotations

import struct
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from cachepact._record import EntityRecord, KeyParam
from cachepact._schema import EnumType, Field, MessageType

if TYPE_CHECKING:
    from collections.abc import Mapping

LONG = frozenset({"int64", "uint64", "sint64"})
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class UnknownMemberError(Exception):
    """A case names a member that the schema does not have: a Python class has no place for it."""


class _Special:
    def __init__(self, native: Any) -> None:
        self.native = native


def _special(value: Any) -> _Special | None:
    if not isinstance(value, dict):
        return None
    if "native" in value:
        return _Special(value["native"])
    if "utf16" in value:
        return _Special(bytes.fromhex(value["utf16"]).decode("utf-16-be", "surrogatepass"))
    if "f64" in value:
        return _Special(struct.unpack(">d", bytes.fromhex(value["f64"]))[0])
    if "repeat" in value:
        return _Special(value["repeat"] * value["times"])
    return None


def _scalar(kind: Any, value: Any) -> Any:
    found = _special(value)
    if found is not None:
        return found.native
    if isinstance(kind, MessageType):
        return native(kind, value)
    if kind in LONG:
        return int(value)
    if kind == "bytes":
        return bytes.fromhex(value)
    if kind == "timestamp":
        return timestamp(value)
    return value


def timestamp(parts: tuple[int, int]) -> datetime:
    seconds, nanos = parts
    return _EPOCH + timedelta(seconds=seconds, microseconds=nanos // 1000)


def _member(field: Field, value: Any) -> Any:
    found = _special(value)
    if found is not None:
        return found.native
    if field.presence == "repeated":
        return [_scalar(field.type, item) for item in value]
    if field.presence == "map":
        return {key.native if (key := _special(name)) else name: _scalar(field.type, item) for name, item in value}
    return _scalar(field.type, value)


def native(schema: MessageType, value: Mapping[str, Any]) -> Any:
    """A value of this language."""
    members = {}
    for name, member in value.items():
        if name not in schema.by_name:
            raise UnknownMemberError(name)
        field = schema.by_name[name]
        members[field.attribute] = _member(field, member)
    return schema.value_type(**{field.attribute: None for field in schema.fields if field.required} | members)


def neutral(schema: MessageType, value: Any) -> dict[str, Any]:
    """The neutral form of a decoded value, every member that is there."""
    members: dict[str, Any] = {}
    for field in schema.fields:
        member = getattr(value, field.attribute)
        if member is None:
            continue
        if field.presence == "repeated":
            members[field.name] = [_plain(field, item) for item in member]
        elif field.presence == "map":
            members[field.name] = sorted([key, _plain(field, item)] for key, item in member.items())
        else:
            members[field.name] = _plain(field, member)
    return members


def _plain(field: Field, member: Any) -> Any:
    kind = field.type
    if isinstance(kind, MessageType):
        return neutral(kind, member)
    if isinstance(kind, EnumType):
        return int(member)
    if kind in LONG:
        return str(member)
    if kind == "bytes":
        return member.hex()
    if kind == "timestamp":
        microseconds = (member - _EPOCH) // timedelta(microseconds=1)
        return [microseconds // 1_000_000, microseconds % 1_000_000 * 1000]
    if kind == "double":
        return struct.pack(">d", member).hex()
    return member


def completed(schema: MessageType, value: Mapping[str, Any]) -> dict[str, Any]:
    """The neutral form that a decoded value must have: what ``value`` leaves out at its default."""
    full: dict[str, Any] = {}
    for field in schema.fields:
        if field.name in value:
            full[field.name] = _complete_member(field, value[field.name])
        elif field.presence in {"repeated", "map"}:
            full[field.name] = []
        elif field.presence == "implicit":
            full[field.name] = _zero(field)
    return full


def _complete_member(field: Field, value: Any) -> Any:
    if field.presence == "repeated":
        return [_complete_single(field, item) for item in value]
    if field.presence == "map":
        return sorted(
            [key.native if (key := _special(name)) else name, _complete_single(field, item)] for name, item in value
        )
    return _complete_single(field, value)


def _complete_single(field: Field, value: Any) -> Any:
    found = _special(value)
    value = found.native if found else value
    if isinstance(field.type, MessageType):
        return completed(field.type, value)
    if field.type == "double":
        return struct.pack(">d", value + 0.0).hex()
    if field.type == "timestamp":
        return list(value)
    return value


def _zero(field: Field) -> Any:
    if field.type in LONG:
        return "0"
    return {"bool": False, "string": "", "bytes": "", "double": "0" * 16}.get(str(field.type), 0)


def native_key(record: EntityRecord, params: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of a key in this language."""
    types = {segment.name: segment.type for segment in record.key if isinstance(segment, KeyParam)}
    return {name: _scalar(types.get(name), value) for name, value in params.items()}
