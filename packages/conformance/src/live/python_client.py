"""A service of its own process around ``AsyncCache`` or ``Cache``, told what to do by lines of JSON.

Ops beside hello and bye, as in typescript-client.ts: ``open``, ``load``, ``read``, ``write``, ``put``, ``remove``,
``close``. ``open`` with ``sync`` takes the cache for threads. Its table of rows is what the request gives: ``value``,
with ``version`` for entities whose version is no field.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import sys
from typing import TYPE_CHECKING, Any

from cachepact import AsyncCache, Cache, CachepactError, Entity, loaded
from cachepact.testing import from_neutral, key_from_neutral, to_neutral
from python_testee import load_contract

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

Json = dict[str, Any]

# A busy machine answers late; what is tested here is not the deadline.
PATIENT: dict[str, Any] = {
    "read_timeout_ms": 5_000,
    "script_timeout_ms": 5_000,
    "lease_ms": 20_000,
    "marker_ms": 20_000,
}


async def settle(result: Any) -> Any:
    """Wait for what a call gave, where the cache is the one for asyncio."""
    return await result if inspect.isawaitable(result) else result


class Service:
    """One process with one cache."""

    def __init__(self) -> None:
        self.contract: dict[str, Entity[Any, Any]] = {}
        self.cache: Any = None
        self.sync = False
        self.entities: dict[str, Any] = {}
        self.row: Any = None
        self.loads = 0

    async def answer(self, request: Json) -> Json:
        """Do what one line asks."""
        if request["op"] == "hello":
            self.contract = load_contract(request["contracts"])
            return {"impl": "python", "version": "0.1.0", "ops": []}
        if request["op"] == "open":
            self.sync = request.get("sync", False)
            self.cache = (Cache if self.sync else AsyncCache)(redis=request["redis"], **PATIENT)
            await settle(self.cache.ready())
            return {}
        if request["op"] in {"close", "bye"}:
            if self.cache is not None:
                await settle(self.cache.close())
            self.cache = None
            self.entities.clear()
            return {}
        return await self._of_entity(request)

    async def _of_entity(self, request: Json) -> Json:
        name = request["entity"]
        entity = self.contract[name]
        key = entity.key_type(**key_from_neutral(entity, request["key"]))
        row = self._row_in(request)
        self.row, self.loads = None, 0
        match request["op"]:
            case "read":
                return await self._read(name, key)
            case "load":
                self.row = row
                return await self._read(name, key)
            case "write":
                written = await settle(self._bound(name).write(key, self._giving(row)))
                return {"version": written.version}
            case "put":
                accepted = await settle(self._bound(name).put(key, row))
                return {"version": accepted.version, "op": accepted.op}
            case "remove":
                accepted = await settle(self._bound(name).remove(key))
                return {"version": accepted.version, "op": accepted.op}
            case other:
                raise ValueError(f"no op {other}")

    async def _read(self, name: str, key: Any) -> Json:
        found = await settle(self._bound(name).get_entry(key))
        value = None if found.value is None else to_neutral(self.contract[name], found.value)
        return {"value": value, "source": found.source, "version": found.version, "loads": self.loads}

    def _bound(self, name: str) -> Any:
        if name not in self.entities:
            self.entities[name] = self.cache.entity(self.contract[name], load=self._loader())
        return self.entities[name]

    def _loader(self) -> Callable[[Any, Any], Any]:
        def load(_key: Any, _context: Any) -> Any:
            self.loads += 1
            return self.row

        async def load_async(key: Any, context: Any) -> Any:
            return load(key, context)

        return load if self.sync else load_async

    def _giving(self, row: Any) -> Callable[[Any], Any]:
        def persist(_context: Any) -> Any:
            return row

        async def persist_async(_context: Any) -> Any:
            return row

        return persist if self.sync else persist_async

    def _row_in(self, request: Json) -> Any:
        value = request.get("value")
        row = None if value is None else from_neutral(self.contract[request["entity"]], value)
        return loaded(row, version=request["version"]) if "version" in request else row


async def main() -> None:
    """Answer each line of standard input until it ends or says ``bye``."""
    service = Service()
    read_line: Callable[[], Awaitable[bytes]] = lambda: asyncio.to_thread(sys.stdin.buffer.readline)  # noqa: E731
    while line := await read_line():
        request: Json = json.loads(line)
        reply: Json
        try:
            reply = {"ok": await service.answer(request)}
        except Exception as error:  # noqa: BLE001 The test judges what went wrong.
            code = error.code if isinstance(error, CachepactError) else "runtime_error"
            reply = {"error": {"code": code, "message": f"{type(error).__name__}: {error}"}}
        sys.stdout.write(json.dumps({"id": request["id"], **reply}) + "\n")
        sys.stdout.flush()
        if request["op"] == "bye":
            return


if __name__ == "__main__":
    asyncio.run(main())
