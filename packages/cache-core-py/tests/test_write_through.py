from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from cachepact import INVALIDATE, CachepactError, WriteContext, loaded
from cachepact_contracts import Preferences, User
from under_test import eventually
from variants import variant

if TYPE_CHECKING:
    from collections.abc import Callable

    from cachepact._key import EntryKeys
    from dev_redis import DevRedis
    from under_test import CacheUnderTest, EntityUnderTest, Source

pytestmark = pytest.mark.redis

CREATED = datetime(2024, 2, 29, 12, 0, tzinfo=UTC)
KEY = User.key(id=1)


def user(*, version: int = 1, name: str = "Ada") -> User:
    return User(id=1, name=name, created_at=CREATED, version=version)


@pytest.fixture
def users(cache: CacheUnderTest, source: Source) -> EntityUnderTest:
    source.rows[KEY] = user()
    return cache.entity(User, source)


async def test_committed_value_is_stored_and_read_without_a_load(
    cache: CacheUnderTest, users: EntityUnderTest, source: Source, raw: Any
) -> None:
    await users.get(KEY)
    written = await users.write(KEY, lambda _: user(version=2, name="Grace"))
    assert written.version == 2
    entry = await users.get_entry(KEY)
    assert (entry.value, entry.source) == (user(version=2, name="Grace"), "redis")
    assert source.calls == 1
    keys = users.keys(KEY)
    assert await raw.get(keys.floor) == b"2"
    assert not await raw.exists(keys.lease, keys.writers)
    assert cache.outcomes("write", "outcome") == ["stored"]


async def test_value_is_gone_while_persist_runs_and_readers_do_not_store(
    users: EntityUnderTest, source: Source, raw: Any
) -> None:
    await users.get(KEY)
    found: list[bool] = []

    async def look() -> None:
        found.append(bool(await raw.exists(users.keys(KEY).value)))
        await users.get(KEY)
        found.append(bool(await raw.exists(users.keys(KEY).value)))

    loop = asyncio.get_running_loop()

    def persist(_: WriteContext) -> User:
        asyncio.run_coroutine_threadsafe(look(), loop).result(10)
        return user(version=2)

    await users.write(KEY, persist)
    assert found == [False, False]
    assert source.calls == 2


async def test_two_writers_at_once_leave_nothing_but_what_a_load_brings(
    cache: CacheUnderTest, users: EntityUnderTest, source: Source
) -> None:
    started = asyncio.Event()
    loop = asyncio.get_running_loop()

    async def second() -> None:
        await users.write(KEY, lambda _: user(version=3))

    def first(_: WriteContext) -> User:
        loop.call_soon_threadsafe(started.set)
        asyncio.run_coroutine_threadsafe(second(), loop).result(10)
        return user(version=2)

    await users.write(KEY, first)
    assert sorted(cache.outcomes("write", "outcome")) == ["deleted", "deleted"]
    source.rows[KEY] = user(version=3)
    assert (await users.get(KEY)).version == 3


async def test_older_row_is_not_stored_after_a_newer_write(users: EntityUnderTest, source: Source, raw: Any) -> None:
    await users.write(KEY, lambda _: user(version=5))
    await raw.delete(users.keys(KEY).value)
    source.rows[KEY] = user(version=4)  # as a replica that lags behind
    await users.get(KEY)
    assert not await raw.exists(users.keys(KEY).value), "the floor stands at 5"


async def test_deleted_row_is_stored_as_not_found(users: EntityUnderTest, source: Source, raw: Any) -> None:
    await users.get(KEY)
    written = await users.write(KEY, lambda _: loaded(None, version=1))
    assert written.version == 2, "one above the row that was deleted"
    assert await users.get(KEY) is None
    assert source.calls == 1
    assert 25_000 < await raw.pttl(users.keys(KEY).value) <= 30_000
    await users.write(KEY, lambda _: user(version=2))
    assert (await users.get(KEY)).version == 2
    await users.write(KEY, lambda _: None)
    source.rows[KEY] = None
    assert await users.get(KEY) is None


async def test_persist_that_has_no_row_at_hand_only_invalidates(
    cache: CacheUnderTest, users: EntityUnderTest, raw: Any
) -> None:
    await users.get(KEY)
    assert (await users.write(KEY, lambda _: INVALIDATE)).version == 0
    assert not await raw.exists(users.keys(KEY).value)
    assert cache.outcomes("write", "outcome") == ["deleted"]


async def test_error_of_persist_is_passed_on_and_nothing_stale_stays(
    cache: CacheUnderTest, users: EntityUnderTest, raw: Any
) -> None:
    await users.get(KEY)

    def persist(_: WriteContext) -> User:
        raise RuntimeError("rolled back")

    with pytest.raises(RuntimeError, match="rolled back"):
        await users.write(KEY, persist)
    keys = users.keys(KEY)
    assert not await raw.exists(keys.value, keys.lease, keys.writers)
    assert cache.outcomes("write", "outcome") == ["error"]


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (User(id=1, created_at=CREATED), "E_VERSION"),
        (User(id=2, created_at=CREATED, version=2), "E_LOADER"),
        ("text", "E_LOADER"),
        (User(id=1, created_at=CREATED, version=2, name="\ud800"), "E_SURROGATE"),
    ],
    ids=["no-version", "other-row", "other-type", "not-encodable"],
)
async def test_committed_answer_that_cannot_be_used_is_invalidated_and_says_so(
    users: EntityUnderTest, raw: Any, answer: Any, code: str
) -> None:
    await users.get(KEY)
    with pytest.raises(CachepactError) as caught:
        await users.write(KEY, lambda _: answer)
    assert (caught.value.code, caught.value.committed) == (code, True)
    assert not await raw.exists(users.keys(KEY).value)


