"""What the calls of a cache give."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

V = TypeVar("V")

Source = Literal["redis", "stale", "database"]


@dataclass(frozen=True, slots=True)
class CachedEntry(Generic[V]):
    """A read's answer and where it came from."""

    value: V | None
    """None = not found."""
    source: Source
    """``redis``: a fresh entry. ``stale``: an entry within its grace. ``database``: a load, own or shared."""
    version: int
    """0 = unknown."""
    maybe_stale: bool
    """Write-behind only: an accepted write may not have reached the database that answered."""
    foreign: bool
    """Written under another schema: another release, during a roll.

    Complete for this release's code, but fields that its schema lacks are gone: never make what you ``put`` or persist
    out of it, read the source of truth instead.
    """


@dataclass(frozen=True, slots=True)
class Written:
    """A committed write."""

    version: int
    """Token for ``min_version``; 0 when the entity has no version."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """An accepted write-behind write."""

    version: int
    """Token for ``min_version``, and the write's place in the order of its log."""
    op: str
    """Id of the operation."""


@dataclass(frozen=True, slots=True)
class RedisInfo:
    """Figures of the server, from INFO."""

    used_memory_bytes: int
    max_memory_bytes: int
    """0 = no limit."""
    evicted_keys: int
    expired_keys: int
    keyspace_hits: int
    keyspace_misses: int
    eviction_policy: str | None
