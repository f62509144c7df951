"""Both drivers behind one set of calls, so that every scenario runs on both."""

from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Literal

from cachepact import AsyncCache, Cache, CachedEntry, CacheEvent, Entity, LoadContext
from cachepact._key import entry_keys

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

DriverName = Literal["async", "sync"]

# Room for every caller of the largest scenario: to_thread's own pool is as small as the machine.
_THREADS = ThreadPoolExecutor(max_workers=160, thread_name_prefix="caller")


async def in_thread(function: Callable[..., Any], *args: Any, **options: Any) -> Any:
    return await asyncio.get_running_loop().run_in_executor(_THREADS, lambda: function(*args, **options))


class Source:
    """A source of truth: rows by key, calls counted, as slow and as broken as a test wants it."""

    def __init__(self) -> None:
        self.rows: dict[object, Any] = {}
        self.calls = 0
        self.contexts: list[LoadContext] = []
        self.delay_s = 0.0
        self.error: Exception | None = None
        self.answer: Any = None
        self.entered = threading.Event()
        self.gate = threading.Event()
        self.gate.set()
        self._lock = threading.Lock()

    def load(self, key: object, context: LoadContext) -> Any:
        with self._lock:
            self.calls += 1
            self.contexts.append(context)
        # Read before the wait, as a query does that is slow to answer.
        found = self.rows.get(key)
        self.entered.set()
        time.sleep(self.delay_s)
        assert self.gate.wait(20), "the test never opened the gate"
        if self.error is not None:
            raise self.error
        return found if self.answer is None else self.answer


class EntityUnderTest:
    def __init__(self, bound: Any, entity: Entity[Any, Any], namespace: str, kind: DriverName) -> None:
        self.entity = entity
        self._bound = bound
        self._namespace = namespace
        self._kind = kind

    async def _do(self, name: str, *args: Any, **options: Any) -> Any:
        method = getattr(self._bound, name)
        return await (method(*args, **options) if self._kind == "async" else in_thread(method, *args, **options))

    async def get(self, key: Any, **options: Any) -> Any:
        return await self._do("get", key, **options)

    async def get_entry(self, key: Any, **options: Any) -> CachedEntry[Any]:
        entry: CachedEntry[Any] = await self._do("get_entry", key, **options)
        return entry

    async def write(self, key: Any, persist: Callable[..., Any]) -> Any:
        if self._kind == "sync":
            return await self._do("write", key, persist)
        return await self._do("write", key, lambda context: in_thread(persist, context))

    async def invalidate(self, key: Any, **options: Any) -> None:
        await self._do("invalidate", key, **options)

    async def put(self, key: Any, value: Any) -> Any:
        return await self._do("put", key, value)

    async def remove(self, key: Any) -> Any:
        return await self._do("remove", key)

    def key(self, **params: Any) -> Any:
        return self.entity.key_type(**params)

    def keys(self, key: Any, generation: int | None = None) -> Any:
        return entry_keys(self.entity.record, self._namespace, key, generation)


class CacheUnderTest:
    def __init__(self, kind: DriverName, url: str, **options: Any) -> None:
        self.kind = kind
        self.url = url
        self.events: list[CacheEvent] = []
        self.cache: AsyncCache | Cache = (AsyncCache if kind == "async" else Cache)(redis=url, **options)
        self.cache.on(self.events.append)

    def entity(self, entity: Any, source: Source, **options: Any) -> EntityUnderTest:
        found = entity if isinstance(entity, Entity) else entity.__cachepact__
        load: Any = source.load
        if self.kind == "async":

            async def load_async(key: object, context: LoadContext) -> Any:
                return await in_thread(source.load, key, context)

            load = load_async
        bound = self.cache.entity(found, load=load, **options)
        return EntityUnderTest(bound, found, self.cache.namespace, self.kind)

    async def ready(self) -> None:
        await self._do(self.cache.ready)

    async def info(self) -> Any:
        return await self._do(self.cache.info)

    async def close(self) -> None:
        await self._do(self.cache.close)

    async def _do(self, method: Callable[[], Any]) -> Any:
        return await (method() if self.kind == "async" else in_thread(method))

    def outcomes(self, event_type: str, field: str) -> list[Any]:
        return [getattr(event, field) for event in self.events if event.type == event_type]

    def commands(self) -> list[str]:
        return self.outcomes("command", "command")


async def eventually(check: Callable[[], Awaitable[bool]], *, within_s: float = 5.0) -> None:
    """Wait for what happens beside the callers: another process, another thread."""
    until = time.monotonic() + within_s
    while not await check():
        assert time.monotonic() < until, "it did not happen in time"
        await asyncio.sleep(0.01)