async def test_write_reaches_every_live_generation(
    cache: CacheUnderTest, source: Source, raw: Any, users: EntityUnderTest
) -> None:
    announced = cache.entity(variant(User, next_generation=2), source)
    other = announced.keys(KEY, 2).value
    assert other != announced.keys(KEY).value
    await raw.set(other, b"what a newer release has stored", px=60_000)
    await announced.write(KEY, lambda _: user(version=2))
    assert not await raw.exists(other)
    assert (await users.get_entry(KEY)).source == "redis"
    await raw.set(other, b"again", px=60_000)
    await announced.invalidate(KEY)
    assert not await raw.exists(other, announced.keys(KEY).value)


async def test_invalidation_reaches_generation_0_which_its_keys_do_not_name(
    cache: CacheUnderTest, source: Source, raw: Any
) -> None:
    retiring = cache.entity(variant(User, previous_generation=0), source)
    oldest = retiring.keys(KEY, 0).value
    assert "@" not in oldest
    await raw.set(oldest, b"what an older release has stored", px=60_000)
    await retiring.invalidate(KEY)
    assert not await raw.exists(oldest)


async def test_lost_fence_is_told_to_persist_and_nothing_is_stored(
    make_cache: Callable[..., CacheUnderTest], shared_redis: DevRedis, namespace: str, source: Source, raw: Any
) -> None:
    made = make_cache(shared_redis.url, namespace=namespace, read_timeout_ms=1000, script_timeout_ms=190, marker_ms=600)
    await made.ready()
    entity = made.entity(User, source)
    keys = entity.keys(KEY)
    loop = asyncio.get_running_loop()
    told: list[bool] = []

    def persist(context: WriteContext) -> User:
        told.append(context.signal.aborted)
        asyncio.run_coroutine_threadsafe(wipe(), loop).result(10)
        for _ in range(100):
            if context.signal.aborted:
                break
            asyncio.run_coroutine_threadsafe(asyncio.sleep(0.02), loop).result(10)
        told.append(context.signal.aborted)
        with pytest.raises(CachepactError):
            context.signal.raise_if_aborted()
        return user(version=2)

    async def wipe() -> None:
        await raw.delete(keys.lease, keys.writers)

    await entity.write(KEY, persist)
    assert told == [False, True]
    assert not await raw.exists(keys.value)


async def test_fence_is_renewed_while_persist_goes_on(
    make_cache: Callable[..., CacheUnderTest], shared_redis: DevRedis, namespace: str, source: Source
) -> None:
    made = make_cache(shared_redis.url, namespace=namespace, read_timeout_ms=1000, script_timeout_ms=190, marker_ms=600)
    await made.ready()
    entity = made.entity(User, source)
    loop = asyncio.get_running_loop()

    def persist(_: WriteContext) -> User:
        asyncio.run_coroutine_threadsafe(asyncio.sleep(1.5), loop).result(10)
        return user(version=2)

    await entity.write(KEY, persist)
    assert made.outcomes("write", "outcome") == ["stored"]


async def test_write_of_an_entity_with_a_log_is_refused(cache: CacheUnderTest, source: Source) -> None:
    entity = cache.entity(Preferences, source)
    with pytest.raises(CachepactError) as caught:
        await entity.write(Preferences.key(user_id=1), lambda _: None)
    assert caught.value.code == "E_PATTERN"


async def test_cancelled_writer_still_ends_its_write(cache: CacheUnderTest, users: EntityUnderTest, raw: Any) -> None:
    keys = users.keys(KEY)
    if cache.kind == "sync":
        # A thread cannot be cancelled; an interrupt takes the same way.
        def interrupted(_: WriteContext) -> User:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            await users.write(KEY, interrupted)
    else:
        release = asyncio.Event()

        async def persist(_: WriteContext) -> User:
            await release.wait()
            return user(version=2)

        writing = asyncio.ensure_future(users._bound.write(KEY, persist))
        await eventually(lambda: fenced(raw, keys))
        writing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await writing
    await eventually(lambda: unfenced(raw, keys))


async def fenced(raw: Any, keys: EntryKeys) -> bool:
    return bool(await raw.exists(keys.lease))


async def unfenced(raw: Any, keys: EntryKeys) -> bool:
    return not await raw.exists(keys.lease, keys.writers)


async def test_each_write_is_seen_by_the_next_read(users: EntityUnderTest) -> None:
    for version in range(2, 12):
        row = user(version=version)
        await users.write(KEY, lambda _, row=row: row)
        assert (await users.get(KEY)).version == version
