"""Connections for asyncio."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from typing import TYPE_CHECKING, Any

from redis.asyncio import Connection, SSLConnection
from redis.exceptions import RedisError, ResponseError

from cachepact._random import spread
from cachepact._store.connection import (
    RECONNECT_FIRST_MS,
    RECONNECT_MAX_MS,
    Handshake,
    connection_options,
    handshake_commands,
    read_handshake,
    without_frames,
)
from cachepact._store.transport_error import unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cachepact._options import CacheOptions


class AsyncLink:
    """One connection with what it has learned about its server."""

    def __init__(self, connection: Any, handshake: Handshake, epoch: int) -> None:
        self.connection = connection
        self.handshake = handshake
        self.epoch = epoch

    async def execute(self, *command: Any) -> Any:
        """Send one command and read its reply; an error reply is raised."""
        await self.connection.send_command(*command)
        return await self.connection.read_response()

    async def execute_all(self, commands: list[list[Any]]) -> list[Any]:
        """Send commands in one write; error replies stand among the replies."""
        return await _pipeline(self.connection, commands)

    async def usable(self) -> bool:
        """Tell whether nothing has come meanwhile: no end of the stream, no late reply."""
        try:
            return bool(self.connection.is_connected) and not await self.connection.can_read()
        except (OSError, RedisError):
            return False


class AsyncPool:
    """Opens connections as they are needed, up to a limit; callers beyond it wait, within their own deadline.

    Connecting is nobody's request: it goes on when the caller's deadline has passed, or a slow network would never be
    reached. While Redis is away callers fail at once, and attempts are made beside them, further and further apart.
    """

    def __init__(
        self, options: CacheOptions, on_connected: Callable[[Handshake], None], on_disconnected: Callable[[], None]
    ) -> None:
        self._options = options
        self._on_connected = on_connected
        self._on_disconnected = on_disconnected
        self._idle: list[AsyncLink] = []
        self._waiters: deque[asyncio.Future[AsyncLink]] = deque()
        self._attempts: set[asyncio.Task[None]] = set()
        self._open = 0
        self._epoch = 0
        """Rises when all present connections lead to a server that is to be left."""
        self._known_servers: set[str] = set()
        self._last_error: BaseException | None = None
        self._away = False
        self._retry_at = 0.0
        self._pause_ms = float(RECONNECT_FIRST_MS)
        self._closed = False

    async def acquire(self) -> AsyncLink:
        """Take a connection. TransportError when there is none and Redis is known to be away."""
        while self._idle:
            link = self._idle.pop()
            if await link.usable():
                return link
            await self._discard(link)
        if self._closed:
            raise unavailable()
        if self._away:
            if not self._attempts and self._options.clock.monotonic_ms() >= self._retry_at:
                self._start_attempt()
            raise unavailable(self._last_error)
        waiter: asyncio.Future[AsyncLink] = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        if self._open + len(self._attempts) < self._options.connections_max:
            self._start_attempt()
        try:
            return await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
                self._give(waiter.result())
            raise

    async def release(self, link: AsyncLink) -> None:
        """Give a connection back; a broken one is dropped."""
        if self._closed or link.epoch != self._epoch or not link.connection.is_connected:
            await self._discard(link)
            if self._waiters and not self._closed:
                self._start_attempt()
        else:
            self._give(link)

    async def break_off(self, link: AsyncLink) -> None:
        """Drop a connection whose reply may still come."""
        with contextlib.suppress(Exception):
            await link.connection.disconnect(nowait=True)
        await self.release(link)

    async def leave(self, link: AsyncLink) -> None:
        """Drop a connection, and all others to its server."""
        if link.epoch == self._epoch:
            self._epoch += 1
            while self._idle:
                await self._discard(self._idle.pop())
        await self.break_off(link)

    async def close(self) -> None:
        """Close all connections that nobody holds; the others close as they come back."""
        self._closed = True
        for attempt in tuple(self._attempts):
            attempt.cancel()
        if self._attempts:
            await asyncio.wait(tuple(self._attempts))
        self._fail_waiters()
        while self._idle:
            await self._discard(self._idle.pop())

    def _start_attempt(self) -> None:
        attempt = asyncio.get_running_loop().create_task(self._connect())
        self._attempts.add(attempt)
        attempt.add_done_callback(self._attempts.discard)

    async def _connect(self) -> None:
        kind = SSLConnection if self._options.address.tls else Connection
        connection: Any = kind(**connection_options(self._options.address), socket_timeout=None)
        try:
            async with asyncio.timeout(self._options.connect_timeout_ms / 1000):
                epoch = self._epoch
                await connection.connect()
                link = AsyncLink(connection, await self._shake_hands(connection), epoch)
        except Exception as error:  # noqa: BLE001 - whatever it is, there is no connection
            with contextlib.suppress(Exception):
                await connection.disconnect(nowait=True)
            self._failed(error)
            return
        except BaseException:
            with contextlib.suppress(Exception):
                await connection.disconnect(nowait=True)
            raise
        self._open += 1
        self._away = False
        self._pause_ms = RECONNECT_FIRST_MS
        self._known_servers.add(link.handshake.server.run_id)
        self._on_connected(link.handshake)
        self._give(link)

    async def _shake_hands(self, connection: Any) -> Handshake:
        sent_at = self._options.clock.monotonic_ms()
        # Which server it is decides whether the scripts must be loaded, so that they come second.
        first = await _pipeline(connection, handshake_commands(load_scripts=False))
        handshake = read_handshake(first, sent_at)
        if handshake.server.run_id not in self._known_servers:
            await _pipeline(connection, handshake_commands(load_scripts=True)[3:])
        return handshake

    def _failed(self, error: Exception) -> None:
        self._last_error = without_frames(error)
        if self._open > 0:
            return  # others serve: the limit of the server may be reached
        self._away = True
        self._retry_at = self._options.clock.monotonic_ms() + spread(self._options.random, self._pause_ms)
        self._pause_ms = min(self._pause_ms * 2, RECONNECT_MAX_MS)
        self._on_disconnected()
        self._fail_waiters()

    def _fail_waiters(self) -> None:
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_exception(unavailable(self._last_error))

    def _give(self, link: AsyncLink) -> None:
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(link)
                return
        self._idle.append(link)

    async def _discard(self, link: AsyncLink) -> None:
        self._open -= 1
        with contextlib.suppress(Exception):
            await link.connection.disconnect()


async def _pipeline(connection: Any, commands: Sequence[Sequence[Any]]) -> list[Any]:
    """Send commands in one write; error replies stand among the replies."""
    await connection.send_packed_command(connection.pack_commands(commands), check_health=False)
    replies: list[Any] = []
    for _ in commands:
        try:
            replies.append(await connection.read_response())
        except ResponseError as error:
            replies.append(error)
    return replies
