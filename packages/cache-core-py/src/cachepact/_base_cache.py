"""What both public caches have in common: their options and their listeners."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cachepact._core import Core
from cachepact._declared import entity_of
from cachepact._entity_core import EntityCore
from cachepact._options import (
    DEFAULT_ACCEPT_WAIT_MS,
    DEFAULT_CONNECT_TIMEOUT_MS,
    DEFAULT_CONNECTIONS_MAX,
    DEFAULT_DELIVER_TIMEOUT_MS,
    DEFAULT_FLOOR_MS,
    DEFAULT_LEASE_MS,
    DEFAULT_MARKER_MS,
    DEFAULT_QUARANTINE_MAX_KEYS,
    DEFAULT_READ_TIMEOUT_MS,
    DEFAULT_SCRIPT_TIMEOUT_MS,
    resolve_cache_options,
)
from cachepact._readiness import closed

if TYPE_CHECKING:
    from collections.abc import Callable

    from cachepact._clock import Clock
    from cachepact._events import Listener
    from cachepact._random import Random


class BaseCache:
    """The options of a cache. Times are whole milliseconds.

    - ``redis``: ``redis://[user:password@]host[:port][/db]``, or ``rediss://`` for TLS; query parameters are refused
    - ``namespace``: prefix of every key and channel, "" = none; services that share entries share the namespace
    - ``read_timeout_ms`` (100): how long a read may wait for Redis before the loader answers
    - ``script_timeout_ms`` (200), ``connect_timeout_ms`` (1000), ``connections_max`` (64)
    - ``lease_ms`` (2000), ``marker_ms`` (10000): how long a loader's lease and a writer's fence stand, renewed at each
      third; more than three times ``script_timeout_ms``, or one slow renewal loses them
    - ``floor_ms`` (60000): longer than replicas lag plus the longest load
    - ``deliver_timeout_ms`` (1000): how long a write waits for its invalidation to be acknowledged
    - ``accept_wait_ms`` (3000): how long ``put`` waits while nothing of it can have run
    - ``quarantine_max_keys`` (10000): keys with an invalidation that is still owed; beyond it entities are bypassed
    - ``clock``, ``random``: the process's own unless a test brings others

    E_OPTION that lists every problem.
    """

    def __init__(
        self,
        *,
        redis: str,
        namespace: str = "",
        read_timeout_ms: int = DEFAULT_READ_TIMEOUT_MS,
        script_timeout_ms: int = DEFAULT_SCRIPT_TIMEOUT_MS,
        connect_timeout_ms: int = DEFAULT_CONNECT_TIMEOUT_MS,
        connections_max: int = DEFAULT_CONNECTIONS_MAX,
        lease_ms: int = DEFAULT_LEASE_MS,
        marker_ms: int = DEFAULT_MARKER_MS,
        floor_ms: int = DEFAULT_FLOOR_MS,
        deliver_timeout_ms: int = DEFAULT_DELIVER_TIMEOUT_MS,
        accept_wait_ms: int = DEFAULT_ACCEPT_WAIT_MS,
        quarantine_max_keys: int = DEFAULT_QUARANTINE_MAX_KEYS,
        clock: Clock | None = None,
        random: Random | None = None,
    ) -> None:
        options = resolve_cache_options(
            redis=redis,
            namespace=namespace,
            clock=clock,
            random=random,
            read_timeout_ms=read_timeout_ms,
            script_timeout_ms=script_timeout_ms,
            connect_timeout_ms=connect_timeout_ms,
            connections_max=connections_max,
            lease_ms=lease_ms,
            marker_ms=marker_ms,
            floor_ms=floor_ms,
            deliver_timeout_ms=deliver_timeout_ms,
            accept_wait_ms=accept_wait_ms,
            quarantine_max_keys=quarantine_max_keys,
        )
        self._core = Core(options)
        self._behind: list[str] = []
        self._closed = False
        self._set_up()

    def _set_up(self) -> None:
        """Make the driver."""
        raise NotImplementedError

    @property
    def namespace(self) -> str:
        """The prefix of every key and channel."""
        return self._core.options.namespace

    def on(self, listener: Listener) -> Callable[[], None]:
        """Hear every event; the returned function ends it."""
        return self._core.events.on(listener)

    def _bind(
        self, declared: object, load: Callable[..., Any], enabled: Callable[[], bool] | None, load_timeout_ms: int
    ) -> EntityCore:
        self._check_open()
        entity = entity_of(declared)
        bound = EntityCore(self._core, entity, load=load, enabled=enabled, load_timeout_ms=load_timeout_ms)
        if entity.record.log is not None:
            self._behind.append(entity.record.entity)
        return bound

    def _check_open(self) -> None:
        if self._closed:
            raise closed()
