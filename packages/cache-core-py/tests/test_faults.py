"""Redis killed, frozen, restarted: the database answers, and what is owed to Redis is delivered."""

from __future__ import annotations

import asyncio
import contextlib
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from cachepact import CachepactError, loaded
from cachepact._gen.scripts import SCRIPTS
from cachepact_contracts import Preferences, User
from conftest import connect
from redis.exceptions import OutOfMemoryError
from shifted_clock import ShiftedClock
from under_test import CacheUnderTest, EntityUnderTest, Source, eventually
from variants import variant

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from dev_redis import DevRedis
    from proxy import Proxy

pytestmark = pytest.mark.redis

CREATED = datetime(2024, 2, 29, 12, 0, tzinfo=UTC)
KEY = User.key(id=1)


def user(*, version: int = 1) -> User:
    return User(id=1, created_at=CREATED, version=version)


@pytest.fixture
def server(start_redis: Callable[..., DevRedis]) -> DevRedis:
    return start_redis(appendonly="yes")


@pytest.fixture
async def running(make_cache: Callable[..., CacheUnderTest], server: DevRedis) -> CacheUnderTest:
    made = make_cache(server.url, deliver_timeout_ms=300)
    await made.ready()
    return made


@pytest.fixture
def users(running: CacheUnderTest, source: Source) -> EntityUnderTest:
    source.rows[KEY] = user()
    return running.entity(User, source)


async def test_database_answers_while_redis_is_dead_and_the_cache_comes_back(
    running: CacheUnderTest, users: EntityUnderTest, server: DevRedis, source: Source
) -> None:
    await users.get(KEY)
    server.kill()
    for number in range(20):
        source.rows[KEY] = user(version=number + 2)
        started = time.monotonic()
        entry = await users.get_entry(KEY)
        assert (entry.source, entry.version) == ("database", number + 2)
        assert time.monotonic() - started < 1
    assert set(running.outcomes("request", "result")[1:]) == {"error"}
    server.start()

    async def cached() -> bool:
        return (await users.get_entry(KEY)).source == "redis"

    await eventually(cached)


async def test_database_answers_while_redis_is_frozen(
    running: CacheUnderTest, users: EntityUnderTest, server: DevRedis
) -> None:
    await users.get(KEY)
    server.freeze()
    slowest = 0.0
    for _ in range(10):
        started = time.monotonic()
        assert (await users.get_entry(KEY)).source == "database"
        slowest = max(slowest, time.monotonic() - started)
    server.thaw()
    assert slowest < 1, "the read deadline is 100 ms"
    assert "timeout" in running.outcomes("command_error", "reason")

    async def cached() -> bool:
        return (await users.get_entry(KEY)).source == "redis"

    await eventually(cached)


async def test_callers_share_a_load_also_without_redis(
    users: EntityUnderTest, server: DevRedis, source: Source
) -> None:
    server.kill()
    source.delay_s = 0.2
    await asyncio.gather(*(users.get(KEY) for _ in range(50)))
    assert source.calls <= 3


async def test_cache_that_never_reached_redis_answers(
    make_cache: Callable[..., CacheUnderTest], source: Source, server: DevRedis
) -> None:
    server.kill()
    made = make_cache(server.url)
    users = made.entity(User, source)
    source.rows[KEY] = user()
    assert await users.get(KEY) == user()
    for call in (made.ready(), made.info()):
        with pytest.raises(CachepactError) as caught:
            await call
        assert (caught.value.code, caught.value.retryable) == ("E_UNAVAILABLE", True)


