"""Entries as reads meet them."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from cachepact._entry import Entry, decode_entry
from cachepact._errors import CachepactError
from cachepact._events import DecodeFailureEvent, ForeignEvent

if TYPE_CHECKING:
    from cachepact._core import EntityContext


def decode_or_none(context: EntityContext, data: bytes, key: object) -> Entry[Any] | None:
    """Decode an entry; None = it cannot be decoded, which is counted and is a miss.

    An entry of another schema is counted and served.
    Never an exception to the caller, and never a blind delete: a newer reader may understand the bytes.
    """
    try:
        entry = decode_entry(context.entity, data, key)
    except CachepactError as error:
        if context.core.events.active:
            context.core.events.emit(DecodeFailureEvent(context.record.entity, error.code))
        return None
    if entry.foreign and context.core.events.active:
        context.core.events.emit(ForeignEvent(context.record.entity))
    return entry


def digest_of(data: bytes) -> str:
    """Name bytes that could not be decoded, so that ``acquire`` and ``fill`` may replace these and no others."""
    return hashlib.sha1(data, usedforsecurity=False).hexdigest()


def fits(entry: Entry[Any], min_version: int) -> bool:
    """Tell whether an entry answers a read of at least ``min_version``. A "not found" has no version to compare."""
    return min_version == 0 or (entry.version >= min_version and (entry.value is not None or entry.dirty))
