"""Protobuf in one form: fields by number, defaults left out, numbers packed, maps by the bytes of their keys."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any, Literal

from cachepact._codecs.payload import Payload, PayloadWriter
from cachepact._codecs.protobuf_message import read_message, wire_of
from cachepact._codecs.protobuf_reader import DELIMITED
from cachepact._codecs.record import open_list, open_map, open_record, read_member
from cachepact._codecs.scalar import check_scalar
from cachepact._refusal import refuse_decode, within
from cachepact._schema import Field, MessageType
from cachepact._timestamp import timestamp_parts

if TYPE_CHECKING:
    from cachepact._codecs.notes import DecodeNotes

_DOUBLE = struct.Struct("<d")
_MASK_64 = (1 << 64) - 1


class ProtobufCodec:
    """The Protobuf codec. Lenient: any order, packed or not, the last of two wins; unknown fields are ignored."""

    id = 3
    name: Literal["protobuf"] = "protobuf"

    def encode(self, schema: MessageType, value: object) -> Payload:
        """Write the canonical bytes of a value."""
        out = PayloadWriter()
        _write_message(out, schema, value, "", 1)
        return out.payload()

    def decode(
        self,
        schema: MessageType,
        data: bytes,
        mode: Literal["lenient", "strict"],
        notes: DecodeNotes | None = None,  # noqa: ARG002 - enums are numbers here
    ) -> Any:
        """Read the value of the bytes."""
        value = read_message(schema, data)
        if mode == "strict" and self.encode(schema, value).data != data:
            raise refuse_decode("E_NONCANONICAL", "", "found Protobuf that is not the canonical form of its value")
        return value


PROTOBUF = ProtobufCodec()


def _write_message(out: PayloadWriter, schema: MessageType, value: object, path: str, depth: int) -> None:
    open_record(schema, value, path, depth)
    for field in schema.fields:
        member = read_member(value, field, path)
        if member is not None:
            _write_member(out, field, member, within(path, field.name), depth)


def _write_member(out: PayloadWriter, field: Field, member: Any, path: str, depth: int) -> None:
    match field.presence:
        case "implicit":
            scalar = check_scalar(field, member, path)
            if scalar:  # 0, "", b"" and False are what is left out
                _write_varint(out, field.number << 3 | wire_of(field))
                _write_scalar(out, field, scalar)
        case "optional":
            _write_tagged(out, field, field.number, member, path=path, depth=depth + 1)
        case "repeated":
            _write_list(out, field, member, path, depth + 1)
        case "map":
            for key, item in open_map(member, path, depth + 1, utf16=False):
                entry = _nested(out)
                entry.append(1 << 3 | DELIMITED)
                _write_chunk(entry, entry.text(key))
                # Key and value are always written, also when they are defaults.
                _write_tagged(entry, field, 2, item, path=path, depth=depth + 2)
                _write_varint(out, field.number << 3 | DELIMITED)
                _close(out, entry)


def _write_list(out: PayloadWriter, field: Field, member: Any, path: str, depth: int) -> None:
    items = open_list(member, path, depth)
    if wire_of(field) == DELIMITED:
        for item in items:
            _write_tagged(out, field, field.number, item, path=path, depth=depth + 1)
    elif items:
        packed = _nested(out)
        for item in items:
            _write_scalar(packed, field, check_scalar(field, item, path))
        _write_varint(out, field.number << 3 | DELIMITED)
        _close(out, packed)


def _write_tagged(out: PayloadWriter, field: Field, number: int, member: Any, *, path: str, depth: int) -> None:
    """Write one value with its tag; ``number`` is the field's, or 2 inside a map's entry."""
    if isinstance(field.type, MessageType):
        nested = _nested(out)
        _write_message(nested, field.type, member, path, depth)
        _write_varint(out, number << 3 | DELIMITED)
        _close(out, nested)
        return
    scalar = check_scalar(field, member, path)
    _write_varint(out, number << 3 | wire_of(field))
    _write_scalar(out, field, scalar)


def _write_scalar(out: PayloadWriter, field: Field, scalar: Any) -> None:
    match field.type:
        case "string":
            _write_chunk(out, out.text(scalar))
        case "bytes":
            _write_chunk(out, scalar)
        case "double":
            out += _DOUBLE.pack(scalar)
        case "timestamp":
            nested = _nested(out)
            # google.protobuf.Timestamp: its parts follow the rule of implicit fields.
            for tag, part in zip((0x08, 0x10), timestamp_parts(scalar), strict=True):
                if part:
                    nested.append(tag)
                    _write_varint(nested, part)
            _close(out, nested)
        case "sint32" | "sint64":
            _write_varint(out, scalar << 1 if scalar >= 0 else (-scalar << 1) - 1)
        case _:
            _write_varint(out, scalar)


def _write_varint(out: PayloadWriter, number: int) -> None:
    """Write an unsigned integer, seven bits a byte; a negative one as its 64-bit complement."""
    number &= _MASK_64
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)


def _write_chunk(out: PayloadWriter, data: bytes | bytearray) -> None:
    _write_varint(out, len(data))
    out += data


def _nested(out: PayloadWriter) -> PayloadWriter:
    nested = PayloadWriter()
    nested.ascii = out.ascii
    return nested


def _close(out: PayloadWriter, nested: PayloadWriter) -> None:
    out.ascii = nested.ascii
    _write_chunk(out, nested)
