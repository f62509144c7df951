"""Where Redis is."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

_DEFAULT_PORT = 6379


@dataclass(frozen=True, slots=True)
class RedisAddress:
    """Where Redis is, and as whom to speak to it."""

    host: str
    port: int
    db: int
    username: str | None
    password: str | None
    tls: bool

    def __repr__(self) -> str:
        """Leave out who and with what secret."""
        return f"RedisAddress({self.host}:{self.port}/{self.db})"


def parse_redis_address(url: object) -> RedisAddress | str:
    """Read ``redis://[user:password@]host[:port][/db]`` or ``rediss://…``; a string is what is wrong with it.

    The URL may hold a password, so that no problem repeats any part of it.
    """
    if not isinstance(url, str):
        return "redis must be a URL such as redis://localhost:6379"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "redis must be a URL such as redis://localhost:6379"
    if parts.scheme not in {"redis", "rediss"}:
        return "redis must begin with redis:// or rediss://"
    if not parts.hostname:
        return "redis must name a host"
    # Parameters would reach the client library and could undo the settings that the failure handling rests on.
    if parts.query or parts.fragment:
        return "redis must not have query parameters or a fragment"
    db = parts.path.removeprefix("/")
    if db and not (db.isascii() and db.isdigit()):
        return "redis must name its database by a number, as in redis://localhost:6379/1"
    return RedisAddress(
        host=parts.hostname,
        port=_DEFAULT_PORT if port is None else port,
        db=int(db or 0),
        username=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        tls=parts.scheme == "rediss",
    )
