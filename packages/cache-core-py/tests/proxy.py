"""A network between a cache and its server that a test can break: replies get lost, connections are cut."""

from __future__ import annotations

import asyncio
import contextlib
from urllib.parse import urlsplit


class Proxy:
    """Passes bytes both ways until it is told not to."""

    def __init__(self, url: str) -> None:
        self.target = url
        """Where new connections lead."""
        self.mute = False
        """Whether replies get lost."""
        self.refuse = False
        """Whether new connections are cut at once."""
        self.replies: list[bytes] = []
        """What the server has sent, lost replies too."""
        self.url = ""
        self._server: asyncio.Server | None = None
        self._pairs: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.url = f"redis://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def cut(self) -> None:
        """End all connections, and those to come, until ``refuse`` is taken back."""
        self.refuse = True
        for pair in self._pairs:
            pair.cancel()

    async def close(self) -> None:
        assert self._server is not None
        self._server.close()
        self.cut()
        if self._pairs:
            await asyncio.wait(tuple(self._pairs))

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._pairs.add(task)
        try:
            with contextlib.suppress(asyncio.CancelledError, OSError):
                if not self.refuse:
                    await self._join(reader, writer)
        finally:
            writer.close()
            self._pairs.discard(task)

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        parts = urlsplit(self.target)
        server_reader, server_writer = await asyncio.open_connection(parts.hostname, parts.port)
        ways = [
            asyncio.ensure_future(self._pass(reader, server_writer, replies=False)),
            asyncio.ensure_future(self._pass(server_reader, writer, replies=True)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            server_writer.close()
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, replies: bool) -> None:
        while data := await reader.read(65_536):
            if replies:
                self.replies.append(data)
            if not (replies and self.mute):
                writer.write(data)
                await writer.drain()
