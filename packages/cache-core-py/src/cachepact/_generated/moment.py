"""Times: aware datetimes in values, whole milliseconds on the wire."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from cachepact._generated.unusual import UnusualError
from cachepact._timestamp import epoch_ms, from_epoch_ms, timestamp_from_parts, timestamp_parts

if TYPE_CHECKING:
    from typing import Protocol

    class TimeMessage(Protocol):
        """The message of a time, of the Protobuf library."""

        seconds: int
        nanos: int


# "2023-11-14T22:13:20Z" and "2023-11-14T22:13:20.123Z".
_SECONDS, _MILLISECONDS = 20, 24


def whole_ms(moment: datetime) -> datetime:
    """Give the UTC time with finer digits floored."""
    if type(moment) is datetime and moment.tzinfo is UTC:
        finer = moment.microsecond % 1000
        return moment.replace(microsecond=moment.microsecond - finer) if finer else moment
    return from_epoch_ms(_epoch_ms(moment))


def exact_ms(moment: datetime) -> datetime:
    """Give a time that was read when it has no finer digits: the engine rounds them, the wire floors."""
    if moment.microsecond % 1000:
        raise UnusualError
    return moment


def time_text(moment: datetime) -> str:
    """Write RFC 3339 in UTC with a ``Z``; three digits of a second, or none when they are zero."""
    if type(moment) is not datetime or moment.tzinfo is not UTC:
        moment = from_epoch_ms(_epoch_ms(moment))
    text = moment.isoformat(timespec="milliseconds" if moment.microsecond >= 1000 else "seconds")
    return text[:-6] + "Z"


def read_time(text: str) -> datetime:
    """Read RFC 3339 in the form that is written."""
    size = len(text)
    # The engine also takes a space for the T, offsets without a colon and more digits, which it rounds.
    if text[-1] != "Z" or text[10] != "T" or (size != _SECONDS and (size != _MILLISECONDS or text[19] != ".")):
        raise UnusualError
    return msgspec.convert(text, datetime)


def put_time(message: Any, moment: datetime) -> None:
    """Write a time into its message, which is there even when both parts are zero."""
    message.SetInParent()
    message.seconds, message.nanos = timestamp_parts(_epoch_ms(moment))


def take_time(message: TimeMessage) -> datetime:
    """Read a time from its message."""
    moment = timestamp_from_parts(message.seconds, message.nanos)
    if moment is None:
        raise UnusualError
    return moment


def _epoch_ms(moment: datetime) -> int:
    if type(moment) is not datetime or moment.utcoffset() is None:
        raise UnusualError
    return epoch_ms(moment)
