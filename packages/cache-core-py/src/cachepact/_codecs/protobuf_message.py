"""Reads a Protobuf message field by field: what is there first, what is absent when all bytes are seen."""

from __future__ import annotations

from typing import Any

from cachepact._codecs.protobuf_reader import DELIMITED, I64, VARINT, ProtobufReader
from cachepact._codecs.record import DEPTH_MAX, build_record
from cachepact._codecs.scalar import fit_double, fit_integer, fit_text
from cachepact._refusal import refuse_decode, within
from cachepact._schema import INTEGER_RANGES, SAFE_INTEGER, Field, MessageType, default_of
from cachepact._timestamp import epoch_ms, timestamp_from_parts, timestamp_parts

_DELIMITED_KINDS = frozenset({"string", "bytes", "timestamp"})


def wire_of(field: Field) -> int:
    """Tell the wire type of one value of the field."""
    if isinstance(field.type, MessageType) or field.type in _DELIMITED_KINDS:
        return DELIMITED
    return I64 if field.type == "double" else VARINT


def read_message(schema: MessageType, data: bytes) -> Any:
    """Read a message: any order, unknown fields skipped, of two values the last one wins and messages merge."""
    record: dict[str, Any] = {}
    _read_fields(ProtobufReader(data), schema, record, "", 1)
    return _complete(schema, record, "")


def _read_fields(reader: ProtobufReader, schema: MessageType, record: dict[str, Any], path: str, depth: int) -> None:
    while not reader.at_end:
        number, wire = reader.tag()
        field = schema.by_number.get(number)
        if field is None:
            reader.skip(wire)
            continue
        at = within(path, field.name)
        if field.presence == "repeated":
            _limit_depth(at, depth + 1)
            _read_elements(reader, field, wire, record.setdefault(field.attribute, []), path=at, depth=depth + 2)
        elif field.presence == "map":
            _limit_depth(at, depth + 1)
            _demand(DELIMITED, wire, at)
            key, item = _read_entry(reader.nested(), field, at, depth + 2)
            record.setdefault(field.attribute, {})[key] = item
        else:
            record[field.attribute] = _read_one(
                reader, field, wire, record.get(field.attribute), path=at, depth=depth + 1
            )


def _read_elements(reader: ProtobufReader, field: Field, wire: int, items: list[Any], *, path: str, depth: int) -> None:
    if wire == DELIMITED and wire_of(field) != DELIMITED:
        packed = reader.nested()
        while not packed.at_end:
            items.append(_read_scalar(packed, field, None, path))
    else:
        items.append(_read_one(reader, field, wire, None, path=path, depth=depth))


def _read_entry(reader: ProtobufReader, field: Field, path: str, depth: int) -> tuple[str, Any]:
    key, item = "", None
    while not reader.at_end:
        number, wire = reader.tag()
        if number == 1:
            _demand(DELIMITED, wire, path)
            key = fit_text(reader.chunk(), path)
        elif number == 2:
            item = _read_one(reader, field, wire, item, path=path, depth=depth)
        else:
            reader.skip(wire)
    if item is None:
        # A missing value is the default of its type; that of a time is the epoch.
        item = {} if isinstance(field.type, MessageType) else default_of(field)
    return key, item


def _read_one(reader: ProtobufReader, field: Field, wire: int, earlier: Any, *, path: str, depth: int) -> Any:
    _demand(wire_of(field), wire, path)
    if not isinstance(field.type, MessageType):
        return _read_scalar(reader, field, earlier, path)
    _limit_depth(path, depth)
    record: dict[str, Any] = {} if earlier is None else earlier
    _read_fields(reader.nested(), field.type, record, path, depth)
    return record


def _read_scalar(reader: ProtobufReader, field: Field, earlier: Any, path: str) -> Any:
    match field.type:
        case "string":
            return fit_text(reader.chunk(), path)
        case "bytes":
            return reader.chunk()
        case "bool":
            return reader.varint() != 0
        case "double":
            return fit_double(reader.double(), path)
        case "timestamp":
            return _read_timestamp(reader.nested(), earlier, path)
        case "sint32" | "sint64":
            raw = reader.varint()
            return fit_integer(field, raw >> 1 ^ -(raw & 1), path)
        case "uint32" | "uint64":
            return fit_integer(field, reader.varint(), path)
        case _:
            return fit_integer(field, reader.signed_varint(), path)


def _read_timestamp(reader: ProtobufReader, earlier: Any, path: str) -> Any:
    # Of two occurrences the parts merge like those of any message.
    seconds, nanos = (0, 0) if earlier is None else timestamp_parts(epoch_ms(earlier))
    while not reader.at_end:
        number, wire = reader.tag()
        if number > 2:
            reader.skip(wire)
            continue
        _demand(VARINT, wire, path)
        part = reader.signed_varint()
        # An int32 whose last occurrence counts: the least one is none of a time, and harmless when another follows.
        low, high = (-SAFE_INTEGER, SAFE_INTEGER) if number == 1 else INTEGER_RANGES["int32"]
        if not low <= part <= high:
            raise refuse_decode("E_RANGE", path, "found a time outside the years 1 to 9999")
        seconds, nanos = (part, nanos) if number == 1 else (seconds, part)
    moment = timestamp_from_parts(seconds, nanos)
    if moment is None:
        raise refuse_decode("E_RANGE", path, "found a time outside the years 1 to 9999")
    return moment


def _complete(schema: MessageType, record: dict[str, Any], path: str) -> Any:
    """Build the value when all bytes are read, because a later occurrence may still add to a message."""
    for field in schema.fields:
        kind, found = field.type, record.get(field.attribute)
        if not isinstance(kind, MessageType) or found is None:
            continue
        at = within(path, field.name)
        if field.presence == "repeated":
            record[field.attribute] = [_complete(kind, item, at) for item in found]
        elif field.presence == "map":
            record[field.attribute] = {key: _complete(kind, item, at) for key, item in found.items()}
        else:
            record[field.attribute] = _complete(kind, found, at)
    return build_record(schema, record, path, defaults_are_absent=True)


def _limit_depth(path: str, depth: int) -> None:
    if depth > DEPTH_MAX:
        raise refuse_decode("E_DEPTH", path, f"found more than {DEPTH_MAX} levels")


def _demand(expected: int, found: int, path: str) -> None:
    if found != expected:
        raise refuse_decode("E_TYPE", path, f"expected wire type {expected}, found {found}")
