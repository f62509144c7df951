"""What the pools rest on in redis-py: its connections, below the client that most programs use."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
import redis
import redis.asyncio
from cachepact._store.connection import connection_options
from cachepact._store.redis_address import RedisAddress

KINDS = [redis.Connection, redis.SSLConnection, redis.asyncio.Connection, redis.asyncio.SSLConnection]
ADDRESS = RedisAddress(host="host", port=1, db=2, username="user", password="word", tls=False)


def parameters(function: Any) -> set[str]:
    return set(inspect.signature(function).parameters)


@pytest.mark.parametrize("kind", KINDS)
def test_connections_take_what_the_failure_handling_rests_on(kind: Any) -> None:
    connection = kind(**connection_options(ADDRESS), socket_timeout=None, socket_connect_timeout=1.0)
    assert connection.is_connected is False
    assert connection.retry.get_retries() == 0, "what is sent twice is decided by the protocol"
    assert connection.health_check_interval == 0
    assert not connection.driver_info or not connection.driver_info.formatted_name
    assert connection.protocol in {2, "2"}


@pytest.mark.parametrize("kind", KINDS)
def test_connections_have_the_methods_that_the_pools_call(kind: Any) -> None:
    is_async = kind.__module__.startswith("redis.asyncio")
    for name in ("connect", "disconnect", "send_command", "send_packed_command", "read_response", "can_read"):
        assert inspect.iscoroutinefunction(getattr(kind, name)) is is_async, name
    assert not inspect.iscoroutinefunction(kind.pack_commands)
    assert "check_health" in parameters(kind.send_packed_command)
    assert "timeout" in parameters(kind.read_response)
    if is_async:
        assert "nowait" in parameters(kind.disconnect)
    packed = b"".join(kind(**connection_options(ADDRESS)).pack_commands([("GET", "a"), ("TIME",)]))
    assert packed == b"*2\r\n$3\r\nGET\r\n$1\r\na\r\n*1\r\n$4\r\nTIME\r\n"
