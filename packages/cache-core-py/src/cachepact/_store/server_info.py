"""What the server tells about itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cachepact._errors import CachepactError
from cachepact._results import RedisInfo
from cachepact._store.effects import Command, Flow
from cachepact._store.transport_error import TransportError

if TYPE_CHECKING:
    from cachepact._store.redis_clock import RedisClock


@dataclass(frozen=True, slots=True)
class ServerInfo:
    """What one connection has learned about its server; another connection may lead to another server."""

    run_id: str
    """Of the server process: write-behind uses a partition only under the process that a worker has armed."""
    eviction_policy: str | None
    """``maxmemory-policy``, or None when neither CONFIG nor INFO may tell."""


def parse_info(reply: object) -> dict[str, str]:
    """Read the lines of INFO."""
    text = reply.decode("latin-1") if isinstance(reply, bytes) else ""
    pairs = (line.partition(":") for line in text.split("\r\n"))
    return {name: value for name, colon, value in pairs if colon}


def read_redis_info() -> Flow[RedisInfo]:
    """Read the figures of the server. E_UNAVAILABLE without an answer."""
    try:
        reply = yield Command(("INFO",))
    except TransportError as error:
        raise CachepactError(
            "E_UNAVAILABLE", "could not read INFO of Redis; try again when it answers", retry_after_ms=1000
        ) from error
    return redis_info(parse_info(reply))


def redis_info(info: dict[str, str]) -> RedisInfo:
    """Pick the figures of INFO."""

    def figure(name: str) -> int:
        return int(info.get(name, "0"))

    return RedisInfo(
        used_memory_bytes=figure("used_memory"),
        max_memory_bytes=figure("maxmemory"),
        evicted_keys=figure("evicted_keys"),
        expired_keys=figure("expired_keys"),
        keyspace_hits=figure("keyspace_hits"),
        keyspace_misses=figure("keyspace_misses"),
        eviction_policy=info.get("maxmemory_policy"),
    )


def sample_clock(redis_clock: RedisClock) -> Flow[None]:
    """Ask Redis for its time."""
    sent_at = redis_clock.monotonic_ms()
    reply = yield Command(("TIME",))
    redis_clock.observe(int(reply[0]) * 1000 + int(reply[1]) // 1000, sent_at)


def may_evict(server: ServerInfo) -> bool:
    """Tell whether Redis may drop keys without a ttl, as unpersisted values and their stream are. Unknown = trusted."""
    return server.eviction_policy is not None and server.eviction_policy.startswith("allkeys-")
