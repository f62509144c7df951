"""The codecs of one entity as generated code has them: they vouch for what is usual, the interpreter decides the rest.

A coder gives exactly what the interpreter would, or raises. Whatever it raises means that it does not vouch, so every
error, and every value in an unusual form, is the interpreter's. The engines underneath take more than the wire allows
(the last of two equal names, unknown members, integers cut to their type), each another thing. So a decoder does not
test for each: it encodes again what it has decoded, which must give the very bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

import msgspec

from cachepact._codecs.payload import Payload
from cachepact._generated.protobuf_class import protobuf_class
from cachepact._generated.unknown_members import demand_newer_fields, known_part, raw_number, refuse_extension
from cachepact._generated.unusual import UnusualError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cachepact._schema import MessageType

V = TypeVar("V")
W = TypeVar("W")

CodecName = Literal["json", "msgpack", "protobuf"]


@dataclass(frozen=True, slots=True)
class Coder(Generic[V]):
    """One codec of one entity. Either function may raise anything at all: then the interpreter decides."""

    encode: Callable[[V], Payload]
    decode: Callable[[bytes], V]


@dataclass(frozen=True, slots=True)
class WireForm(Generic[V, W]):
    """The struct that msgspec writes and reads in place of a value, and the way there and back."""

    struct: type[W]
    write: Callable[[V], Any]
    read: Callable[[W], V]
    is_struct: bool = True
    """Whether ``write`` gives the struct through and through, so that what was read can be written again as it is."""


@dataclass(frozen=True, slots=True)
class ProtobufForm(Generic[V]):
    """The way from a value into a message of the Protobuf library, and back."""

    fill: Callable[[Any, V], None]
    read: Callable[[Any], V]


@dataclass(frozen=True, slots=True)
class _Engine:
    write: Callable[[object], bytes]
    """Maps in the order of their keys, as the wire has them."""
    write_as_read: Callable[[object], bytes]
    """Maps in the order in which they were read."""
    decoder: Callable[[Any], Any]
    read_tree: Callable[[bytes], Any]
    """Without a type: every member, known or not."""


_JSON = _Engine(
    msgspec.json.Encoder(order="deterministic").encode,
    msgspec.json.Encoder().encode,
    msgspec.json.Decoder,
    msgspec.json.Decoder(float_hook=raw_number).decode,
)
_MSGPACK = _Engine(
    msgspec.msgpack.Encoder(order="deterministic").encode,
    msgspec.msgpack.Encoder().encode,
    msgspec.msgpack.Decoder,
    msgspec.msgpack.Decoder(ext_hook=refuse_extension).decode,
)


def _demand_newer_members(engine: _Engine, schema: MessageType, data: bytes, known: bytes) -> None:
    """Abstain unless ``data`` is what ``known`` is, but for members of a newer writer."""
    tree = engine.read_tree(data)
    # The first: they are in the form that is written, and none comes twice. The second: the rest is.
    if engine.write_as_read(tree) != data or engine.write_as_read(known_part(schema, tree)) != known:
        raise UnusualError


class GeneratedCodec(Generic[V]):
    """What a generated module has for one entity."""

    def __init__(
        self,
        value_type: type[V],
        check: Callable[[V], bool],
        *,
        json: WireForm[V, Any] | None,
        msgpack: WireForm[V, Any] | None,
        protobuf: ProtobufForm[V],
    ) -> None:
        """Take the parts.

        ``check`` raises on a value that is not plainly right, and tells whether all its text is ASCII. A wire form is
        None when the class of values is its own.
        """
        self._value_type = value_type
        self._check = check
        self._json = json
        self._msgpack = msgpack
        self._protobuf = protobuf

    def coders(self, schema: MessageType) -> Mapping[CodecName, Coder[V]]:
        """Make the coders; Protobuf's only where a fast library for it is installed."""
        found: dict[CodecName, Coder[V]] = {
            "json": self._coder(_JSON, self._json, schema),
            "msgpack": self._coder(_MSGPACK, self._msgpack, schema),
        }
        message_class = protobuf_class(schema)
        if message_class is not None:
            found["protobuf"] = self._protobuf_coder(message_class, schema)
        return found

    def _coder(self, engine: _Engine, form: WireForm[V, Any] | None, schema: MessageType) -> Coder[V]:
        if form is not None:
            return _coder_of_wire_form(self._check, engine, form, schema)
        check, write, write_as_read = self._check, engine.write, engine.write_as_read
        read = engine.decoder(self._value_type).decode

        def encode(value: V) -> Payload:
            is_ascii = check(value)
            return Payload(write(value), is_ascii)

        def decode(data: bytes) -> V:
            value: V = read(data)
            if (known := write_as_read(value)) != data:
                _demand_newer_members(engine, schema, data, known)
            return value

        return Coder(encode, decode)

    def _protobuf_coder(self, message_class: Callable[[], Any], schema: MessageType) -> Coder[V]:
        check, fill, read = self._check, self._protobuf.fill, self._protobuf.read
        parse = message_class.FromString  # type: ignore[attr-defined] # a class of the library, made at run time

        def encode(value: V) -> Payload:
            is_ascii = check(value)
            message = message_class()
            fill(message, value)
            return Payload(message.SerializeToString(), is_ascii)

        def decode(data: bytes) -> V:
            message = parse(data)
            # They would be written again, and groups among them are none for the wire.
            message.DiscardUnknownFields()
            if message.SerializeToString() != data:
                # It keeps unknown fields and writes them behind the known ones, where a newer writer has them.
                message = parse(data)
                if message.SerializeToString() != data:
                    raise UnusualError
                demand_newer_fields(schema, message, data)
            return read(message)

        return Coder(encode, decode)


def _coder_of_wire_form(
    check: Callable[[V], bool], engine: _Engine, form: WireForm[V, Any], schema: MessageType
) -> Coder[V]:
    to_wire, from_wire, write, write_as_read = form.write, form.read, engine.write, engine.write_as_read
    read = engine.decoder(form.struct).decode

    def encode(value: V) -> Payload:
        is_ascii = check(value)
        return Payload(write(to_wire(value)), is_ascii)

    def decode(data: bytes) -> V:
        wire = read(data)
        if (known := write_as_read(wire)) != data:
            _demand_newer_members(engine, schema, data, known)
        return from_wire(wire)

    def decode_by_value(data: bytes) -> V:
        value = from_wire(read(data))
        if (known := write_as_read(to_wire(value))) != data:
            _demand_newer_members(engine, schema, data, known)
        return value

    return Coder(encode, decode if form.is_struct else decode_by_value)
