"""Event loops that end, and errors that many callers share."""

from __future__ import annotations

import asyncio
import gc
import threading
import traceback
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

import pytest
from cachepact import AsyncCache, CachepactError, LoadContext
from cachepact._coalescing.settled import Settled
from cachepact_contracts import User, UserKey
from conftest import connect

if TYPE_CHECKING:
    from cachepact import AsyncEntityCache
    from dev_redis import DevRedis

KEY = User.key(id=1)


async def load(key: UserKey, _ctx: LoadContext) -> User:
    return User(id=key.id, created_at=datetime(2024, 2, 29, 12, 0, tzinfo=UTC), version=1)


async def begun(users: AsyncEntityCache[UserKey, User]) -> None:
    """A call that the end of its loop breaks off in the middle."""
    task = asyncio.ensure_future(users.get(KEY))
    await asyncio.sleep(0)
    assert not task.done()


@pytest.mark.redis
# A loop that ends without `close` leaves sockets to the garbage collector, and it says so.
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_cache_goes_on_in_the_next_loop_when_its_own_has_ended(shared_redis: DevRedis, namespace: str) -> None:
    cache = AsyncCache(redis=shared_redis.url, namespace=namespace, read_timeout_ms=1000, script_timeout_ms=600)
    users = cache.entity(User, load=load)

    async def read() -> str:
        async with asyncio.timeout(10):
            await users.get(KEY)
            return (await users.get_entry(KEY)).source

    async def read_and_close() -> str:
        async with cache:
            return await read()

    asyncio.run(begun(users))
    assert asyncio.run(read()) == "redis"
    asyncio.run(begun(users))
    assert asyncio.run(read_and_close()) == "redis"
    gc.collect()


@pytest.mark.redis
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_invalidation_that_an_ended_loop_owed_is_delivered_by_the_next(shared_redis: DevRedis, namespace: str) -> None:
    cache = AsyncCache(
        redis=shared_redis.url,
        namespace=namespace,
        read_timeout_ms=1000,
        script_timeout_ms=600,
        deliver_timeout_ms=100,
    )
    users = cache.entity(User, load=load)
    lease = f"{{{namespace}:user@1:1}}@lease"

    async def fail() -> None:
        await users.get(KEY)
        async with connect(shared_redis.url) as raw:
            await cast("Any", raw).hset(lease, "foreign", "1")
        with pytest.raises(CachepactError):
            await users.invalidate(KEY)

    async def recover() -> tuple[str, bool]:
        async with cache, connect(shared_redis.url) as raw:
            source = (await users.get_entry(KEY)).source
            await raw.delete(lease)
            await cache.close()
            return source, bool(await raw.exists(f"{namespace}:user@1:1"))

    asyncio.run(fail())
    assert asyncio.run(recover()) == ("database", False), "bypassed meanwhile, then deleted"
    gc.collect()


def test_call_from_a_second_loop_beside_the_first_is_refused() -> None:
    cache = AsyncCache(redis="redis://127.0.0.1:1")
    users = cache.entity(User, load=load)
    codes: list[str] = []

    def elsewhere() -> None:
        try:
            asyncio.run(users.get(KEY))
        except CachepactError as error:
            codes.append(error.code)

    async def main() -> None:
        await users.get(KEY)
        thread = threading.Thread(target=elsewhere)
        thread.start()
        await asyncio.to_thread(thread.join, 5)
        assert (await users.get(KEY)) is not None, "the first loop is not disturbed"
        await cache.close()

    asyncio.run(main())
    assert codes == ["E_OPTION"]


def test_error_that_many_share_does_not_grow_with_each_of_them() -> None:
    settled: Settled[None] = Settled()
    settled.fail(RuntimeError("shared"))
    lengths = []
    for _ in range(3):
        try:
            settled.result()
        except RuntimeError as error:
            lengths.append(len(traceback.extract_tb(error.__traceback__)))
    assert lengths == [lengths[0]] * 3
