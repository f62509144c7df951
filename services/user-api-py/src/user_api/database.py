"""The connection pool to Postgres, and the one place that decides whether Postgres is away."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Protocol

import asyncpg

from user_api.errors import DatabaseUnavailableError

if TYPE_CHECKING:
    from collections.abc import Sequence

CONNECT_TIMEOUT_S = 1.0
"""A connection that is not there within this time counts as down: readers should not queue behind a dead server."""
STATEMENT_TIMEOUT_MS = 5_000
"""Every statement of this service takes a few milliseconds; the server cancels what takes this long."""
ANSWER_TIMEOUT_S = 6.0
"""For a server that does not even cancel, because it hangs. Longer than the statement timeout."""
CONNECTIONS_MAX = 10

_NOT_NOW = re.compile(r"08(?!P01)|53|57|58")
"""SQLSTATE classes in which the server refuses everybody: connection, resources, shutdown, system."""


class Database(Protocol):
    """The part of a pool that the repositories need."""

    async def query(self, text: str, *values: object) -> Sequence[Any]:
        """Run one statement and give its rows.

        DatabaseUnavailableError when no answer came, or the server says that it cannot serve now;
        asyncpg.PostgresError when the server refused the statement itself.
        """
        ...

    async def close(self) -> None:
        """Close the connections; statements that run are given a moment."""
        ...


class PostgresDatabase:
    """A lazy pool: nothing is connected before the first statement, so the service starts while Postgres is away."""

    def __init__(self, pool: asyncpg.Pool[Any]) -> None:
        self._pool = pool

    async def query(self, text: str, *values: object) -> Sequence[Any]:
        """See ``Database.query``."""
        try:
            async with self._pool.acquire(timeout=CONNECT_TIMEOUT_S) as connection:
                try:
                    return await connection.fetch(text, *values)
                except asyncpg.InternalClientError:
                    # It has read that the server ends it, and not yet its end: nobody else should get it.
                    connection.terminate()
                    raise
        except asyncpg.PostgresError as error:
            # Anything but a verdict of the server on the statement means that there was no answer.
            if _NOT_NOW.match(error.sqlstate or "") is None:
                raise
            raise DatabaseUnavailableError from error
        except (OSError, TimeoutError, asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
            raise DatabaseUnavailableError from error

    async def close(self) -> None:
        """See ``Database.close``."""
        self._pool.terminate()


async def _leave_as_it_is(_connection: object) -> None:
    """No statement of this service changes its session, so nothing is reset: that would be one more round trip each."""


async def connect_database(url: str) -> PostgresDatabase:
    """Make the pool; connects to nothing yet."""
    pool = await asyncpg.create_pool(
        url,
        min_size=0,
        max_size=CONNECTIONS_MAX,
        timeout=CONNECT_TIMEOUT_S,
        command_timeout=ANSWER_TIMEOUT_S,
        reset=_leave_as_it_is,
        server_settings={"application_name": "user-api-py", "statement_timeout": str(STATEMENT_TIMEOUT_MS)},
    )
    return PostgresDatabase(pool)
