"""The cache of one process, for threads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar, overload

from cachepact._base_cache import BaseCache
from cachepact._drivers.sync_driver import SyncDriver
from cachepact._options import DEFAULT_LOAD_TIMEOUT_MS
from cachepact._readiness import ready
from cachepact._store.server_info import read_redis_info

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from cachepact._context import Invalidate, LoadContext, Loaded, WriteContext
    from cachepact._declared import Declared
    from cachepact._entity import Entity
    from cachepact._entity_core import EntityCore
    from cachepact._results import Accepted, CachedEntry, RedisInfo, Written

K = TypeVar("K")
V = TypeVar("V")


class Cache(BaseCache):
    """The cache of one process: as ``AsyncCache``, without ``await``, for programs of threads (Django, Celery).

    Loaders and ``persist`` run in the calling thread. A thread cannot be interrupted: the loader's deadline is looked
    at when it has ended, and ``ctx.signal`` tells it before. After a fork the child begins with new connections.
    """

    def _set_up(self) -> None:
        self._driver = SyncDriver(self._core)

    @overload
    def entity(
        self,
        entity: Entity[K, V],
        *,
        load: Callable[[K, LoadContext], V | Loaded[V] | None],
        enabled: Callable[[], bool] | None = None,
        load_timeout_ms: int = DEFAULT_LOAD_TIMEOUT_MS,
    ) -> EntityCache[K, V]: ...

    @overload
    def entity(
        self,
        entity: Declared[K, V],
        *,
        load: Callable[[K, LoadContext], V | Loaded[V] | None],
        enabled: Callable[[], bool] | None = None,
        load_timeout_ms: int = DEFAULT_LOAD_TIMEOUT_MS,
    ) -> EntityCache[K, V]: ...

    def entity(
        self,
        entity: object,
        *,
        load: Callable[..., Any],
        enabled: Callable[[], bool] | None = None,
        load_timeout_ms: int = DEFAULT_LOAD_TIMEOUT_MS,
    ) -> EntityCache[Any, Any]:
        """Bind an entity to its loader.

        Bind each entity once and keep the result: concurrent loads of one key are collapsed per binding. ``load`` reads
        the source of truth, outside any older snapshot or transaction; None = not found, which is cached for the
        negative ttl; an error is passed on and never cached. ``enabled`` is the switch for incidents: off, reads go to
        the loader and writes still invalidate; it is asked at each call, so that it must be quick and must not use the
        cache. ``load_timeout_ms`` is the loader's hard deadline. E_OPTION that lists every problem.
        """
        return EntityCache(self._driver, self._bind(entity, load, enabled, load_timeout_ms))

    def ready(self) -> None:
        """Wait until Redis is connected. Not needed: the first call connects, and reads work without Redis as well.

        E_UNAVAILABLE when the connection attempt fails; E_EVICTION when Redis may evict the writes of an entity with a
        log.
        """
        self._driver.call(ready(self._behind))

    def info(self) -> RedisInfo:
        """Read the figures of the Redis server. E_UNAVAILABLE."""
        return self._driver.call(read_redis_info())

    def close(self) -> None:
        """Finish what callers wait for, for at most a second, and close the connections.

        Calls after it fail with E_CLOSED.
        """
        self._closed = True
        self._driver.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class EntityCache(Generic[K, V]):
    """One entity of a ``Cache``. Keys first, options after."""

    __slots__ = ("_core", "_driver")

    def __init__(self, driver: SyncDriver, core: EntityCore) -> None:
        self._driver = driver
        self._core = core

    def get(self, key: K, *, min_version: int | None = None) -> V | None:
        """Read a row: from Redis if it is there, else with the loader. None = there is no such row.

        ``min_version``: the token of a write; an older value is never returned. Never fails because of Redis. Raises
        E_MIN_VERSION, E_LOAD_TIMEOUT, E_LOADER; what the loader raises is passed on; E_RANGE, E_OPTION on a wrong
        ``min_version``; E_CLOSED; what the contract refuses of the key or of the loaded row (E_TYPE, E_MISSING, ...).
        """
        value: V | None = (self._driver.call(self._core.read(key, min_version))).value
        return value

    def get_entry(self, key: K, *, min_version: int | None = None) -> CachedEntry[V]:
        """Read as ``get``, with where the value came from."""
        return (self._driver.call(self._core.read(key, min_version))).entry()

    def write(self, key: K, persist: Callable[[WriteContext], V | Loaded[V] | Invalidate | None]) -> Written:
        """Write through, around your commit: ``persist`` commits and returns the committed row, which is stored.

        None when the row was deleted (``loaded(None, version=...)`` names the version that it had), ``INVALIDATE`` when
        the row is not at hand. Success means committed. Raises E_FENCE (STRONG; nothing was committed), E_UNCONFIRMED
        (STRONG), E_VERSION, E_LOADER and what the contract refuses of the committed row (all with ``committed``);
        E_PATTERN for an entity with a log; E_SCRIPT, E_CLOSED; what ``persist`` raises is passed on.
        """
        return self._driver.write(self._core.write(key, persist))

    def invalidate(self, key: K, *, version: int | None = None) -> None:
        """Delete the entry; call it after your commit.

        ``version``: the committed one; required when the loader may read a replica. Raises E_PENDING when Redis could
        not be told yet: it is retried in the background. E_VERSION, E_RANGE, E_OPTION: the version is missing or wrong.
        E_SCRIPT, E_CLOSED; what the contract refuses of the key.
        """
        self._driver.write(self._core.invalidate(key, version))

    def put(self, key: K, value: V) -> Accepted:
        """Write behind: accept a full new state, seen at once by every reader, and persisted by a worker.

        Writes of one row
        are accepted in the order in which they were handed over.

        Raises E_FULL, E_UNAVAILABLE (``retry_after_ms``; nothing was accepted), E_UNKNOWN (``op``), E_EVICTION,
        E_PATTERN for an entity without a log; E_LOADER when the value belongs to another key; E_SCRIPT, E_CLOSED; what
        the contract refuses of the key or the value (E_TYPE, E_SIZE, ...).
        """
        return self._driver.write(self._core.put(key, value))

    def remove(self, key: K) -> Accepted:
        """Write behind: accept the deletion of a row. Errors as ``put``."""
        return self._driver.write(self._core.remove(key))
