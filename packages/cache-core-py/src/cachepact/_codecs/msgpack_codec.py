"""MessagePack in its shortest form: keys by name, doubles always as float 64, times as the timestamp extension."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any, Literal

from cachepact._codecs.msgpack_reader import MsgpackReader
from cachepact._codecs.payload import Payload, PayloadWriter
from cachepact._codecs.record import build_record, open_list, open_map, open_record, read_member
from cachepact._codecs.scalar import check_scalar, fit_double, fit_integer
from cachepact._refusal import refuse_decode, within
from cachepact._schema import EnumType, Field, MessageType
from cachepact._timestamp import timestamp_from_parts, timestamp_parts

if TYPE_CHECKING:
    from cachepact._codecs.notes import DecodeNotes

_FLOAT = struct.Struct(">Bd")


class MsgpackCodec:
    """The MessagePack codec. Lenient: any width of a number or length, any order; unknown members are ignored."""

    id = 2
    name: Literal["msgpack"] = "msgpack"

    def encode(self, schema: MessageType, value: object) -> Payload:
        """Write the canonical bytes of a value."""
        out = PayloadWriter()
        _write_record(out, schema, value, "", 1)
        return out.payload()

    def decode(
        self,
        schema: MessageType,
        data: bytes,
        mode: Literal["lenient", "strict"],
        notes: DecodeNotes | None = None,  # noqa: ARG002 - enums are numbers here
    ) -> Any:
        """Read the value of the bytes."""
        reader = MsgpackReader(data)
        value = _read_record(reader, schema, "", 1)
        reader.end()
        if mode == "strict" and self.encode(schema, value).data != data:
            raise refuse_decode("E_NONCANONICAL", "", "found MessagePack that is not the canonical form of its value")
        return value


MSGPACK = MsgpackCodec()


def _write_record(out: PayloadWriter, schema: MessageType, value: object, path: str, depth: int) -> None:
    open_record(schema, value, path, depth)
    members = [
        (field, member) for field in schema.name_order if (member := read_member(value, field, path)) is not None
    ]
    _write_head(out, len(members), 0x80, 16, 0xDE)
    for field, member in members:
        _write_text(out, field.name)
        _write_member(out, field, member, within(path, field.name), depth)


def _write_member(out: PayloadWriter, field: Field, member: Any, path: str, depth: int) -> None:
    if field.presence == "repeated":
        items = open_list(member, path, depth + 1)
        _write_head(out, len(items), 0x90, 16, 0xDC)
        for item in items:
            _write_single(out, field, item, path, depth + 2)
    elif field.presence == "map":
        entries = open_map(member, path, depth + 1, utf16=False)
        _write_head(out, len(entries), 0x80, 16, 0xDE)
        for key, item in entries:
            _write_text(out, key)
            _write_single(out, field, item, path, depth + 2)
    else:
        _write_single(out, field, member, path, depth + 1)


def _write_single(out: PayloadWriter, field: Field, member: Any, path: str, depth: int) -> None:
    if isinstance(field.type, MessageType):
        _write_record(out, field.type, member, path, depth)
        return
    scalar = check_scalar(field, member, path)
    match field.type:
        case "string":
            _write_text(out, scalar)
        case "bool":
            out.append(0xC3 if scalar else 0xC2)
        case "double":
            out += _FLOAT.pack(0xCB, scalar)
        case "bytes":
            size = len(scalar)
            _write_length(out, size, 0xC4)
            out += scalar
        case "timestamp":
            _write_timestamp(out, scalar)
        case _:
            _write_integer(out, scalar)


def _write_head(out: PayloadWriter, count: int, fix: int, fix_limit: int, code16: int) -> None:
    if count < fix_limit:
        out.append(fix | count)
    elif count < 1 << 16:
        out.append(code16)
        out += count.to_bytes(2)
    else:
        out.append(code16 + 1)
        out += count.to_bytes(4)


def _write_length(out: PayloadWriter, size: int, code8: int) -> None:
    if size < 1 << 8:
        out.append(code8)
        out.append(size)
    elif size < 1 << 16:
        out.append(code8 + 1)
        out += size.to_bytes(2)
    else:
        out.append(code8 + 2)
        out += size.to_bytes(4)


def _write_text(out: PayloadWriter, text: str) -> None:
    data = out.text(text)
    if len(data) < 32:
        out.append(0xA0 | len(data))
    else:
        _write_length(out, len(data), 0xD9)
    out += data


def _write_integer(out: PayloadWriter, number: int) -> None:
    if -32 <= number < 128:
        out.append(number & 0xFF)
        return
    signed = number < 0
    bits = (~number if signed else number).bit_length() + signed
    step = 0 if bits <= 8 else 1 if bits <= 16 else 2 if bits <= 32 else 3
    out.append((0xD0 if signed else 0xCC) + step)
    out += number.to_bytes(1 << step, signed=signed)


def _write_timestamp(out: PayloadWriter, ms: int) -> None:
    seconds, nanos = timestamp_parts(ms)
    if 0 <= seconds < 1 << 34:
        if nanos == 0 and seconds < 1 << 32:
            out += b"\xd6\xff" + seconds.to_bytes(4)
        else:
            out += b"\xd7\xff" + (nanos << 34 | seconds).to_bytes(8)
    else:
        out += b"\xc7\x0c\xff" + nanos.to_bytes(4) + seconds.to_bytes(8, signed=True)


def _read_record(reader: MsgpackReader, schema: MessageType, path: str, depth: int) -> Any:
    found: dict[str, Any] = {}
    names: set[str] = set()
    for _ in range(reader.map_count(path, depth)):
        name = reader.text(path)
        if name in names:
            raise refuse_decode("E_DUP", path, "found a record that holds one key twice")
        names.add(name)
        field = schema.by_name.get(name)
        if field is None:
            reader.skip(depth + 1)
        elif not reader.nil():
            found[field.attribute] = _read_member(reader, field, within(path, name), depth)
    return build_record(schema, found, path, defaults_are_absent=False)


def _read_member(reader: MsgpackReader, field: Field, path: str, depth: int) -> Any:
    if field.presence == "repeated":
        return [_read_single(reader, field, path, depth + 1) for _ in range(reader.array_count(path, depth + 1))]
    if field.presence == "map":
        found: dict[str, Any] = {}
        for _ in range(reader.map_count(path, depth + 1)):
            key = reader.text(path)
            if key in found:
                raise refuse_decode("E_DUP", path, "found a map that holds one key twice")
            found[key] = _read_single(reader, field, path, depth + 1)
        return found
    return _read_single(reader, field, path, depth)


def _read_single(reader: MsgpackReader, field: Field, path: str, depth: int) -> Any:
    kind = field.type
    if isinstance(kind, MessageType):
        return _read_record(reader, kind, path, depth + 1)
    if isinstance(kind, EnumType):
        return fit_integer(field, reader.integer(path), path)
    match kind:
        case "string":
            return reader.text(path)
        case "bool":
            return reader.boolean(path)
        case "double":
            return fit_double(reader.double(path), path)
        case "bytes":
            return reader.binary(path)
        case "timestamp":
            moment = timestamp_from_parts(*reader.timestamp(path))
            if moment is None:
                raise refuse_decode("E_RANGE", path, "found a time outside the years 1 to 9999")
            return moment
        case _:
            return fit_integer(field, reader.integer(path), path)
