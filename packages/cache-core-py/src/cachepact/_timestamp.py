"""Times: aware datetimes in values, whole milliseconds on the wire, in the years 1 to 9999 UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Literal

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
TIMESTAMP_MS_MIN = -62_135_596_800_000
"""0001-01-01T00:00:00Z."""
TIMESTAMP_MS_MAX = 253_402_300_799_999
"""9999-12-31T23:59:59.999Z."""


def epoch_ms(value: datetime) -> int:
    """Count ms since the epoch, finer digits floored."""
    return (value - EPOCH) // _MILLISECOND


def from_epoch_ms(ms: int) -> datetime:
    """Give the UTC datetime of ms within the limits."""
    return EPOCH + timedelta(milliseconds=ms)


def timestamp_parts(ms: int) -> tuple[int, int]:
    """Split into whole seconds toward -infinity, and what is left in ns: what MessagePack and Protobuf write."""
    seconds, rest = divmod(ms, 1000)
    return seconds, rest * 1_000_000


def timestamp_from_parts(seconds: int, nanos: int) -> datetime | None:
    """Give the datetime of the parts, finer digits floored; None outside the limits or when nanos are no fraction."""
    if not 0 <= nanos <= 999_999_999:
        return None
    ms = seconds * 1000 + nanos // 1_000_000
    return from_epoch_ms(ms) if TIMESTAMP_MS_MIN <= ms <= TIMESTAMP_MS_MAX else None


def format_timestamp(ms: int) -> str:
    """Write RFC 3339 in UTC with a ``Z``; three digits of a second, or none when they are zero."""
    value = from_epoch_ms(ms)
    # strftime pads years below 1000 on some platforms only.
    text = f"{value.year:04d}-{value.month:02d}-{value.day:02d}T{value.hour:02d}:{value.minute:02d}:{value.second:02d}"
    return f"{text}.{ms % 1000:03d}Z" if ms % 1000 else f"{text}Z"


_RFC_3339 = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt]([0-9]{2}):([0-9]{2}):([0-9]{2})"
    r"(?:\.([0-9]{1,9}))?(?:[Zz]|([+-])([0-9]{2}):([0-9]{2}))"
)


def parse_timestamp(text: str) -> datetime | Literal["E_TYPE", "E_RANGE"]:
    """Read RFC 3339 text with any offset and up to nine digits of a second, floored to ms.

    Gives "E_TYPE" for text of another form, "E_RANGE" for a date or time that does not exist or leaves the years 1 to
    9999. A leap second (``:60``) does not exist here: no language's time type can hold it.
    """
    match = _RFC_3339.fullmatch(text)
    if match is None:
        return "E_TYPE"
    year, month, day, hour, minute, second = (int(part) for part in match.groups()[:6])
    offset_hour, offset_minute = int(match[9] or 0), int(match[10] or 0)
    if offset_hour > 23 or offset_minute > 59:
        return "E_RANGE"
    try:
        local = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return "E_RANGE"
    offset = timedelta(hours=offset_hour, minutes=offset_minute)
    milliseconds = timedelta(milliseconds=int((match[7] or "").ljust(3, "0")[:3]))
    try:
        return local + milliseconds + (offset if match[8] == "-" else -offset)
    except OverflowError:
        return "E_RANGE"
