"""One process of a fleet: a release's generated Python on a real cache and a real database.

Speaks NDJSON: one request a line, replies as they come. Arguments: the release's folder, URL of Redis, URL of Postgres,
seed. The mirror of member.ts.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import asyncpg
from cachepact import AsyncCache, CachepactError, loaded
from cachepact.testing import SeededRandom

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from cachepact import AsyncEntityCache, CacheEvent

Row = dict[str, Any]

_COMMIT = """
  with t as (
    insert into truth (entity, id, revision, doc) values ($1, $2, 1, $3::jsonb)
    on conflict (entity, id) do update set revision = truth.revision + 1, doc = excluded.doc
    returning revision, doc
  )
  insert into history (entity, id, revision, doc) select $1, $2, revision, doc from t returning revision"""


class Member:
    """The caches of one process."""

    def __init__(self, module: Any, cache: AsyncCache, pool: asyncpg.Pool[Any], seed: int) -> None:
        self._module = module
        self._cache = cache
        self._pool = pool
        self._random = SeededRandom(seed)
        self._bound: dict[str, AsyncEntityCache[Any, Any]] = {}
        self._counts: Counter[str] = Counter()
        cache.on(self._count)

    async def answer(self, op: str, message: str, number: int, row: Row | None) -> Row:
        """Do what a request asks."""
        if op == "counts":
            counts, self._counts = self._counts, Counter()
            return dict(counts)
        rows, kind = self._bind(message), getattr(self._module, message)
        key = kind.key(id=number)
        match op:
            case "read":
                entry = await rows.get_entry(key)
                return {
                    "source": entry.source,
                    "version": entry.version,
                    "maybeStale": entry.maybe_stale,
                    "foreign": entry.foreign,
                    "row": None if entry.value is None else row_of(entry.value),
                }
            case "write":
                return await self._write(rows, key, message, row)
            case "invalidate":
                revision = await self._commit(message, number, row)
                await self._pause()
                await rows.invalidate(key)
                return {"revision": revision}
            case "put":
                value = value_of(kind, number, (row or {})["revision"], row or {})
                accepted = await rows.put(key, value)
            case _:
                accepted = await rows.remove(key)
        return {"version": accepted.version, "op": accepted.op}

    async def _write(self, rows: AsyncEntityCache[Any, Any], key: Any, message: str, row: Row | None) -> Row:
        kind = getattr(self._module, message)
        revision = 0

        async def persist(_context: object) -> Any:
            nonlocal revision
            revision = await self._commit(message, key.id, row)
            await self._pause()
            if row is None:
                versioned = kind.__cachepact__.record.version is not None
                return loaded(None, version=revision if versioned else 0)
            return value_of(kind, key.id, revision, row)

        await rows.write(key, persist)
        return {"revision": revision}

    def _bind(self, message: str) -> AsyncEntityCache[Any, Any]:
        if message not in self._bound:
            kind = getattr(self._module, message)
            behind = kind.__cachepact__.record.log is not None
            load = self._load_draft(kind) if behind else self._load_row(kind, message)
            self._bound[message] = self._cache.entity(kind, load=load)
        return self._bound[message]

    def _load_row(self, kind: Any, message: str) -> Callable[[Any, object], Awaitable[Any]]:
        async def load(key: Any, _context: object) -> Any:
            found = await self._pool.fetchrow(
                "select revision, doc from truth where entity = $1 and id = $2", message, key.id
            )
            await self._pause()
            if found is None or found["doc"] is None:
                return None
            return value_of(kind, key.id, found["revision"], json.loads(found["doc"]))

        return load

    def _load_draft(self, kind: Any) -> Callable[[Any, object], Awaitable[Any]]:
        async def load(key: Any, _context: object) -> Any:
            found = await self._pool.fetchrow("select ver, doc from draft where id = $1", kind.__cachepact__.id_of(key))
            await self._pause()
            if found is None:
                return None
            # The document has the shape of the generation that wrote it: columns are named alike, types may differ.
            doc = json.loads(found["doc"])
            return loaded(value_of(kind, key.id, doc["revision"], doc), version=found["ver"])

        return load

    async def _commit(self, message: str, number: int, row: Row | None) -> int:
        revision = await self._pool.fetchval(_COMMIT, message, number, None if row is None else json.dumps(row))
        return int(revision)

    async def _pause(self) -> None:
        """Let others commit and invalidate between a statement and what follows it."""
        if self._random.next() < 0.5:
            await asyncio.sleep(self._random.next() * 0.006)

    def _count(self, event: CacheEvent) -> None:
        match event.type:
            case "decode_failure":
                self._counts[f"decode_failure:{event.code}"] += 1
            case "foreign":
                self._counts["foreign"] += 1
            case "request":
                self._counts[f"request:{event.result}"] += 1
            case "fill":
                self._counts[f"fill:{event.result}"] += 1
            case "write":
                self._counts[f"write:{event.outcome}"] += 1
            case _:
                pass


def value_of(kind: Any, number: int, revision: int, row: Row) -> Any:
    """Make the value that a release's code makes of a row: the fields that its schema has, in its types."""
    columns = {**row, "id": number, "revision": revision}
    return kind(
        **{
            field["name"]: str(columns[field["name"]]) if field["type"] == "string" else int(columns[field["name"]])
            for field in kind.__cachepact__.record.schema["fields"]
            if field["name"] in columns
        }
    )


def row_of(value: Any) -> Row:
    """Give the columns back, defaults included; an absent optional field is none."""
    columns = {name: getattr(value, name) for name in value.__struct_fields__ if name != "id"}
    return {name: column for name, column in columns.items() if column is not None}


def reply(message: Row) -> None:
    """Print one line."""
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


async def serve(member: Member, request: Row) -> None:
    """Answer one request."""
    try:
        answer = await member.answer(request["op"], request["message"], request["key"], request["row"])
    except Exception as error:  # noqa: BLE001 - whatever it was, the test has to see it
        code = error.code if isinstance(error, CachepactError) else "runtime_error"
        reply({"id": request["id"], "error": {"code": code, "message": f"{type(error).__name__}: {error}"}})
    else:
        reply({"id": request["id"], "ok": answer})


async def main(folder: str, redis: str, postgres: str, seed: str) -> None:
    """Serve standard input until it ends."""
    sys.path.insert(0, str(Path(folder) / "python"))
    module = importlib.import_module("scratch_contracts")
    pool = await asyncpg.create_pool(postgres, min_size=1, max_size=8)
    # Deadlines that a busy machine keeps: what is tested is which value comes, not how soon. The lease is short: a
    # reader that waits for a load which a write has overtaken waits that long.
    async with AsyncCache(
        redis=redis,
        read_timeout_ms=5_000,
        script_timeout_ms=300,
        lease_ms=1_000,
        deliver_timeout_ms=20_000,
        accept_wait_ms=20_000,
    ) as cache:
        member = Member(module, cache, pool, int(seed))
        await cache.ready()
        reply({"ready": True})
        lines = asyncio.StreamReader(limit=1 << 20)
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
        serving: set[asyncio.Task[None]] = set()
        while line := await lines.readline():
            task = asyncio.create_task(serve(member, json.loads(line)))
            serving.add(task)
            task.add_done_callback(serving.discard)
    await pool.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:5]))
