"""The header X-Cache: where an answer came from."""

from __future__ import annotations

import time
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from cachepact import AsyncCache, AsyncEntityCache, CacheEvent

K = TypeVar("K")
V = TypeVar("V")


@dataclass(slots=True)
class _Reading:
    result: str | None = None


_reading: ContextVar[_Reading] = ContextVar("user_api_reading")


def observe_reads(cache: AsyncCache) -> None:
    """Let ``read_entry`` learn what the cache says about the reads of the current request. Once for each cache."""

    def listen(event: CacheEvent) -> None:
        reading = _reading.get(None) if event.type == "request" else None
        if reading is not None and event.type == "request":
            reading.result = event.result

    cache.on(listen)


@dataclass(frozen=True, slots=True)
class Read(Generic[V]):
    """What one read gave, and the headers that say where it came from."""

    value: V | None
    headers: dict[str, str]


async def read_entry(cache: AsyncEntityCache[K, V], key: K) -> Read[V]:
    """Read one entry.

    The header X-Cache says where it came from:
    ``hit``, ``negative`` (Redis knows that it does not exist), ``stale``, ``pending`` (an accepted write that is not in
    the database yet), ``miss`` (loaded from the database and offered to Redis) or ``bypass`` (loaded, and Redis was not
    used: it is away, or the entry is being written).
    """
    started = time.perf_counter()
    reading = _Reading()
    _reading.set(reading)
    entry = await cache.get_entry(key)
    result = reading.result
    if result is None:
        result = {"stale": "stale", "database": "miss"}.get(entry.source, "negative" if entry.value is None else "hit")
    elif result == "error":
        result = "bypass"
    duration = (time.perf_counter() - started) * 1000
    return Read(entry.value, {"x-cache": result, "server-timing": f"cache;desc={result};dur={duration:.2f}"})
