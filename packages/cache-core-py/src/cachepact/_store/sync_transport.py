"""Commands to Redis with threads. Every one has a deadline and ends in a reply or a TransportError."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from redis.exceptions import NoScriptError

from cachepact._store.connection import (
    ADMIN_TIMEOUT_MS,
    Handshake,
    is_demoted,
    is_reply_error,
    script_command,
    script_text_commands,
)
from cachepact._store.sync_pool import Deadline, SyncLink, SyncPool
from cachepact._store.transport_error import classify

if TYPE_CHECKING:
    from collections.abc import Callable

    from cachepact._options import CacheOptions
    from cachepact._store.effects import Argument, ScriptCommand
    from cachepact._store.server_info import ServerInfo


class SyncTransport:
    """Nothing is queued while Redis is away and nothing is sent twice: both are the protocol's decisions."""

    def __init__(
        self, options: CacheOptions, on_connected: Callable[[Handshake], None], on_disconnected: Callable[[], None]
    ) -> None:
        self._options = options
        self._pool = SyncPool(options, on_connected, on_disconnected)

    def get(self, key: str) -> bytes | None:
        """Read one value."""
        data: bytes | None = self._exchange(
            self._options.read_timeout_ms, lambda link, deadline: link.execute("GET", key, deadline=deadline)
        )
        return data

    def script(self, name: ScriptCommand, keys: tuple[str, ...], argv: tuple[Argument, ...]) -> Any:
        """Run a script by its digest, with its text when the server has forgotten it."""

        def exchange(link: SyncLink, deadline: Deadline) -> Any:
            command = script_command(name, keys, argv, link.handshake.server.run_id)
            try:
                return link.execute(*command, deadline=deadline)
            except NoScriptError:
                # Nothing ran, so that sending the text is not a second attempt.
                _, reply = link.execute_all(script_text_commands(command, name), deadline)
            if isinstance(reply, Exception):
                raise reply
            return reply

        return self._exchange(self._options.script_timeout_ms, exchange)

    def command(self, args: tuple[str, ...]) -> Any:
        """Send any other command."""
        return self._exchange(ADMIN_TIMEOUT_MS, lambda link, deadline: link.execute(*args, deadline=deadline))

    def connect(self) -> ServerInfo:
        """See to it that there is a connection."""
        server: ServerInfo = self._exchange(
            self._options.connect_timeout_ms, lambda link, _deadline: link.handshake.server
        )
        return server

    def close(self) -> None:
        """Close all connections."""
        self._pool.close()

    def _exchange(self, timeout_ms: int, exchange: Callable[[SyncLink, Deadline], Any]) -> Any:
        deadline = Deadline(self._options.clock, timeout_ms)
        link: SyncLink | None = None
        try:
            link = self._pool.acquire(deadline)
            reply = exchange(link, deadline)
        except Exception as error:  # noqa: BLE001 - every failure is given a name
            if link is not None:
                if is_demoted(error):
                    self._pool.leave(link)
                else:
                    (self._pool.release if is_reply_error(error) else self._pool.break_off)(link)
            failure = classify(error, sent=link is not None)
            raise failure from failure.__cause__
        except BaseException:
            if link is not None:
                self._pool.break_off(link)
            raise
        self._pool.release(link)
        return reply
