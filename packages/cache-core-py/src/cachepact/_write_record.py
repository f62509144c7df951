"""One write-behind write: as it goes to ``accept``, and as it stands in the stream."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from cachepact._codecs.scalar import fit_text
from cachepact._entry import belongs_to, encode_entry
from cachepact._errors import CachepactError
from cachepact._frame import BASE_BYTES, FrameHeader, decode_frame
from cachepact._schema import SAFE_INTEGER

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cachepact._entity import Entity

V = TypeVar("V")

_VERSION_BYTES = 8
# Header length of every event's frame, in units of two bytes: the base and the version.
_HEADER_UNITS = (BASE_BYTES + _VERSION_BYTES) // 2
# Any version makes the same head; `accept` puts the one that it gives behind the head.
_SOME_VERSION = 1
_STREAM_ID = re.compile(r"([1-9][0-9]{0,15})-0")
_GENERATION = re.compile(r"0|[1-9][0-9]{0,9}")


@dataclass(frozen=True, slots=True)
class WriteItem:
    """One write on its way to the ``accept`` script, which gives it its version."""

    id: str
    head: bytes
    """The frame's 16-byte base: DIRTY and VERSION set, NEGATIVE for a delete, stale_at 0."""
    payload: bytes


@dataclass(frozen=True, slots=True)
class WriteEvent:
    """One entry of a write-behind stream: fields k (id), g (generation), h (head), p (payload), id ``<version>-0``."""

    id: str
    generation: int
    version: int
    """The stream id's time part, which is the value's version."""
    header: FrameHeader
    head: bytes
    payload: bytes


def encode_write_item(entity: Entity[Any, V], entry_id: str, value: V | None) -> WriteItem:
    """Encode a write of the whole value, or of its absence (None), for ``accept``.

    Raises what ``encode_entry`` raises; E_PATTERN when the entity has no log; E_BINDING for a value of another id.
    """
    record = entity.record
    if record.log is None:
        raise CachepactError(
            "E_PATTERN",
            f"write a {record.entity} behind: found an entity without a log; use write and invalidate",
        )
    frame = encode_entry(entity, value, version=_SOME_VERSION, dirty=True)
    if value is not None and not belongs_to(entity, value, entry_id):
        raise CachepactError(
            "E_BINDING",
            f"write a {record.entity} behind: found a value of another key; pass the key that the value holds",
        )
    return WriteItem(entry_id, frame[:BASE_BYTES], frame[BASE_BYTES + _VERSION_BYTES :])


def decode_write_event(stream_id: str, fields: Mapping[str, bytes]) -> WriteEvent:
    """Read a stream entry.

    Raises E_MISSING, E_TYPE or E_RANGE on its id or fields, and what ``decode_frame`` raises on its head.
    """
    match = _STREAM_ID.fullmatch(stream_id)
    version = int(match[1]) if match else 0
    if not 0 < version <= SAFE_INTEGER:
        raise _refuse("E_RANGE", "found a stream id that is no version", "id")
    entry_id = fit_text(_required(fields, "k"), "")
    generation_text = fit_text(_required(fields, "g"), "")
    if not _GENERATION.fullmatch(generation_text) or int(generation_text) >= 2**32:
        raise _refuse("E_TYPE", "found a generation that is no number", "g")
    head, payload = _required(fields, "h"), _required(fields, "p")
    if len(head) != BASE_BYTES:
        raise _refuse("E_TYPE", f"found a head of {len(head)} bytes instead of {BASE_BYTES}", "h")
    header = decode_frame(_join(head, version, payload), "strict").header
    if not header.dirty:
        raise _refuse("E_FLAGS", "found a head without DIRTY", "h")
    if head[3] != _HEADER_UNITS:
        raise _refuse("E_NONCANONICAL", "found a head with more than a version behind it", "h")
    return WriteEvent(entry_id, int(generation_text), version, header, head, payload)


def event_frame(event: WriteEvent) -> bytes:
    """Build the frame that ``accept`` stored for this event."""
    return _join(event.head, event.version, event.payload)


def _join(head: bytes, version: int, payload: bytes) -> bytes:
    return head + version.to_bytes(_VERSION_BYTES) + payload


def _required(fields: Mapping[str, bytes], name: str) -> bytes:
    field = fields.get(name)
    if field is None:
        raise _refuse("E_MISSING", "found no such field", name)
    return field


def _refuse(
    code: Literal["E_MISSING", "E_TYPE", "E_RANGE", "E_FLAGS", "E_NONCANONICAL"], found: str, field: str
) -> CachepactError:
    return CachepactError(
        code, f"read a write-behind event, {field}: {found}; find the writer of the stream", field=field
    )
