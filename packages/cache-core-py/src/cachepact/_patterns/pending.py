"""A write-behind value that is not under its key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from cachepact._patterns.answer import Answer, from_entry
from cachepact._random import spread
from cachepact._store.decoding import decode_or_none, fits
from cachepact._store.effects import Flow, Get, Sleep

if TYPE_CHECKING:
    from cachepact._core import EntityContext
    from cachepact._key import EntryKeys

_POLL_MS = 10
"""The pause between two looks, before half of it is added or taken: about the time of one drained batch."""


def read_pending(
    context: EntityContext, key: object, keys: EntryKeys, min_version: int
) -> Flow[Answer | Literal["clean", "unknown"]]:
    """Look for a value that is accepted, not in the database yet, and evicted or written under another generation.

    ``clean``: nothing is pending, the database has the truth. ``unknown``: something is, and it did not become readable
    within the read's deadline; the database's answer may lack it. Redis failures are TransportErrors.
    """
    core = context.core
    give_up_at = core.clock.monotonic_ms() + core.options.read_timeout_ms
    while True:
        pending = yield from core.scripts.pending(keys, context.record.generation)
        if pending.code == "CLEAN":
            return "clean"
        if pending.code == "PENDING":
            entry = decode_or_none(context, pending.frame, key)
            # Older than the token: Redis has lost its tail, and the database may have got the newer one before that.
            if entry is None or not fits(entry, min_version):
                return "unknown"
            return from_entry(entry, "pending")
        # OTHER: written under another generation. GONE: an ack is under way, or the event was lost. Neither lasts.
        pause_ms = spread(core.random, _POLL_MS)
        if core.clock.monotonic_ms() + pause_ms >= give_up_at:
            return "unknown"
        yield Sleep(pause_ms)
        data = yield from core.events.timed("get", Get(keys.value))
        entry = None if data is None else decode_or_none(context, data, key)
        if entry is not None and fits(entry, min_version):
            return from_entry(entry)
