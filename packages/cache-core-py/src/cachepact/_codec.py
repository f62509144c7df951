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
    from cachepact._schema import MessageType

Mode = Literal["lenient", "strict"]
"""``strict`` takes the canonical form alone (tests, tools), ``lenient`` any valid form of a value (reads)."""


class Codec(Protocol):
    """A codec. ``encode`` and ``decode`` raise CachepactError with the code of what is wrong, never another error."""

    @property
    def id(self) -> int:
        """Its number in the frame's header."""
        ...

    @property
    def name(self) -> Literal["json", "msgpack", "protobuf"]:
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


def codec_by_name(name: Literal["json", "msgpack", "protobuf"]) -> Codec:
    """Find the codec of a contract."""
    return CODECS[name]


def codec_by_id(number: int) -> Codec:
    """Find the codec of a frame's header. E_PRIVATE for 4, E_CODEC for one that this reader does not have."""
    codec = _BY_ID.get(number)
    if codec is None:
        if number == 4:
            raise CachepactError("E_PRIVATE", "cannot decode an entry that is private to TypeScript (codec 4)")
        raise CachepactError("E_CODEC", f"cannot decode an entry of codec {number}; upgrade this reader")
    return codec
