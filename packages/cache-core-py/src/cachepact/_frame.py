"""The frame: a binary header before the payload, big-endian.

0-2 magic ``C1 CA 09``, 3 header length in 2-byte units, 4 compression (high nibble) and codec (low), 5 flags,
6-9 fingerprint, 10-15 stale_at; then, each present iff it is not zero: version (8), created_at (6), cost (4).
"""

from __future__ import annotations

import struct
from typing import Literal

from msgspec import Struct

from cachepact._errors import CachepactError
from cachepact._gen.errors import ERRORS, ErrorCode
from cachepact._schema import SAFE_INTEGER

MAGIC = b"\xc1\xca\x09"
BASE_BYTES = 16
NEGATIVE, DIRTY, ASCII, VERSION, CREATED_AT, COST = 0x80, 0x40, 0x20, 0x10, 0x08, 0x04
_RESERVED, _MUST_UNDERSTAND = 0x02, 0x01
_WIDTHS = ((VERSION, 8), (CREATED_AT, 6), (COST, 4))
_OPTIONAL = VERSION | CREATED_AT | COST
_U48_MAX, _U32_MAX = 2**48 - 1, 2**32 - 1
_CODEC_MAX = 4
_BASE = struct.Struct(">3sBBBIHI")
"""Magic, units, codec, flags, fingerprint, stale_at in two parts: it has no format of six bytes."""
_Action = Literal["encode", "decode"]


class FrameHeader(Struct, frozen=True, kw_only=True):
    """What a frame says about its payload."""

    codec: int
    """0 none, 1 JSON, 2 MessagePack, 3 Protobuf, 4 private to TypeScript."""
    fingerprint: int
    """Of the writer's schema."""
    negative: bool = False
    """The source of truth has no such row."""
    dirty: bool = False
    """Accepted by a write-behind log, not in the database yet."""
    ascii: bool = False
    """Every string and map key of the payload is ASCII."""
    stale_at_ms: int = 0
    """Epoch ms on Redis' clock; 0 = never stale."""
    version: int = 0
    """0 = none."""
    created_at_ms: int = 0
    """Epoch ms on Redis' clock; 0 = not recorded."""
    cost_ms: int = 0
    """How long the load took; 0 = not recorded."""


class Frame(Struct, frozen=True):
    """A decoded frame."""

    header: FrameHeader
    payload: bytes


def has_magic(data: bytes) -> bool:
    """Tell whether bytes begin like a frame. No payload of any codec does: c1 is no UTF-8, no MessagePack, no field."""
    return data[:1] == MAGIC[:1]


def encode_frame(header: FrameHeader, payload: bytes) -> bytes:
    """Write a frame, canonical: each optional number is there iff it is not 0. Raises E_RANGE, E_CODEC or E_FLAGS."""
    flags = (NEGATIVE if header.negative else 0) | (DIRTY if header.dirty else 0) | (ASCII if header.ascii else 0)
    return write_frame(
        header.codec,
        flags,
        header.fingerprint,
        header.stale_at_ms,
        header.version,
        header.created_at_ms,
        header.cost_ms,
        payload,
    )


def write_frame(  # noqa: PLR0917 - keywords cost a tenth of it, and each entry that is written comes here
    codec: int,
    flags: int,
    fingerprint: int,
    stale_at_ms: int,
    version: int,
    created_at_ms: int,
    cost_ms: int,
    payload: bytes,
) -> bytes:
    """Write a frame from the numbers of its header; ``flags`` are NEGATIVE, DIRTY and ASCII. As ``encode_frame``."""
    if not (
        0 <= version <= SAFE_INTEGER
        and 0 <= created_at_ms <= _U48_MAX
        and 0 <= cost_ms <= _U32_MAX
        and 0 <= codec <= _CODEC_MAX
        and 0 <= fingerprint <= _U32_MAX
        and 0 <= stale_at_ms <= _U48_MAX
    ):
        raise _out_of_range(version, created_at_ms, cost_ms, codec, fingerprint, stale_at_ms)
    rest = b""
    if version:
        flags |= VERSION
        rest = version.to_bytes(8)
    if created_at_ms:
        flags |= CREATED_AT
        rest += created_at_ms.to_bytes(6)
    if cost_ms:
        flags |= COST
        rest += cost_ms.to_bytes(4)
    if flags & (NEGATIVE | DIRTY) or not codec:
        _check_flags("encode", flags, codec)
        if flags & NEGATIVE and payload:
            raise _refuse("encode", "E_FLAGS", "found NEGATIVE together with a payload")
    units = (BASE_BYTES + len(rest)) // 2
    base = _BASE.pack(MAGIC, units, codec, flags, fingerprint, stale_at_ms >> 32, stale_at_ms & _U32_MAX)
    return base + rest + payload


def _out_of_range(*numbers: int) -> CachepactError:
    names = ("version", "created_at", "cost", "codec", "fingerprint", "stale_at")
    limits = (SAFE_INTEGER, _U48_MAX, _U32_MAX, _CODEC_MAX, _U32_MAX, _U48_MAX)
    name, most = next(
        (name, most) for name, number, most in zip(names, numbers, limits, strict=True) if not 0 <= number <= most
    )
    return _refuse("encode", "E_RANGE", f"found a {name} that is no integer from 0 to {most}")


