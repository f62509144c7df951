from __future__ import annotations

import asyncio
import struct
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

import pytest
from user_api.database import connect_database
from user_api.errors import DatabaseUnavailableError

if TYPE_CHECKING:
    from stack import Stack

pytestmark = pytest.mark.redis


class Proxy:
    """Stands before Postgres, and can say something in its name."""

    def __init__(self, url: str) -> None:
        self._upstream = urlsplit(url)
        self._client: asyncio.StreamWriter
        self._tasks: list[asyncio.Task[None]] = []
        self._writers: list[asyncio.StreamWriter] = []

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for writer in self._writers:
            writer.close()
        await asyncio.gather(*(writer.wait_closed() for writer in self._writers), return_exceptions=True)

    @property
    def url(self) -> str:
        port = self._server.sockets[0].getsockname()[1]
        return self._upstream._replace(netloc=f"postgres@127.0.0.1:{port}").geturl()

    def say_fatal(self) -> None:
        """What a server sends on an idle connection before it closes it, without the closing."""
        fields = b"".join(
            kind + text + b"\0"
            for kind, text in ((b"S", b"FATAL"), (b"V", b"FATAL"), (b"C", b"57P01"), (b"M", b"terminating connection"))
        )
        self._client.write(b"E" + struct.pack("!i", len(fields) + 5) + fields + b"\0")

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._client = writer
        server_reader, server_writer = await asyncio.open_connection("127.0.0.1", self._upstream.port)
        self._writers += [writer, server_writer]
        for source, target in ((reader, server_writer), (server_reader, writer)):
            self._tasks.append(asyncio.create_task(self._pump(source, target)))

    @staticmethod
    async def _pump(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        while data := await source.read(65_536):
            target.write(data)
        target.close()


async def test_a_connection_that_the_server_is_about_to_close_means_that_it_is_away_not_a_bug(stack: Stack) -> None:
    async with Proxy(stack.postgres.url) as proxy:
        database = await connect_database(proxy.url)
        try:
            assert [row["n"] for row in await database.query("select 1 as n")] == [1]
            proxy.say_fatal()
            for _ in range(5):  # lets the connection read it
                await asyncio.sleep(0)
            with pytest.raises(DatabaseUnavailableError):
                await database.query("select 2 as n")
            assert [row["n"] for row in await database.query("select 3 as n")] == [3]
        finally:
            await database.close()
