"""An entry: what Redis holds for one key <-> a value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

from msgspec import Struct

from cachepact._codec import codec_by_id, codec_by_name, decode_payload
from cachepact._codecs.notes import DecodeNotes
from cachepact._errors import CachepactError
from cachepact._frame import ASCII, DIRTY, NEGATIVE, has_magic, read_frame, write_frame
from cachepact._key_param import ABSENT, encode_param

if TYPE_CHECKING:
    from cachepact._entity import Entity
    from cachepact._record import KeyParam

V = TypeVar("V")

_PLAIN_NULL = b"null"


class Entry(Struct, Generic[V], frozen=True):
    """A decoded entry."""

    value: V | None
    """None = the source of truth has no such row."""
    version: int
    """0 = none."""
    stale_at_ms: int
    created_at_ms: int
    cost_ms: int
    dirty: bool
    foreign: bool
    """Written under another schema, or by a writer that knows none: readable, but never to be written back, because
    fields that this schema does not have are gone."""


def encode_entry(
    entity: Entity[Any, V],
    value: V | None,
    *,
    version: int | None = None,
    stale_at_ms: int = 0,
    created_at_ms: int = 0,
    cost_ms: int = 0,
    dirty: bool = False,
) -> bytes:
    """Write an entry; None = NEGATIVE. ``version`` defaults to the value's version field.

    Raises the codec's errors, and E_SIZE for a payload above the entity's limit.
    """
    record = entity.record
    if record.framing == "plain":
        return _PLAIN_NULL if value is None else bytes(entity.encode_payload(value))
    if value is None:
        flags = NEGATIVE | DIRTY if dirty else NEGATIVE
        return write_frame(0, flags, record.fingerprint, stale_at_ms, version or 0, created_at_ms, cost_ms, b"")
    payload = entity.encode_payload(value)
    flags = (DIRTY if dirty else 0) | (ASCII if payload.ascii else 0)
    version = entity.version_of(value) if version is None else version
    codec = codec_by_name(record.codec).id
    return write_frame(codec, flags, record.fingerprint, stale_at_ms, version, created_at_ms, cost_ms, payload.data)


def decode_entry(entity: Entity[Any, V], data: bytes, key: object | None = None) -> Entry[V]:
    """Read what Redis holds: a frame when it begins with c1, else bare JSON; leniently, whatever the contract says.

    The header's codec decides how the payload is read, always by this entity's schema. ``key``: the payload must belong
    to it. Raises what ``decode_frame`` and a codec's ``decode`` raise, E_PRIVATE, E_SIZE before anything is parsed, and
    E_BINDING. The caller counts the error as a miss.
    """
    return _decode_framed(entity, data, key) if has_magic(data) else _decode_plain(entity, data, key)


def _decode_framed(entity: Entity[Any, V], data: bytes, key: object | None) -> Entry[V]:
    codec, flags, fingerprint, stale_at_ms, version, created_at_ms, cost_ms, start = read_frame(data)
    value: V | None = None
    foreign = fingerprint != entity.record.fingerprint
    if not flags & NEGATIVE:
        entity.limit_read_size(len(data) - start)
        notes = DecodeNotes()
        value = decode_payload(entity, codec_by_id(codec).name, data[start:], "lenient", notes=notes)
        _bind(entity, value, key)
        foreign = foreign or notes.unknown_enum_name
    return Entry(value, version, stale_at_ms, created_at_ms, cost_ms, dirty=flags & DIRTY != 0, foreign=foreign)


def _decode_plain(entity: Entity[Any, V], data: bytes, key: object | None) -> Entry[V]:
    # Bare JSON under a framed entity comes from a writer that knows no contract.
    foreign = entity.record.framing == "framed"
    if data == _PLAIN_NULL:
        return Entry(None, 0, 0, 0, 0, dirty=False, foreign=foreign)
    entity.limit_read_size(len(data))
    notes = DecodeNotes()
    value: V = decode_payload(entity, "json", data, "lenient", notes=notes)
    _bind(entity, value, key)
    return Entry(value, 0, 0, 0, 0, dirty=False, foreign=foreign or notes.unknown_enum_name)


def belongs_to(entity: Entity[Any, V], value: V, entry_id: str) -> bool:
    """Tell whether a value may lie under an id: its fields that are parameters of the key give the id's texts.

    A parameter that is no field of the message binds nothing. Raises the errors of parameters when a field can be none.
    """
    return all(
        attribute is None or encode_param(param, getattr(value, attribute, ABSENT)) == text
        for (param, attribute), text in zip(entity.bound, entry_id.split(":"), strict=False)
    )


def _bind(entity: Entity[Any, Any], value: object, key: object | None) -> None:
    """Refuse a value under another row's key: by a swap of bytes or a bad writer, it would be another person's data."""
    if key is None:
        return
    for param, attribute in entity.bound:
        if attribute is not None and not _is_bound(param, getattr(value, attribute), getattr(key, attribute, None)):
            raise CachepactError(
                "E_BINDING",
                f"decode a {entity.record.entity}: found another {param.name} in the payload than in the key; "
                "find the writer of the entry",
                field=param.name,
            )


def _is_bound(param: KeyParam, member: object, wanted: object) -> bool:
    if member == wanted:
        return True
    try:
        return encode_param(param, member) == encode_param(param, wanted)
    except CachepactError:
        return False
