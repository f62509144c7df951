"""Entities whose loader may read a replica that lags behind."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from cachepact import INVALIDATE, CachepactError, loaded
from cachepact._frame import decode_frame
from cachepact_contracts import User
from conftest import connect
from under_test import in_thread
from variants import variant

if TYPE_CHECKING:
    from collections.abc import Callable

    from dev_redis import DevRedis
    from under_test import CacheUnderTest, EntityUnderTest, Source

pytestmark = pytest.mark.redis

KEY = User.key(id=1)


def user(version: int = 1, *, number: int = 1) -> User:
    return User(id=number, created_at=datetime(2024, 2, 29, 12, 0, tzinfo=UTC), version=version)


@pytest.fixture
def users(cache: CacheUnderTest, source: Source) -> EntityUnderTest:
    """Never read at the primary alone."""
    source.rows[KEY] = user()
    return cache.entity(variant(User, replica_reads=True), source)


def primary(source: Source) -> list[bool]:
    return [context.primary for context in source.contexts]


async def test_floor_makes_the_loader_read_the_primary(users: EntityUnderTest, source: Source) -> None:
    await users.get(KEY)
    await users.invalidate(KEY, version=2)
    source.rows[KEY] = user(2)
    await users.get(KEY)
    assert primary(source) == [False, True]


async def test_active_writer_is_told_by_the_floor_too(
    cache: CacheUnderTest, users: EntityUnderTest, source: Source, raw: Any
) -> None:
    keys = users.keys(KEY)
    await raw.set(keys.lease, "w" + "x" * 22, px=10_000)
    await users.get(KEY)
    await raw.set(keys.floor, "1", px=60_000)
    await users.get(KEY)
    assert cache.outcomes("request", "result") == ["bypass"] * 2
    assert primary(source) == [False, True], "without a floor nothing was written that a replica could lack"


async def test_row_below_the_floor_is_not_stored_and_the_primary_is_read_once_more(
    cache: CacheUnderTest, users: EntityUnderTest, source: Source, raw: Any
) -> None:
    keys = users.keys(KEY)
    source.gate.clear()
    reading = asyncio.ensure_future(users.get(KEY))
    await in_thread(source.entered.wait, 5)
    await raw.set(keys.floor, "2", px=60_000)
    source.rows[KEY] = user(2)
    source.gate.set()
    assert (await reading).version == 2
    assert cache.outcomes("fill", "result") == ["stale"]
    assert primary(source) == [False, True]
    assert not await raw.exists(keys.value)


async def test_not_found_of_a_replica_is_asked_of_the_primary_when_a_floor_came_up_during_the_load(
    cache: CacheUnderTest, users: EntityUnderTest, source: Source, raw: Any
) -> None:
    del source.rows[KEY]
    source.gate.clear()
    reading = asyncio.ensure_future(users.get(KEY))
    await in_thread(source.entered.wait, 5)
    await raw.set(users.keys(KEY).floor, "2", px=60_000)
    source.rows[KEY] = user(2)
    source.gate.set()
    assert (await reading).version == 2
    assert primary(source) == [False, True]
    assert cache.outcomes("fill", "result") == ["stale"]


async def test_not_found_of_the_primary_is_the_answer_though_a_floor_keeps_it_from_being_stored(
    cache: CacheUnderTest, users: EntityUnderTest, source: Source, raw: Any
) -> None:
    source.rows.clear()
    plain = cache.entity(User, source)
    await raw.set(users.keys(KEY).floor, "2", px=60_000)
    assert await users.get(KEY) is None
    assert await plain.get(KEY) is None
    assert cache.outcomes("fill", "result") == ["stale", "stale"]
    assert primary(source) == [True, False], "one load each"


async def test_primary_is_read_while_redis_cannot_tell_whether_a_floor_stands(
    cache: CacheUnderTest, source: Source, raw: Any
) -> None:
    on = True
    entity = cache.entity(variant(User, replica_reads=True), source, enabled=lambda: on)
    source.rows[KEY] = user()
    keys = entity.keys(KEY)
    # Records of a foreign type make one message fail and leave the others alone: first the script, then the read.
    await raw.hset(keys.lease, "foreign", "1")
    await entity.get(KEY)
    await raw.hset(keys.value, "foreign", "1")
    await entity.get(KEY)
    with pytest.raises(CachepactError) as caught:
        await entity.invalidate(KEY, version=1)
    assert caught.value.code == "E_PENDING"
    await entity.get(KEY)
    on = False
    await entity.get(KEY)
    assert primary(source) == [True] * 4
    assert cache.outcomes("request", "result") == ["error", "error", "bypass", "bypass"]


@pytest.mark.parametrize(("policy", "bounds"), [("volatile-lfu", (0, 5_000)), ("noeviction", (5_001, 99_000))])
async def test_row_of_a_replica_is_fresh_as_long_as_the_floor_that_would_refuse_it_unless_redis_never_evicts(
    make_cache: Callable[..., CacheUnderTest],
    start_redis: Callable[..., DevRedis],
    source: Source,
    policy: str,
    bounds: tuple[int, int],
) -> None:
    cache = make_cache(start_redis(maxmemory="64mb", maxmemory_policy=policy).url, floor_ms=5_000)
    await cache.ready()
    for number, grace_ms in ((1, 0), (2, 60_000)):
        entity = cache.entity(
            variant(User, replica_reads=True, ttl_ms=90_000, grace_ms=grace_ms), source, load_timeout_ms=1_000
        )
        key = entity.key(id=number)
        source.rows[key] = user(number=number)
        await entity.get(key)
        assert bounds[0] < await lives(cache, entity.keys(key).value, grace_ms) <= bounds[1]


async def lives(cache: CacheUnderTest, name: str, grace_ms: int) -> float:
    """How long an entry is fresh, by its own frame or by its expiry."""
    async with connect(cache.url) as client:
        raw: Any = client
        if grace_ms == 0:
            return float(await raw.pttl(name))
        seconds, micros = await raw.time()
        now_ms = float(seconds * 1000 + micros / 1000)
        return decode_frame(await raw.get(name)).header.stale_at_ms - now_ms


async def test_writes_must_say_their_version(users: EntityUnderTest, source: Source, raw: Any) -> None:
    with pytest.raises(CachepactError) as caught:
        await users.invalidate(KEY)
    assert (caught.value.code, caught.value.committed) == ("E_VERSION", None)
    for answer in (INVALIDATE, None):
        await users.get(KEY)
        with pytest.raises(CachepactError) as caught:
            await users.write(KEY, lambda _, answer=answer: answer)
        assert (caught.value.code, caught.value.committed) == ("E_VERSION", True)
        assert not await raw.exists(users.keys(KEY).value), "committed, and so invalidated"
    assert (await users.write(KEY, lambda _: loaded(None, version=4))).version == 5
    source.rows[KEY] = user(4)  # the deleted row, on a replica that lags
    assert await users.get(KEY) is None
