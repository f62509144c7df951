"""Reads INFO from any thread and any loop: a scrape cannot wait for the cache's own connections."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

import redis
import redis.asyncio

from cachepact._errors import CachepactError
from cachepact._store.connection import connection_options
from cachepact._store.server_info import parse_info, redis_info

if TYPE_CHECKING:
    from cachepact._options import CacheOptions
    from cachepact._results import RedisInfo

INFO_TIMEOUT_S = 0.2
"""How long a scrape may wait for each of the connection and the reply."""


class InfoClient:
    """A connection for each reading: a scrape comes every few seconds, and an idle socket would have to be minded."""

    def __init__(self, options: CacheOptions) -> None:
        self._options = options

    def read(self) -> RedisInfo:
        """Read the figures of the server. E_UNAVAILABLE."""
        kind = redis.SSLConnection if self._options.address.tls else redis.Connection
        connection: Any = kind(
            **connection_options(self._options.address),
            socket_timeout=INFO_TIMEOUT_S,
            socket_connect_timeout=INFO_TIMEOUT_S,
        )
        try:
            connection.connect()
            connection.send_command("INFO")
            return redis_info(parse_info(connection.read_response()))
        except Exception as error:
            raise _unavailable() from error
        finally:
            with contextlib.suppress(Exception):
                connection.disconnect()

    async def read_async(self) -> RedisInfo:
        """Read them without holding up the event loop. E_UNAVAILABLE."""
        kind = redis.asyncio.SSLConnection if self._options.address.tls else redis.asyncio.Connection
        connection: Any = kind(**connection_options(self._options.address), socket_timeout=None)
        try:
            async with asyncio.timeout(2 * INFO_TIMEOUT_S):
                await connection.connect()
                await connection.send_command("INFO")
                return redis_info(parse_info(await connection.read_response()))
        except Exception as error:
            raise _unavailable() from error
        finally:
            with contextlib.suppress(Exception):
                await connection.disconnect(nowait=True)


def _unavailable() -> CachepactError:
    return CachepactError(
        "E_UNAVAILABLE", "could not read INFO of Redis; try again when it answers", retry_after_ms=1000
    )
