"""Says in the log when Redis stops to answer and when it answers again: requests alone only become slower."""

from __future__ import annotations

from typing import TYPE_CHECKING

from user_api.logs import log

if TYPE_CHECKING:
    from cachepact import AsyncCache, CacheEvent

    from user_api.repeat_filter import RepeatFilter


def log_redis(cache: AsyncCache, repeats: RepeatFilter) -> None:
    """Listen to the cache. Once for each cache."""
    troubled = False

    def listen(event: CacheEvent) -> None:
        nonlocal troubled
        if event.type == "command_error":
            repeated = repeats.repeated(f"redis {event.reason}")
            if repeated is not None:
                troubled = True
                log.warning(
                    "Redis gives no usable answer: reads go to the database, write-behinds are refused",
                    command=event.command,
                    reason=event.reason,
                    repeated=repeated,
                )
        elif event.type == "command" and troubled:
            troubled = False
            if repeats.repeated("redis answers") is not None:
                log.info("Redis answers")

    cache.on(listen)
