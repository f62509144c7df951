"""Members of a newer writer, which every reader meets while a release that adds a field is rolled out.

The interpreter passes over them, at twenty times the price of generated code. So a coder, whose own check they fail,
looks whether they are all that is unusual.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from cachepact._codecs.record import DEPTH_MAX
from cachepact._generated.unusual import UnusualError, unusual
from cachepact._schema import MessageType

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cachepact._schema import Field

# A varint of more than 64 bits; text beyond ASCII may look like one.
_TOO_LONG = re.compile(rb"[\x80-\xff]{9}[\x02-\x7f]").search


def known_part(schema: MessageType, record: Any, depth: int = 1) -> dict[str, Any]:
    """Give a record without the members that its schema does not have. Abstains where those lie too deep."""
    by_name = schema.by_name
    known: dict[str, Any] = {}
    for name, member in record.items():
        field = by_name.get(name)
        if field is None:
            _demand_levels(member, DEPTH_MAX - depth)
            continue
        inner = field.type
        if not isinstance(inner, MessageType):
            known[name] = member
        elif field.presence == "repeated":
            known[name] = [known_part(inner, one, depth + 2) for one in member]
        elif field.presence == "map":
            known[name] = {key: known_part(inner, one, depth + 2) for key, one in member.items()}
        else:
            known[name] = known_part(inner, member, depth + 1)
    return known


def _demand_levels(member: Any, levels: int) -> None:
    if isinstance(member, dict):
        _demand_levels_of_all(member.values(), levels)
    elif isinstance(member, list):
        _demand_levels_of_all(member, levels)


def _demand_levels_of_all(members: Iterable[Any], levels: int) -> None:
    if levels == 0:
        raise UnusualError
    for member in members:
        _demand_levels(member, levels - 1)


def raw_number(text: str) -> msgspec.Raw:
    """Keep a number of JSON as it stands there: the engine would write it in a form of its own."""
    return msgspec.Raw(text.encode())


def refuse_extension(_code: int, _data: memoryview) -> Any:
    """Abstain: extensions of MessagePack are for times alone."""
    return unusual()


def demand_newer_fields(schema: MessageType, message: Any, data: bytes) -> None:
    """Abstain unless the unknown fields of a message of the Protobuf library are a newer writer's. Takes them out."""
    for field in schema.fields:
        inner = field.type
        if field.presence == "map":
            for entry in getattr(message, field.attribute):
                if isinstance(inner, MessageType):
                    demand_newer_fields(inner, entry.value, data)
                elif inner == "timestamp":
                    _demand_nothing(entry.value)
                _demand_nothing(entry)
        elif isinstance(inner, MessageType):
            for one in _present(message, field):
                demand_newer_fields(inner, one, data)
        elif inner == "timestamp":
            for one in _present(message, field):
                _demand_nothing(one)
    unknown = _unknown_fields(message)
    if len(unknown) == 0:
        return
    size = message.ByteSize() - sum(_size_of(schema, each, data) for each in unknown)
    message.DiscardUnknownFields()
    # The library takes longer forms of a varint too.
    if message.ByteSize() != size:
        raise UnusualError


def _size_of(schema: MessageType, field: Any, data: bytes) -> int:
    """Give the size of an unknown field in the shortest form. Abstains from one that no newer writer has."""
    number = field.field_number
    # A known field of another wire type is unknown to the library.
    if number in schema.by_number or number == 0:
        raise UnusualError
    tag = _varint_size(number << 3)
    match field.wire_type:
        case 0:
            # The library drops what a varint of ten bytes holds beyond 64 bits, and the wire refuses it.
            if field.data >> 63 and _TOO_LONG(data) is not None:
                raise UnusualError
            return tag + _varint_size(field.data)
        case 1:
            return tag + 8
        case 2:
            size = len(field.data)
            return tag + _varint_size(size) + size
        case 5:
            return tag + 4
        case _:
            return unusual()


def _varint_size(number: int) -> int:
    return max(1, (number.bit_length() + 6) // 7)


def _present(message: Any, field: Field) -> Iterable[Any]:
    if field.presence == "repeated":
        found: Iterable[Any] = getattr(message, field.attribute)
        return found
    return (getattr(message, field.attribute),) if message.HasField(field.attribute) else ()


def _demand_nothing(message: Any) -> None:
    """Abstain when an entry of a map, or a time, has unknown fields, which no contract adds."""
    if len(_unknown_fields(message)) > 0:
        raise UnusualError


def _unknown_fields(message: Any) -> Any:
    from google.protobuf.unknown_fields import UnknownFieldSet  # noqa: PLC0415 - the library is optional

    return UnknownFieldSet(message)