async def test_owed_invalidation_keeps_the_key_bypassed_and_is_delivered_after_a_restart(
    running: CacheUnderTest, users: EntityUnderTest, server: DevRedis, source: Source
) -> None:
    await users.get(KEY)
    server.freeze()
    source.rows[KEY] = user(version=2)
    with pytest.raises(CachepactError) as caught:
        await users.invalidate(KEY, version=2)
    assert (caught.value.code, caught.value.retryable) == ("E_PENDING", True)
    server.kill()  # while it is frozen: for a moment awake, it could take what is owed
    entry = await users.get_entry(KEY)
    assert (entry.version, entry.source) == (2, "database")
    assert running.outcomes("request", "result")[-1] == "bypass"
    assert running.outcomes("quarantine", "size")[-1] == 1
    server.start()

    async def delivered() -> bool:
        return bool(running.outcomes("quarantine", "size")[-1] == 0)

    await eventually(delivered)
    async with connect(server.url) as client:
        assert await client.get(users.keys(KEY).floor) == b"2"
    assert (await users.get(KEY)).version == 2
    assert running.outcomes("write", "outcome") == ["pending"]


async def test_eventual_write_commits_without_redis_and_is_told_later(
    running: CacheUnderTest, users: EntityUnderTest, server: DevRedis, source: Source
) -> None:
    await users.get(KEY)
    server.kill()

    def persist(_: object) -> User:
        source.rows[KEY] = user(version=2)
        return user(version=2)

    assert (await users.write(KEY, persist)).version == 2
    assert (await users.get(KEY)).version == 2
    server.start()

    async def delivered() -> bool:
        return bool(running.outcomes("quarantine", "size")[-1] == 0)

    await eventually(delivered)
    entry = await users.get_entry(KEY)
    assert entry.version == 2
    assert running.outcomes("write", "outcome") == ["pending"]


async def test_strong_write_refuses_before_the_commit_without_redis(
    running: CacheUnderTest, server: DevRedis, source: Source
) -> None:
    entity = running.entity(variant(User, consistency="strong"), source)
    server.kill()
    committed = []
    with pytest.raises(CachepactError) as caught:
        await entity.write(KEY, lambda _: committed.append(1))
    assert (caught.value.code, caught.value.committed) == ("E_FENCE", False)
    assert committed == []
    assert running.outcomes("write", "outcome") == ["refused"]
    assert running.outcomes("quarantine", "size") == [], "nothing was committed, so that nothing is owed"


async def test_strong_write_whose_fence_is_alive_succeeds_though_redis_dies_after_the_commit(
    running: CacheUnderTest, server: DevRedis, source: Source
) -> None:
    entity = running.entity(variant(User, consistency="strong"), source)

    def persist(_: object) -> User:
        server.kill()
        return user(version=2)

    assert (await entity.write(KEY, persist)).version == 2


async def test_strong_write_whose_fence_lapsed_and_whose_end_is_not_confirmed_says_that_it_is_committed(
    make_cache: Callable[..., CacheUnderTest], server: DevRedis, source: Source
) -> None:
    clock = ShiftedClock()
    made = make_cache(server.url, clock=clock, deliver_timeout_ms=300)
    await made.ready()
    entity = made.entity(variant(User, consistency="strong"), source)

    def persist(_: object) -> User:
        server.kill()
        clock.advance(10_000)
        return user(version=2)

    with pytest.raises(CachepactError) as caught:
        await entity.write(KEY, persist)
    assert (caught.value.code, caught.value.committed, caught.value.retryable) == ("E_UNCONFIRMED", True, False)
    assert made.outcomes("write", "outcome") == ["unknown"]
    assert made.outcomes("quarantine", "size") == [1], "the end is still owed"


async def test_strong_write_whose_fence_lapsed_succeeds_when_its_end_is_confirmed(
    make_cache: Callable[..., CacheUnderTest], shared_redis: DevRedis, namespace: str, source: Source
) -> None:
    clock = ShiftedClock()
    made = make_cache(shared_redis.url, namespace=namespace, clock=clock, script_timeout_ms=600)
    await made.ready()
    entity = made.entity(variant(User, consistency="strong"), source)

    def persist(_: object) -> User:
        clock.advance(10_000)
        return user(version=2)

    assert (await entity.write(KEY, persist)).version == 2


