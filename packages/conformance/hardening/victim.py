"""A process that reads what an attacker has written into Redis; the mirror of victim.ts.

Speaks NDJSON. Arguments: URL of Redis, namespace, and the folders of the generated packages.
"""

from __future__ import annotations

import asyncio
import builtins
import importlib
import json
import resource
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cachepact import AsyncCache, CachepactError, CommandErrorEvent, DecodeFailureEvent, loaded

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from cachepact import AsyncEntityCache, CacheEvent

_BUILTINS = frozenset(vars(builtins))


class Victim:
    """The cache of one process."""

    def __init__(self, cache: AsyncCache, kinds: dict[str, Any]) -> None:
        self._cache = cache
        self._kinds = kinds
        self._bound: dict[str, AsyncEntityCache[Any, Any]] = {}
        self._truth: dict[Any, Any] = {}
        self._events: list[CacheEvent] = []
        cache.on(self._events.append)

    async def answer(self, op: str, name: str, text: str) -> dict[str, Any]:
        """Do what a request asks."""
        if op == "state":
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            return {"intact": frozenset(vars(builtins)) == _BUILTINS, "maxRssMib": peak, "hardened": False}
        kind = self._kinds[name]
        entity = kind.__cachepact__
        value = entity.from_json(text)
        params = [segment.name for segment in entity.record.key if hasattr(segment, "name")]
        key = entity.key_type(**{param: getattr(value, param) for param in params})
        self._truth[key] = value
        self._events.clear()
        entry = await self._rows(kind).get_entry(key)
        await asyncio.sleep(0)
        codes = set()
        for event in self._events:
            if isinstance(event, DecodeFailureEvent):
                codes.add(event.code)
            elif isinstance(event, CommandErrorEvent):
                codes.add(f"{event.command} {event.reason}")
        found = None if entry.value is None else entity.to_json(entry.value)
        return {"source": entry.source, "json": found, "codes": sorted(codes)}

    def _rows(self, kind: Any) -> AsyncEntityCache[Any, Any]:
        name = kind.__cachepact__.record.entity
        if name not in self._bound:
            self._bound[name] = self._cache.entity(kind, load=self._load(kind), load_timeout_ms=900)
        return self._bound[name]

    def _load(self, kind: Any) -> Callable[[Any, object], Coroutine[Any, Any, Any]]:
        behind = kind.__cachepact__.record.log is not None

        async def load(key: Any, _context: object) -> Any:
            value = self._truth[key]
            return loaded(value, version=1) if behind else value

        return load


def kinds_of(folders: list[str]) -> dict[str, Any]:
    """Import generated packages and give their entities by name."""
    kinds: dict[str, Any] = {}
    for folder in folders:
        sys.path.insert(0, str(Path(folder).parent))
        module = importlib.import_module(Path(folder).name)
        for kind in vars(module).values():
            if hasattr(kind, "__cachepact__"):
                kinds[kind.__cachepact__.record.entity] = kind
    return kinds


def reply(message: dict[str, Any]) -> None:
    """Print one line."""
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


async def main(redis: str, namespace: str, folders: list[str]) -> None:
    """Serve standard input until it ends: one after the other, so that what is counted belongs to the call."""
    async with AsyncCache(redis=redis, namespace=namespace, read_timeout_ms=800, script_timeout_ms=600) as cache:
        victim = Victim(cache, kinds_of(folders))
        await cache.ready()
        reply({"ready": True})
        lines = asyncio.StreamReader(limit=1 << 24)
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
        while line := await lines.readline():
            request = json.loads(line)
            try:
                answer = await victim.answer(request["op"], request["entity"], request["json"])
            except Exception as error:  # noqa: BLE001 - whatever it was, the test has to see it
                code = error.code if isinstance(error, CachepactError) else "runtime_error"
                reply({"id": request["id"], "error": {"code": code, "message": f"{type(error).__name__}: {error}"}})
            else:
                reply({"id": request["id"], "ok": answer})


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3:]))
