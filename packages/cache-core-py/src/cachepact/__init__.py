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
    LoadEvent,
    QuarantineEvent,
    RequestEvent,
    WriteEvent,
)
from cachepact._gen.errors import ErrorCode
from cachepact._random import Random, SystemRandom
from cachepact._record import EntityRecord
from cachepact._results import Accepted, CacheEntry, RedisInfo, Written
from cachepact._sync_cache import Cache, EntityCache

__all__ = [
    "INVALIDATE",
    "AbortSignal",
    "Accepted",
    "AsyncCache",
    "AsyncEntityCache",
    "Cache",
    "CacheEntry",
    "CacheEvent",
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
    "Invalidate",
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