def decode_frame(data: bytes, mode: Literal["lenient", "strict"] = "lenient") -> Frame:
    """Read a frame. Lenient: header fields of a newer minor version are skipped, an optional number may be 0.

    Raises E_MAGIC, E_FRAME_VERSION, E_TRUNCATED, E_COMPRESSION, E_CODEC, E_FLAGS, E_RANGE, E_TRAILING on a payload
    after NEGATIVE; strict also E_NONCANONICAL.
    """
    codec, flags, fingerprint, stale_at_ms, version, created_at_ms, cost_ms, end = read_frame(data)
    if mode == "strict":
        known = BASE_BYTES + sum(width for flag, width in _WIDTHS if flags & flag)
        numbers = zip(_WIDTHS, (version, created_at_ms, cost_ms), strict=True)
        _check_canonical(flags, end > known, [number for (flag, _), number in numbers if flags & flag])
    header = FrameHeader(
        codec=codec,
        fingerprint=fingerprint,
        negative=flags & NEGATIVE != 0,
        dirty=flags & DIRTY != 0,
        ascii=flags & ASCII != 0,
        stale_at_ms=stale_at_ms,
        version=version,
        created_at_ms=created_at_ms,
        cost_ms=cost_ms,
    )
    return Frame(header, data[end:])


def read_frame(data: bytes) -> tuple[int, int, int, int, int, int, int, int]:
    """Read a header leniently: codec, flags, fingerprint, stale_at, version, created_at, cost, payload's start.

    What a reader of an entry asks for, without the objects of ``decode_frame``. Raises what it raises.
    """
    size = len(data)
    if size < BASE_BYTES or data[:3] != MAGIC:
        _check_magic(data)
        raise _truncated()
    _, units, codec, flags, fingerprint, high, low = _BASE.unpack_from(data)
    if codec > _CODEC_MAX:
        if codec > 0x0F:
            raise _refuse("decode", "E_COMPRESSION", "found a compressed payload")
        raise _refuse("decode", "E_CODEC", f"found codec {codec}")
    if flags & ~ASCII or not codec:
        if flags & _MUST_UNDERSTAND:
            raise _refuse("decode", "E_FLAGS", "found a must-understand flag")
        _check_flags("decode", flags, codec)
    end, known = units * 2, BASE_BYTES
    version = created_at_ms = cost_ms = 0
    if flags & _OPTIONAL:
        if flags & VERSION:
            version = int.from_bytes(data[known : known + 8])
            known += 8
        if flags & CREATED_AT:
            created_at_ms = int.from_bytes(data[known : known + 6])
            known += 6
        if flags & COST:
            cost_ms = int.from_bytes(data[known : known + 4])
            known += 4
    if end < known or end > size:
        raise _truncated()
    if version > SAFE_INTEGER:
        raise _refuse("decode", "E_RANGE", "found a version above 2^53-1")
    if flags & NEGATIVE and size > end:
        raise _refuse("decode", "E_TRAILING", "found a payload after a NEGATIVE header")
    return codec, flags, fingerprint, (high << 32) | low, version, created_at_ms, cost_ms, end


def _check_magic(data: bytes) -> None:
    if data[:1] != MAGIC[: len(data[:1])] or data[1:2] != MAGIC[1 : 1 + len(data[1:2])]:
        raise _refuse("decode", "E_MAGIC", "found other bytes than c1 ca")
    if len(data) < 3:
        raise _truncated()
    if data[2] != MAGIC[2]:
        raise _refuse("decode", "E_FRAME_VERSION", f"found frame version {data[2]}")


def _check_flags(action: _Action, flags: int, codec: int) -> None:
    """Check the rules of flags that exclude each other."""
    if flags & DIRTY and not flags & VERSION:
        raise _refuse(action, "E_FLAGS", "found DIRTY without a version")
    if not flags & NEGATIVE:
        if codec == 0:
            raise _refuse(action, "E_CODEC", "found codec 0 on a frame that is not NEGATIVE")
        return
    if codec:
        raise _refuse(action, "E_FLAGS", "found NEGATIVE together with a codec")
    if flags & ASCII:
        raise _refuse(action, "E_FLAGS", "found NEGATIVE together with ASCII")
    if flags & VERSION and not flags & DIRTY:
        raise _refuse(action, "E_FLAGS", "found NEGATIVE with a version but without DIRTY")


def _check_canonical(flags: int, longer: bool, optional: list[int]) -> None:
    if longer:
        raise _refuse("decode", "E_NONCANONICAL", "found a header with unknown fields")
    if flags & _RESERVED:
        raise _refuse("decode", "E_NONCANONICAL", "found the reserved flag")
    if 0 in optional:
        raise _refuse("decode", "E_NONCANONICAL", "found an optional number that is 0")


def _truncated() -> CachepactError:
    return _refuse("decode", "E_TRUNCATED", "found the end of the bytes in the header")


def _refuse(action: _Action, code: ErrorCode, found: str) -> CachepactError:
    return CachepactError(code, f"{action} a frame: {found}; {ERRORS[code].remedy}")