async def test_server_that_is_no_longer_the_primary_is_left(
    make_cache: Callable[..., CacheUnderTest],
    connect_through: Callable[[str], Awaitable[Proxy]],
    start_redis: Callable[..., DevRedis],
    source: Source,
) -> None:
    demoted, promoted = start_redis(), start_redis()
    proxy = await connect_through(demoted.url)
    made = make_cache(proxy.url, read_timeout_ms=1000, script_timeout_ms=600)
    await made.ready()
    entity = made.entity(User, source)
    source.rows[KEY] = user()
    await asyncio.gather(*(entity.get(entity.key(id=number)) for number in range(1, 9)))
    proxy.target = promoted.url
    async with connect(demoted.url) as old, connect(promoted.url) as new:
        await old.replicaof("127.0.0.1", int(promoted.url.rpartition(":")[2]))
        await new.set(entity.keys(KEY).value, b"stale")
        await entity.invalidate(KEY)
        assert not await new.exists(entity.keys(KEY).value)
        await entity.get(KEY)
        assert await new.exists(entity.keys(KEY).value), "reads have left it too"
    assert made.outcomes("write", "outcome") == ["deleted"]


async def test_reason_of_a_failed_connection_can_be_seen(make_cache: Callable[..., CacheUnderTest]) -> None:
    made = make_cache("redis://127.0.0.1:1")
    for _ in range(2):
        with pytest.raises(CachepactError) as caught:
            await made.ready()
        transport_error = caught.value.__cause__
        assert transport_error is not None
        assert "127.0.0.1:1" in str(transport_error.__cause__)


async def test_full_redis_still_invalidates(
    make_cache: Callable[..., CacheUnderTest], start_redis: Callable[..., DevRedis], source: Source
) -> None:
    server = start_redis(maxmemory="12mb", maxmemory_policy="noeviction")
    made = make_cache(server.url, read_timeout_ms=1000, script_timeout_ms=600)
    await made.ready()
    users = made.entity(User, source)
    source.rows[KEY] = user()
    await users.get(KEY)
    async with connect(server.url) as client:
        await fill(client)
        await users.invalidate(KEY)
        assert not await client.exists(users.keys(KEY).value)
        await fill(client)
        assert (await users.get_entry(KEY)).source == "database"
        assert not await client.exists(users.keys(KEY).value)
    assert made.outcomes("command_error", "reason") == ["oom"]


async def fill(client: Any) -> None:
    """Add to a server until it takes not even a few bytes more."""
    for size in (100_000, 1_000, 10):
        held = await client.dbsize()
        with contextlib.suppress(OutOfMemoryError):
            for number in range(100_000):
                await client.set(f"ballast:{size}:{held}:{number}", b"x" * size)
            pytest.fail("the server has no limit")


async def test_forgotten_scripts_are_sent_again(
    running: CacheUnderTest, users: EntityUnderTest, server: DevRedis
) -> None:
    async with connect(server.url) as client:
        await client.script_flush()
        assert await users.get(KEY) == user()
        assert await client.script_exists(SCRIPTS["acquire"].sha1) == [True], "so that the next call is short again"
    assert (await users.get_entry(KEY)).source == "redis"
    assert running.outcomes("command_error", "reason") == []


async def test_write_behind_reads_are_flagged_without_redis(
    running: CacheUnderTest, server: DevRedis, source: Source
) -> None:
    entity = running.entity(Preferences, source)
    source.answer = loaded(Preferences(user_id=1), version=1)
    server.kill()
    entry = await entity.get_entry(Preferences.key(user_id=1))
    assert (entry.source, entry.maybe_stale) == ("database", True)


async def test_password_of_the_url_is_used_and_never_shown(
    make_cache: Callable[..., CacheUnderTest], start_redis: Callable[..., DevRedis], source: Source
) -> None:
    server = start_redis(requirepass="s3cret/word")
    made = make_cache(server.url)
    await made.ready()
    users = made.entity(User, source)
    source.rows[KEY] = user()
    await users.get(KEY)
    assert (await users.get_entry(KEY)).source == "redis"
    wrong = make_cache(server.url.replace("s3cret", "wr0ng"))
    with pytest.raises(CachepactError) as caught:
        await wrong.ready()
    assert "wr0ng" not in str(caught.value)
