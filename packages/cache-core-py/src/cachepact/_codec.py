"""The codecs: how a value becomes bytes. Each is canonical: one value, one byte string, in every language."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Protocol

from cachepact._codecs.json_codec import JSON
from cachepact._codecs.msgpack_codec import MSGPACK
from cachepact._codecs.protobuf_codec import PROTOBUF
from cachepact._errors import CachepactError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cachepact._codecs.notes import DecodeNotes
    from cachepact._codecs.payload import Payload
    from cachepact._entity import Entity
    from cachepact._schema import MessageType

CodecName = Literal["json", "msgpack", "protobuf"]

CodecPath = Literal["generated", "interpreter"]
"""``generated``: the codec that the compiler wrote for the entity, as far as it vouches for a value or for bytes, else
the interpreter. ``interpreter``: the interpreter alone. Both give the same bytes, values and errors."""

Mode = Literal["lenient", "strict"]
"""``strict`` takes the canonical form alone (tests, tools), ``lenient`` any valid form of a value (reads)."""


class Codec(Protocol):
    """A codec. ``encode`` and ``decode`` raise CachepactError with the code of what is wrong, never another error."""

    @property
    def id(self) -> int:
        """Its number in the frame's header."""
        ...

    @property
    def name(self) -> CodecName:
        """Its name in contracts."""
        ...

    def encode(self, schema: MessageType, value: object) -> Payload:
        """Write the canonical bytes of a value of ``schema.value_type``."""
        ...

    def decode(self, schema: MessageType, data: bytes, mode: Mode, notes: DecodeNotes | None = None) -> Any:
        """Read the value that bytes stand for, as a ``schema.value_type``."""
        ...


CODECS: Mapping[str, Codec] = {"json": JSON, "msgpack": MSGPACK, "protobuf": PROTOBUF}
_BY_ID: Mapping[int, Codec] = {codec.id: codec for codec in CODECS.values()}


def codec_by_name(name: CodecName) -> Codec:
    """Find the interpreter of a contract's codec."""
    return CODECS[name]


def codec_by_id(number: int) -> Codec:
    """Find the codec of a frame's header. E_PRIVATE for 4, E_CODEC for one that this reader does not have."""
    codec = _BY_ID.get(number)
    if codec is None:
        if number == 4:
            raise CachepactError("E_PRIVATE", "cannot decode an entry that is private to TypeScript (codec 4)")
        raise CachepactError("E_CODEC", f"cannot decode an entry of codec {number}; upgrade this reader")
    return codec


def encode_payload(
    entity: Entity[Any, Any], codec_name: CodecName, value: object, *, path: CodecPath = "generated"
) -> Payload:
    """Write a value by any codec, whatever the entity's own is. ``max_payload_bytes`` is not checked.

    Raises E_TYPE, E_RANGE, E_FLOAT, E_SURROGATE, E_MISSING or E_DEPTH.
    """
    coder = entity.generated[codec_name] if path == "generated" else None
    if coder is not None:
        try:
            return coder.encode(value)
        except Exception:  # noqa: BLE001, S110 - whatever it trips over, the interpreter decides
            pass
    return CODECS[codec_name].encode(entity.schema, value)


def decode_payload(
    entity: Entity[Any, Any],
    codec_name: CodecName,
    data: bytes,
    mode: Mode,
    *,
    path: CodecPath = "generated",
    notes: DecodeNotes | None = None,
) -> Any:
    """Read a value by any codec. The size of ``data`` is the caller's to limit.

    Raises what a codec's ``decode`` raises.
    """
    coder = entity.generated[codec_name] if path == "generated" else None
    if coder is not None:
        try:
            value = coder.decode(data)
            if mode == "lenient" or coder.encode(value).data == data:
                return value
        except Exception:  # noqa: BLE001, S110 - whatever it trips over, the interpreter decides
            pass
    return CODECS[codec_name].decode(entity.schema, data, mode, notes)
