"""What every connection to Redis is made with, and what it asks first. Both transports share it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from redis import exceptions
from redis.backoff import NoBackoff
from redis.retry import Retry

from cachepact._gen.scripts import SCRIPTS
from cachepact._store.effects import RUN_ID, Argument, ScriptCommand
from cachepact._store.server_info import ServerInfo, parse_info

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cachepact._store.redis_address import RedisAddress

CLIENT_NAME = "cachepact"
ADMIN_TIMEOUT_MS = 1_000
"""How long a reply to INFO and TIME may take: they serve start-up and scrapes, nobody's request waits."""
BATCH_MAX = 128
"""Keys of one MGET."""
RECONNECT_FIRST_MS = 25
RECONNECT_MAX_MS = 1_000
"""The pause between two connection attempts while Redis is away doubles up to this, before half is added or taken."""


@dataclass(frozen=True, slots=True)
class Handshake:
    """What a new connection learned."""

    server: ServerInfo
    server_ms: int
    """Redis' time, epoch ms."""
    sent_at: float
    """When it was asked for, on the monotonic clock."""


def connection_options(address: RedisAddress) -> dict[str, Any]:
    """List the client settings that the failure tests rest on.

    The library's own retry ten times, which takes seconds to fail and may run a write twice.
    """
    return {
        "host": address.host,
        "port": address.port,
        "db": address.db,
        "username": address.username,
        "password": address.password,
        "client_name": CLIENT_NAME,
        # RESP2: our replies are the same in both protocols, and RESP3 adds a handshake and push frames.
        "protocol": 2,
        "retry": Retry(NoBackoff(), 0),
        # A PING before a command would double its round trips; a broken connection shows by itself.
        "health_check_interval": 0,
        "decode_responses": False,
        # No CLIENT SETINFO: an error reply on older servers, on every connection.
        "driver_info": None,
    }


def handshake_commands(*, load_scripts: bool) -> list[tuple[str, ...]]:
    """List what a new connection asks: INFO, the eviction policy, the time; the scripts when the server is new."""
    commands: list[tuple[str, ...]] = [("INFO",), ("CONFIG", "GET", "maxmemory-policy"), ("TIME",)]
    if load_scripts:
        # EVAL's cache is small on some servers; what SCRIPT LOAD put in stays.
        commands.extend(("SCRIPT", "LOAD", script.source) for script in SCRIPTS.values())
    return commands


def read_handshake(replies: Sequence[Any], sent_at: float) -> Handshake:
    """Read the replies to ``handshake_commands``, errors among them as values."""
    info_reply, policy_reply, time_reply = replies[:3]
    if isinstance(info_reply, Exception):
        raise info_reply
    if isinstance(time_reply, Exception):
        raise time_reply
    info = parse_info(info_reply)
    # Managed services often forbid CONFIG; INFO then has the answer, on most of them.
    policy = info.get("maxmemory_policy")
    if isinstance(policy_reply, list) and len(policy_reply) == 2:
        policy = policy_reply[1].decode("latin-1")
    server = ServerInfo(run_id=info.get("run_id", ""), eviction_policy=policy)
    return Handshake(server, int(time_reply[0]) * 1000 + int(time_reply[1]) // 1000, sent_at)


def script_command(name: ScriptCommand, keys: tuple[str, ...], argv: tuple[Argument, ...], run_id: str) -> list[Any]:
    """Make an EVALSHA; the run_id is that of the server at the other end of the very connection that sends it."""
    arguments = [run_id if argument == RUN_ID else argument for argument in argv]
    return ["EVALSHA", SCRIPTS[name].sha1, len(keys), *keys, *arguments]


def script_text_commands(command: list[Any], name: ScriptCommand) -> list[list[Any]]:
    """Make what stands in for an EVALSHA whose script the server has forgotten: SCRIPT LOAD for the next, and EVAL."""
    source = SCRIPTS[name].source
    return [["SCRIPT", "LOAD", source], ["EVAL", source, *command[2:]]]


def is_reply_error(error: BaseException) -> bool:
    """Tell whether an error is a reply: the connection that brought it is as good as before."""
    return isinstance(error, exceptions.ResponseError)


def without_frames(error: Exception) -> Exception:
    """Give an error that may be kept: it holds no frame, and so nothing that was local where it was raised."""
    error.__traceback__ = error.__context__ = error.__cause__ = None
    return error


def is_demoted(error: BaseException) -> bool:
    """Tell whether the server was the primary once: leave it, or every write fails until this process is restarted."""
    return isinstance(error, exceptions.ReadOnlyError)
