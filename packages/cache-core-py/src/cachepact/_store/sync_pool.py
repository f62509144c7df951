"""Connections for threads."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING, Any

from redis.connection import Connection, SSLConnection
from redis.exceptions import ResponseError

from cachepact._random import spread
from cachepact._store.connection import (
    RECONNECT_FIRST_MS,
    RECONNECT_MAX_MS,
    Handshake,
    connection_options,
    handshake_commands,
    read_handshake,
)
from cachepact._store.transport_error import TransportError, unavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from cachepact._options import CacheOptions


class SyncLink:
    """One connection with what it has learned about its server. One thread at a time holds it."""

    def __init__(self, connection: Any, handshake: Handshake) -> None:
        self.connection = connection
        self.handshake = handshake

    def execute(self, *command: Any, timeout_ms: float) -> Any:
        """Send one command and read its reply; an error reply is raised."""
        self.connection.send_command(*command)
        return self.connection.read_response(timeout=timeout_ms / 1000)

    def usable(self) -> bool:
        """Tell whether nothing has come meanwhile: no end of the stream, no late reply."""
        try:
            return bool(self.connection.is_connected) and not self.connection.can_read()
        except Exception:  # noqa: BLE001 - whatever it is, another connection will do
            return False

    def disconnect(self) -> None:
        """Close the socket."""
        with contextlib.suppress(Exception):
            self.connection.disconnect()


class SyncPool:
    """Opens connections as they are needed, up to a limit; threads beyond it wait, within their own deadline.

    A thread connects for itself within its deadline. While Redis is away threads fail at once, and a thread of the
    pool's own makes the attempts, further and further apart.
    """

    def __init__(
        self, options: CacheOptions, on_connected: Callable[[Handshake], None], on_disconnected: Callable[[], None]
    ) -> None:
        self._options = options
        self._on_connected = on_connected
        self._on_disconnected = on_disconnected
        self._lock = threading.Lock()
        self._free = threading.Semaphore(options.connections_max)
        self._idle: list[SyncLink] = []
        self._open = 0
        self._known_servers: set[str] = set()
        self._away = False
        self._probing = False
        self._retry_at = 0.0
        self._pause_ms = float(RECONNECT_FIRST_MS)
        self._closed = False

    def acquire(self, timeout_ms: float) -> SyncLink:
        """Take a connection. TransportError when there is none in time, and when Redis is known to be away."""
        started_at = self._options.clock.monotonic_ms()
        if not self._free.acquire(timeout=timeout_ms / 1000):
            raise TransportError("timeout", "none", "TIMEOUT", "every connection is in use")
        try:
            link = self._reuse()
            if link is None:
                self._refuse_while_away()
                left_ms = max(1.0, timeout_ms - (self._options.clock.monotonic_ms() - started_at))
                link = self._connect(min(left_ms, self._options.connect_timeout_ms))
        except BaseException:
            self._free.release()
            raise
        return link

    def release(self, link: SyncLink) -> None:
        """Give a connection back; a broken one is dropped."""
        with self._lock:
            keep = not self._closed and bool(link.connection.is_connected)
            if keep:
                self._idle.append(link)
            else:
                self._open -= 1
        if not keep:
            link.disconnect()
        self._free.release()

    def break_off(self, link: SyncLink) -> None:
        """Drop a connection whose reply may still come."""
        link.disconnect()
        self.release(link)

    def close(self) -> None:
        """Close all connections that no thread holds; the others close as they come back."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
            self._open -= len(idle)
        for link in idle:
            link.disconnect()

    def _reuse(self) -> SyncLink | None:
        while True:
            with self._lock:
                if self._closed:
                    raise unavailable()
                if not self._idle:
                    return None
                link = self._idle.pop()
            if link.usable():
                return link
            with self._lock:
                self._open -= 1
            link.disconnect()

    def _refuse_while_away(self) -> None:
        with self._lock:
            if not self._away:
                return
            probe = not self._probing and self._options.clock.monotonic_ms() >= self._retry_at
            self._probing = self._probing or probe
        if probe:
            threading.Thread(target=self._probe, name="cachepact-connect", daemon=True).start()
        raise unavailable()

    def _probe(self) -> None:
        try:
            link = self._connect(self._options.connect_timeout_ms)
            with self._lock:
                keep = not self._closed
                if keep:
                    self._idle.append(link)
                else:
                    self._open -= 1
            if not keep:
                link.disconnect()
        except TransportError:
            pass  # the next caller after the pause starts the next one
        finally:
            with self._lock:
                self._probing = False

    def _connect(self, timeout_ms: float) -> SyncLink:
        kind = SSLConnection if self._options.address.tls else Connection
        timeout_s = timeout_ms / 1000
        connection: Any = kind(
            **connection_options(self._options.address), socket_timeout=timeout_s, socket_connect_timeout=timeout_s
        )
        try:
            connection.connect()
            link = SyncLink(connection, self._shake_hands(connection))
        except BaseException as error:
            with contextlib.suppress(Exception):
                connection.disconnect()
            if not isinstance(error, Exception):
                raise
            self._failed()
            raise unavailable() from error
        with self._lock:
            self._open += 1
            self._away = False
            self._pause_ms = RECONNECT_FIRST_MS
            self._known_servers.add(link.handshake.server.run_id)
        self._on_connected(link.handshake)
        return link

    def _shake_hands(self, connection: Any) -> Handshake:
        sent_at = self._options.clock.monotonic_ms()
        # Which server it is decides whether the scripts must be loaded, so that they come second.
        handshake = read_handshake(_pipeline(connection, handshake_commands(load_scripts=False)), sent_at)
        if handshake.server.run_id not in self._known_servers:
            _pipeline(connection, handshake_commands(load_scripts=True)[3:])
        return handshake

    def _failed(self) -> None:
        with self._lock:
            if self._open > 0:
                return  # others serve: the limit of the server may be reached
            self._away = True
            self._retry_at = self._options.clock.monotonic_ms() + spread(self._options.random, self._pause_ms)
            self._pause_ms = min(self._pause_ms * 2, RECONNECT_MAX_MS)
        self._on_disconnected()


def _pipeline(connection: Any, commands: list[tuple[str, ...]]) -> list[Any]:
    """Send commands in one write; error replies stand among the replies."""
    connection.send_packed_command(connection.pack_commands(commands), check_health=False)
    replies: list[Any] = []
    for _ in commands:
        try:
            replies.append(connection.read_response())
        except ResponseError as error:
            replies.append(error)
    return replies
