"""Commands to Redis with asyncio. Every one has a deadline and ends in a reply or a TransportError."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from redis.exceptions import NoScriptError

from cachepact._store.async_pool import AsyncLink, AsyncPool
from cachepact._store.connection import (
    ADMIN_TIMEOUT_MS,
    BATCH_MAX,
    Handshake,
    is_demoted,
    is_reply_error,
    script_command,
    script_text_commands,
)
from cachepact._store.transport_error import classify, unavailable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

    from cachepact._options import CacheOptions
    from cachepact._store.effects import Argument, ScriptCommand
    from cachepact._store.server_info import ServerInfo

    _Batch = dict[str, list[asyncio.Future[bytes | None]]]


class AsyncTransport:
    """Nothing is queued while Redis is away and nothing is sent twice: both are the protocol's decisions.

    The GETs of one tick of the event loop travel in one command, the same key once: a client's price is per message.
    """

    def __init__(
        self, options: CacheOptions, on_connected: Callable[[Handshake], None], on_disconnected: Callable[[], None]
    ) -> None:
        self._options = options
        self._pool = AsyncPool(options, on_connected, on_disconnected)
        self._batch: _Batch = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def get(self, key: str) -> asyncio.Future[bytes | None]:
        """Read one value: the one door for reads."""
        loop = asyncio.get_running_loop()
        if not self._batch:
            # It begins when this tick ends, and takes what was added until then.
            self._begin(self._flush())
        future: asyncio.Future[bytes | None] = loop.create_future()
        self._batch.setdefault(key, []).append(future)
        return future

    async def script(self, name: ScriptCommand, keys: tuple[str, ...], argv: tuple[Argument, ...]) -> Any:
        """Run a script by its digest, with its text when the server has forgotten it."""

        async def exchange(link: AsyncLink) -> Any:
            command = script_command(name, keys, argv, link.handshake.server.run_id)
            try:
                reply = await link.execute(*command)
            except NoScriptError:
                # Nothing ran, so that sending the text is not a second attempt.
                _, reply = await link.execute_all(script_text_commands(command, name))
            if isinstance(reply, Exception):
                raise reply
            return reply

        return await self._exchange(self._options.script_timeout_ms, exchange)

    async def command(self, args: tuple[str, ...]) -> Any:
        """Send any other command."""
        return await self._exchange(ADMIN_TIMEOUT_MS, lambda link: link.execute(*args))

    async def connect(self) -> ServerInfo:
        """See to it that there is a connection."""

        async def learned(link: AsyncLink) -> ServerInfo:
            return link.handshake.server

        server: ServerInfo = await self._exchange(self._options.connect_timeout_ms, learned)
        return server

    async def close(self) -> None:
        """Close all connections."""
        for task in tuple(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.wait(tuple(self._tasks))
        # A task that was cancelled before it began has taken nothing.
        batch, self._batch = self._batch, {}
        _fail(batch, unavailable())
        await self._pool.close()

    async def _exchange(self, timeout_ms: int, exchange: Callable[[AsyncLink], Awaitable[Any]]) -> Any:
        link: AsyncLink | None = None
        try:
            async with asyncio.timeout(timeout_ms / 1000):
                link = await self._pool.acquire()
                reply = await exchange(link)
        except Exception as error:  # noqa: BLE001 - every failure is given a name
            if link is not None:
                if is_demoted(error):
                    await self._pool.leave(link)
                else:
                    await (self._pool.release(link) if is_reply_error(error) else self._pool.break_off(link))
            failure = classify(error, sent=link is not None)
            raise failure from failure.__cause__
        except BaseException:
            if link is not None:
                await self._pool.break_off(link)
            raise
        await self._pool.release(link)
        return reply

    def _begin(self, reading: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(reading)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _flush(self) -> None:
        batch, self._batch = self._batch, {}
        if len(batch) > BATCH_MAX:
            waiting = list(batch.items())
            for start in range(BATCH_MAX, len(waiting), BATCH_MAX):
                self._begin(self._read(dict(waiting[start : start + BATCH_MAX])))
            batch = dict(waiting[:BATCH_MAX])
        await self._read(batch)

    async def _read(self, batch: _Batch) -> None:
        keys = tuple(batch)
        command = ("GET", *keys) if len(keys) == 1 else ("MGET", *keys)
        try:
            reply = await self._exchange(self._options.read_timeout_ms, lambda link: link.execute(*command))
        except Exception as error:  # noqa: BLE001 - it is the callers'
            _fail(batch, error)
            return
        except BaseException:
            _fail(batch, unavailable())
            raise
        for futures, data in zip(batch.values(), [reply] if len(keys) == 1 else reply, strict=True):
            for future in futures:
                if not future.done():
                    future.set_result(data)


def _fail(batch: _Batch, error: Exception) -> None:
    for futures in batch.values():
        for future in futures:
            if not future.done():
                future.set_exception(error)
