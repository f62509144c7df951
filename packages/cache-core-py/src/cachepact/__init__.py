"""Redis caching from one contract, shared byte for byte with TypeScript services."""

from cachepact._async_cache import AsyncCache, AsyncEntityCache
from cachepact._clock import Clock, SystemClock
from cachepact._context import INVALIDATE, AbortSignal, Invalidate, LoadContext, Loaded, WriteContext, loaded
from cachepact._entity import Entity, define_entity
from cachepact._errors import CachepactError, is_cachepact_error
from cachepact._events import (
    CacheEvent,
    CommandErrorEvent,
    CommandEvent,
    DecodeFailureEvent,
    FillEvent,
    ForeignEvent,
    Listener,
    LoadEvent,
    QuarantineEvent,
    RequestEvent,
    WriteEvent,
)
from cachepact._gen.errors import ErrorCode
from cachepact._options import (
    DEFAULT_ACCEPT_WAIT_MS,
    DEFAULT_CONNECT_TIMEOUT_MS,
    DEFAULT_CONNECTIONS_MAX,
    DEFAULT_DELIVER_TIMEOUT_MS,
    DEFAULT_FLOOR_MS,
    DEFAULT_LEASE_MS,
    DEFAULT_LOAD_TIMEOUT_MS,
    DEFAULT_MARKER_MS,
    DEFAULT_QUARANTINE_MAX_KEYS,
    DEFAULT_READ_TIMEOUT_MS,
    DEFAULT_SCRIPT_TIMEOUT_MS,
)
from cachepact._random import Random, SystemRandom
from cachepact._record import EntityRecord
from cachepact._results import Accepted, CachedEntry, RedisInfo, Written
from cachepact._sync_cache import Cache, EntityCache

__all__ = [
    "DEFAULT_ACCEPT_WAIT_MS",
    "DEFAULT_CONNECTIONS_MAX",
    "DEFAULT_CONNECT_TIMEOUT_MS",
    "DEFAULT_DELIVER_TIMEOUT_MS",
    "DEFAULT_FLOOR_MS",
    "DEFAULT_LEASE_MS",
    "DEFAULT_LOAD_TIMEOUT_MS",
    "DEFAULT_MARKER_MS",
    "DEFAULT_QUARANTINE_MAX_KEYS",
    "DEFAULT_READ_TIMEOUT_MS",
    "DEFAULT_SCRIPT_TIMEOUT_MS",
    "INVALIDATE",
    "AbortSignal",
    "Accepted",
    "AsyncCache",
    "AsyncEntityCache",
    "Cache",
    "CacheEvent",
    "CachedEntry",
    "CachepactError",
    "Clock",
    "CommandErrorEvent",
    "CommandEvent",
    "DecodeFailureEvent",
    "Entity",
    "EntityCache",
    "EntityRecord",
    "ErrorCode",
    "FillEvent",
    "ForeignEvent",
    "Invalidate",
    "Listener",
    "LoadContext",
    "LoadEvent",
    "Loaded",
    "QuarantineEvent",
    "Random",
    "RedisInfo",
    "RequestEvent",
    "SystemClock",
    "SystemRandom",
    "WriteContext",
    "WriteEvent",
    "Written",
    "define_entity",
    "is_cachepact_error",
    "loaded",
]
