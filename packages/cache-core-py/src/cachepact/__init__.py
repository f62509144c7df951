"""Redis caching from one contract, shared byte for byte with TypeScript services."""

from cachepact._context import INVALIDATE, AbortSignal, Invalidate, LoadContext, Loaded, WriteContext, loaded
from cachepact._entity import Entity, define_entity
from cachepact._errors import CachepactError, is_cachepact_error
from cachepact._gen.errors import ErrorCode
from cachepact._record import EntityRecord
from cachepact._results import Accepted, CacheEntry, RedisInfo, Written

__all__ = [
    "INVALIDATE",
    "AbortSignal",
    "Accepted",
    "CacheEntry",
    "CachepactError",
    "Entity",
    "EntityRecord",
    "ErrorCode",
    "Invalidate",
    "LoadContext",
    "Loaded",
    "RedisInfo",
    "WriteContext",
    "Written",
    "define_entity",
    "is_cachepact_error",
    "loaded",
]
