"""How long an entry lives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cachepact._expiration.ttl_jitter import jittered_ttl_ms

if TYPE_CHECKING:
    from cachepact._random import Random
    from cachepact._record import EntityRecord


@dataclass(frozen=True, slots=True)
class Lifetime:
    """How long an entry lives, in ms from the moment at which a script stores it."""

    px_ms: int
    """Until Redis drops it: fresh time plus grace."""
    fresh_ms: int
    """Until it is stale; 0 = it has no stale phase and its frame carries no ``stale_at``."""


def lifetime(
    record: EntityRecord, random: Random, *, ttl_ms: int | None = None, replica_ms: int | None = None
) -> Lifetime:
    """Draw the lifetime of an entry that holds a value.

    ``ttl_ms``: the loader's own for this value. ``replica_ms``: how long a row of a lagging replica may count as fresh.
    """
    # A loader may shorten the contract's ttl, never lengthen it: other services rely on the contract.
    ttl = record.ttl_ms if ttl_ms is None else min(record.ttl_ms, ttl_ms)
    jittered = jittered_ttl_ms(ttl, record.jitter_ratio, random)
    fresh = jittered if replica_ms is None else min(jittered, replica_ms)
    # Without grace nothing may be served after its fresh time: the limit is then that of the entry itself.
    px = fresh if record.grace_ms == 0 else jittered + record.grace_ms
    return Lifetime(px_ms=px, fresh_ms=fresh if has_stale_phase(record) else 0)


def negative_lifetime(record: EntityRecord, *, ttl_ms: int | None = None) -> Lifetime:
    """Give the lifetime of a "not found": the smallest of negative ttl, ttl and the loader's own, without jitter.

    No grace: a row that was inserted behind the cache's back must show up after the negative ttl at the latest.
    """
    own = record.ttl_ms if ttl_ms is None else ttl_ms
    return Lifetime(px_ms=min(record.negative_ttl_ms, record.ttl_ms, own), fresh_ms=0)


def has_stale_phase(record: EntityRecord) -> bool:
    """Tell whether entries carry ``stale_at``: with grace, early refresh or sliding expiration."""
    return record.grace_ms > 0 or record.early_refresh or record.sliding is not None
