"""Where Redis is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes, urlsplit

_DEFAULT_PORT = 6379
_DATABASE = re.compile(r"[0-9]{0,9}")
_BROKEN = re.compile(r"%(?![0-9A-Fa-f]{2})")


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
    if not _DATABASE.fullmatch(db):
        return "redis must name its database by a number, as in redis://localhost:6379/1"
    try:
        username, password = _decoded(parts.username), _decoded(parts.password)
    except UnicodeDecodeError:
        return "redis must percent-encode its user and password"
    return RedisAddress(
        host=parts.hostname,
        port=_DEFAULT_PORT if port is None else port,
        db=int(db or 0),
        username=username or None,
        password=password or None,
        tls=parts.scheme == "rediss",
    )


def _decoded(text: str | None) -> str:
    """Decode percent-encoding. UnicodeDecodeError when it is broken or stands for no text."""
    data = unquote_to_bytes(text or "")
    if _BROKEN.search(text or ""):
        raise UnicodeDecodeError("utf-8", data, 0, 1, "broken percent-encoding")
    return data.decode()
