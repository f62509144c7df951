"""What the entities of one cache share, and what the patterns of one entity work with."""

from __future__ import annotations

import sys
from functools import cached_property
from typing import TYPE_CHECKING, Any

from cachepact._errors import CachepactError
from cachepact._events import Events
from cachepact._key import EntryKeys, KeyBuilder
from cachepact._namespace import channels
from cachepact._resilience.quarantine import Quarantine
from cachepact._store.effects import Flow, Spawn
from cachepact._store.redis_clock import RedisClock
from cachepact._store.scripts import Scripts
from cachepact._store.server_info import sample_clock

if TYPE_CHECKING:
    from collections.abc import Callable

    from cachepact._entity import Entity
    from cachepact._options import CacheOptions, EntityOptions
    from cachepact._record import EntityRecord
    from cachepact._store.server_info import ServerInfo


class Core:
    """What all entities of one cache share. Touched by flows only, which run one step at a time."""

    def __init__(self, options: CacheOptions) -> None:
        self.options = options
        self.clock = options.clock
        self.random = options.random
        self.events = Events(options.clock)
        self.redis_clock = RedisClock(options.clock)
        self.scripts = Scripts(self.redis_clock, self.events, channels(options.namespace), options.floor_ms)
        self.quarantine = Quarantine(options.clock, options.random, self.events, options.quarantine_max_keys)
        self.server: ServerInfo | None = None
        """What the last connection learned about its server."""
        self.down_since: float | None = None
        """Since when Redis has not been reached, on the monotonic clock; None = it answers, or was never tried."""
        self.closing = False
        """Whether the cache is being closed: nothing is tried for long any more."""
        self.refreshes = 0
        """Loads under way beside the callers."""
        self.refreshes_max = sys.maxsize
        """How many there may be; beyond it a stale entry is answered without one."""
        self.forgetters: list[Callable[[], None]] = []
        """Called when a child process or another event loop begins: what is under way belongs to the one before."""
        self.closers: list[Callable[[], None]] = []
        """Called when the cache ends: what still waits must be answered."""
        self._syncing = False

    def close(self) -> None:
        """End: nothing is sent any more."""
        self.quarantine.close()
        for close in self.closers:
            close()

    def forget(self, *, child: bool) -> None:
        """Forget what is under way and what is known of connections; a child process owes nothing either."""
        self.down_since = None
        self.refreshes = 0
        self._syncing = False
        self.events.take()
        self.quarantine.forget(owed=child)
        for forget in self.forgetters:
            forget()

    @property
    def down_ms(self) -> float:
        """How long Redis has not been reached."""
        return 0.0 if self.down_since is None else self.clock.monotonic_ms() - self.down_since

    def connected(self, server: ServerInfo, server_ms: int, sent_at: float) -> Flow[None]:
        """Take what a new connection learned; owed invalidations go before anything else."""
        if self.server is None or server.run_id != self.server.run_id:
            # Another server, with another clock.
            self.redis_clock.reset()
        self.server = server
        self.down_since = None
        self.redis_clock.observe(server_ms, sent_at)
        yield from self.quarantine.flush(self.scripts)

    def disconnected(self) -> None:
        """Note that Redis could not be reached."""
        if self.down_since is None:
            self.down_since = self.clock.monotonic_ms()

    def sync_clock(self) -> Flow[None]:
        """Ask for Redis' time beside the caller, once at a time."""
        if not self._syncing:
            self._syncing = True
            yield Spawn(self._sync())

    def _sync(self) -> Flow[None]:
        try:
            yield from sample_clock(self.redis_clock)
        finally:
            self._syncing = False


class EntityContext:
    """What the patterns of one entity work with."""

    def __init__(self, core: Core, entity: Entity[Any, Any], options: EntityOptions) -> None:
        self.core = core
        self.entity = entity
        self.record: EntityRecord = entity.record
        self.options = options
        self._key_type = entity.key_type
        self._keys = KeyBuilder(entity.record, core.options.namespace)

    def keys(self, key: object) -> EntryKeys:
        """Build the keys of a row. E_TYPE for a key of another class, and what the key builder raises."""
        if not isinstance(key, self._key_type):
            raise CachepactError(
                "E_TYPE",
                f"find the keys of a {self.record.entity}: expected {self._key_type.__name__}, found "
                f"{type(key).__name__}; use the generated key builder",
            )
        return self._keys.build(key)

    def live_keys(self, key: object) -> tuple[EntryKeys, ...]:
        """Build the keys of a row under its own generation, then under every other one that is live during a roll."""
        return (self.keys(key), *(other.build(key) for other in self._other_keys))

    @cached_property
    def _other_keys(self) -> tuple[KeyBuilder, ...]:
        namespace = self.core.options.namespace
        return tuple(KeyBuilder(self.record, namespace, other) for other in self.record.generations[1:])
