"""Wires the service together: configuration, logs, Postgres, the cache, the routes."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import time
from typing import TYPE_CHECKING

from cachepact import AsyncCache

from user_api.cache_log import log_redis
from user_api.config import load_config
from user_api.database import connect_database
from user_api.logs import configure_logs, log
from user_api.repeat_filter import RepeatFilter
from user_api.server import add_routes, create_app

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from fastapi import FastAPI


def app() -> FastAPI:
    """Make the application of this process, configured by its environment: what uvicorn calls (``--factory``)."""
    config = load_config()
    configure_logs(config.log_level, config.log_format)

    repeats = RepeatFilter(time.monotonic)

    @contextlib.asynccontextmanager
    async def lifespan(application: FastAPI) -> AsyncIterator[None]:
        database = await connect_database(config.database_url.get_secret_value())
        cache = AsyncCache(redis=config.redis_url.get_secret_value(), namespace=config.cache_namespace)
        add_routes(application, cache=cache, database=database)
        log_redis(cache, repeats)
        # Not awaited: the service answers from Postgres while Redis is away.
        greeting = asyncio.create_task(_greet_redis(cache))
        _freeze()
        log.info("started", **config.describe())
        try:
            yield
        finally:
            greeting.cancel()
            await cache.close()
            await database.close()
            log.info("stopped")

    return create_app(lifespan, repeats)


async def _greet_redis(cache: AsyncCache) -> None:
    try:
        await cache.ready()
    except Exception as error:  # noqa: BLE001  # reported, whatever it is
        log.warning("Redis is not ready", error=str(error))


def _freeze() -> None:
    """Take what was imported out of the garbage collector's work: a quarter to a half of the CPU of a cached read."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
