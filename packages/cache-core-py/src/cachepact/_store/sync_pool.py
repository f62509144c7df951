"""Connections for threads."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING, Any

from redis import Connection, SSLConnection
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
from cachepact._store.transport_error import TransportError, unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cachepact._clock import Clock
    from cachepact._options import CacheOptions


class Deadline:
    """Until when a command may take, connection and all."""

    __slots__ = ("_clock", "_until")

    def __init__(self, clock: Clock, ms: float) -> None:
        self._clock = clock
        self._until = clock.monotonic_ms() + ms

    @property
    def left_s(self) -> float:
        """What is left, at least a millisecond: a timeout of 0 means something else to a socket."""
        return max(1.0, self._until - self._clock.monotonic_ms()) / 1000


class SyncLink:
    """One connection with what it has learned about its server. One thread at a time holds it."""

    def __init__(self, connection: Any, handshake: Handshake, epoch: int) -> None:
        self.connection = connection
        self.handshake = handshake
        self.epoch = epoch

    def execute(self, *command: Any, deadline: Deadline) -> Any:
        """Send one command and read its reply; an error reply is raised."""
        self.connection.send_command(*command)
        return self.connection.read_response(timeout=deadline.left_s)

    def execute_all(self, commands: list[list[Any]], deadline: Deadline) -> list[Any]:
        """Send commands in one write; error replies stand among the replies."""
        return _pipeline(self.connection, commands, deadline)

    def usable(self) -> bool:
        """Tell whether nothing has come meanwhile: no end of the stream, no late reply."""
        try:
            return bool(self.connection.is_connected) and not self.connection.can_read()
        except (OSError, RedisError):
            return False

    def disconnect(self) -> None:
        """Close the socket."""
        with contextlib.suppress(Exception):
            self.connection.disconnect()


class SyncPool:
    """Opens connections as they are needed, up to a limit; threads beyond it wait, within their own deadline.

    Connecting is nobody's request: it goes on, in a thread of its own, when the caller's deadline has passed, or a slow
    network would never be reached. While Redis is away callers fail at once, and attempts are made beside them, further
    and further apart.
    """

    def __init__(
        self, options: CacheOptions, on_connected: Callable[[Handshake], None], on_disconnected: Callable[[], None]
    ) -> None:
        self._options = options
        self._on_connected = on_connected
        self._on_disconnected = on_disconnected
        self._changed = threading.Condition()
        self._idle: list[SyncLink] = []
        self._open = 0
        self._attempts = 0
        self._waiting = 0
        self._epoch = 0
        """Rises when all present connections lead to a server that is to be left."""
        self._known_servers: set[str] = set()
        self._last_error: BaseException | None = None
        self._failures = 0
        """Counts the failed attempts, so that those that waited for one learn of it."""
        self._away = False
        self._retry_at = 0.0
        self._pause_ms = float(RECONNECT_FIRST_MS)
        self._closed = False

    def acquire(self, deadline: Deadline) -> SyncLink:
        """Take a connection. TransportError when there is none in time, and when Redis is known to be away."""
        while True:
            link = self._take(deadline)
            if link.usable():
                return link
            with self._changed:
                self._open -= 1
            link.disconnect()

    def release(self, link: SyncLink) -> None:
        """Give a connection back; a broken one is dropped."""
        with self._changed:
            keep = not self._closed and link.epoch == self._epoch and bool(link.connection.is_connected)
            if keep:
                self._idle.append(link)
                self._changed.notify()
            else:
                self._open -= 1
                if self._waiting and not self._closed:
                    self._start_attempt()
        if not keep:
            link.disconnect()

    def break_off(self, link: SyncLink) -> None:
        """Drop a connection whose reply may still come."""
        link.disconnect()
        self.release(link)

    def leave(self, link: SyncLink) -> None:
        """Drop a connection, and all others to its server."""
        with self._changed:
            idle: list[SyncLink] = []
            if link.epoch == self._epoch:
                self._epoch += 1
                idle, self._idle = self._idle, []
                self._open -= len(idle)
        for each in idle:
            each.disconnect()
        self.break_off(link)

    def close(self) -> None:
        """Close all connections that no thread holds; the others close as they come back."""
        with self._changed:
            self._closed = True
            idle, self._idle = self._idle, []
            self._open -= len(idle)
            self._changed.notify_all()
        for link in idle:
            link.disconnect()

    def _take(self, deadline: Deadline) -> SyncLink:
        with self._changed:
            if not self._closed and self._idle:
                return self._idle.pop()
            self._refuse()
            self._waiting += 1
            failures, until_s = self._failures, deadline.left_s
            try:
                if self._open + self._attempts < self._options.connections_max and self._attempts < self._waiting:
                    self._start_attempt()
                while not self._idle:
                    if not self._changed.wait(until_s):
                        raise TransportError("timeout", "none", "TIMEOUT", "there was no connection in time")
                    if self._failures != failures or self._closed:
                        self._refuse()
                    until_s = deadline.left_s
                return self._idle.pop()
            finally:
                self._waiting -= 1

    def _refuse(self) -> None:
        """Raise when waiting is of no use."""
        if self._closed:
            raise unavailable()
        if self._away:
            if not self._attempts and self._options.clock.monotonic_ms() >= self._retry_at:
                self._start_attempt()
            raise unavailable(self._last_error)

    def _start_attempt(self) -> None:
        threading.Thread(target=self._attempt, args=(self._epoch,), name="cachepact-connect", daemon=True).start()
        self._attempts += 1

    def _attempt(self, epoch: int) -> None:
        try:
            link = self._connect(epoch)
        except Exception as error:  # noqa: BLE001 - whatever it is, there is no connection
            self._failed(error)
            return
        with self._changed:
            self._open += 1
            self._away = False
            self._pause_ms = RECONNECT_FIRST_MS
            self._known_servers.add(link.handshake.server.run_id)
        try:
            # Before the connection serves anybody: owed invalidations go first.
            self._on_connected(link.handshake)
        finally:
            with self._changed:
                self._attempts -= 1
            self.release(link)

    def _connect(self, epoch: int) -> SyncLink:
        kind = SSLConnection if self._options.address.tls else Connection
        deadline = Deadline(self._options.clock, self._options.connect_timeout_ms)
        timeout_s = self._options.connect_timeout_ms / 1000
        connection: Any = kind(
            **connection_options(self._options.address), socket_timeout=timeout_s, socket_connect_timeout=timeout_s
        )
        try:
            connection.connect()
            return SyncLink(connection, self._shake_hands(connection, deadline), epoch)
        except BaseException:
            with contextlib.suppress(Exception):
                connection.disconnect()
            raise

    def _shake_hands(self, connection: Any, deadline: Deadline) -> Handshake:
        sent_at = self._options.clock.monotonic_ms()
        # Which server it is decides whether the scripts must be loaded, so that they come second.
        first = _pipeline(connection, handshake_commands(load_scripts=False), deadline)
        handshake = read_handshake(first, sent_at)
        if handshake.server.run_id not in self._known_servers:
            _pipeline(connection, handshake_commands(load_scripts=True)[3:], deadline)
        return handshake

    def _failed(self, error: Exception) -> None:
        with self._changed:
            self._attempts -= 1
            self._last_error = without_frames(error)
            if self._open > 0:
                return  # others serve: the limit of the server may be reached
            self._away = True
            self._failures += 1
            self._retry_at = self._options.clock.monotonic_ms() + spread(self._options.random, self._pause_ms)
            self._pause_ms = min(self._pause_ms * 2, RECONNECT_MAX_MS)
            self._changed.notify_all()
        self._on_disconnected()


def _pipeline(connection: Any, commands: Sequence[Sequence[Any]], deadline: Deadline) -> list[Any]:
    """Send commands in one write; error replies stand among the replies."""
    connection.send_packed_command(connection.pack_commands(commands), check_health=False)
    replies: list[Any] = []
    for _ in commands:
        try:
            replies.append(connection.read_response(timeout=deadline.left_s))
        except ResponseError as error:
            replies.append(error)
    return replies
