"""A caller that gives up: what it has committed must reach Redis all the same."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from cachepact import AsyncCache, CachepactError, LoadContext, WriteContext
from cachepact._coalescing.fence import Fence
from cachepact._core import EntityContext
from cachepact._options import EntityOptions
from cachepact._patterns.write_through import write_through
from cachepact._store.effects import Spawn, Stop, Together
from cachepact_contracts import User, UserKey
from under_test import eventually
from variants import variant

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from cachepact import AsyncEntityCache
    from dev_redis import DevRedis
    from proxy import Proxy

CREATED = datetime(2024, 2, 29, 12, 0, tzinfo=UTC)
KEY = User.key(id=1)


def user(version: int = 1) -> User:
    return User(id=1, created_at=CREATED, version=version)


@pytest.fixture
async def proxy(connect_through: Callable[[str], Awaitable[Proxy]], shared_redis: DevRedis) -> Proxy:
    return await connect_through(shared_redis.url)


@pytest.fixture
async def cache(proxy: Proxy, namespace: str) -> AsyncIterator[AsyncCache]:
    async with AsyncCache(
        redis=proxy.url, namespace=namespace, read_timeout_ms=1000, script_timeout_ms=190, marker_ms=600
    ) as made:
        await made.ready()
        yield made


@pytest.fixture
def users(cache: AsyncCache) -> AsyncEntityCache[UserKey, User]:
    async def load(_key: UserKey, _ctx: LoadContext) -> User:
        return user()

    return cache.entity(User, load=load)


async def cancelled(task: asyncio.Future[Any]) -> None:
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.redis
async def test_invalidation_goes_on_without_its_caller(
    proxy: Proxy, users: AsyncEntityCache[UserKey, User], namespace: str, raw: Any
) -> None:
    await users.get(KEY)
    name = f"{namespace}:user@1:1"
    assert await raw.exists(name)
    proxy.cut()
    invalidating = asyncio.ensure_future(users.invalidate(KEY))
    await asyncio.sleep(0.05)
    await cancelled(invalidating)
    proxy.refuse = False

    async def gone() -> bool:
        return not await raw.exists(name)

    await eventually(gone)


@pytest.mark.redis
async def test_committed_write_is_ended_without_its_caller(
    proxy: Proxy, users: AsyncEntityCache[UserKey, User], namespace: str, raw: Any
) -> None:
    committed = asyncio.Event()

    async def persist(_: WriteContext) -> User:
        proxy.cut()
        committed.set()
        return user(version=2)

    writing = asyncio.ensure_future(users.write(KEY, persist))
    await committed.wait()
    await asyncio.sleep(0.05)
    await cancelled(writing)
    proxy.refuse = False
    stem = f"{{{namespace}:user@1:1}}"

    async def ended() -> bool:
        return await raw.get(f"{stem}@floor") == b"2" and not await raw.exists(f"{stem}@lease", f"{stem}@writers")

    # Were the fence still renewed, it would stand for as long as this process lives.
    await eventually(ended)


def test_fences_of_a_write_that_is_given_up_before_its_commit_are_taken_down() -> None:
    cache = AsyncCache(redis="redis://h")
    entity = variant(User, next_generation=2)
    context = EntityContext(cache._core, entity, EntityOptions(print, lambda: True, 1000))
    flow = write_through(context, KEY, lambda _: pytest.fail("nothing is committed"))
    effect: Any = next(flow)
    assert isinstance(effect, Together)
    first: Any = effect.flows[0]
    next(first)
    first.send([b"ALONE", b"1700000000000"])  # asks for renewals
    with pytest.raises(StopIteration):
        first.send("its renewals")
    effects: list[Any] = [flow.throw(asyncio.CancelledError()), flow.send(None), flow.send(None)]
    with pytest.raises(asyncio.CancelledError):
        flow.send(None)
    assert [type(each) for each in effects] == [Stop, Spawn, Spawn]
    finishes: list[Any] = [next(each.flow) for each in effects[1:]]
    assert [each.name for each in finishes] == ["finish", "finish"]


def test_fence_is_not_renewed_after_it_was_halted() -> None:
    cache = AsyncCache(redis="redis://h")
    context = EntityContext(cache._core, User.__cachepact__, EntityOptions(print, lambda: True, 1000))
    fence = Fence(context, context.keys(KEY))
    begin: Any = fence.begin(lambda: None)
    next(begin)
    renewals: Any = begin.send([b"ALONE", b"1700000000000"]).flow
    next(renewals)
    fence.halt()
    with pytest.raises(StopIteration):
        renewals.send(None)


@pytest.mark.redis
async def test_loader_that_ends_as_cancelled_is_an_error_and_not_the_end_of_its_callers(cache: AsyncCache) -> None:
    async def load(_key: UserKey, _ctx: LoadContext) -> User:
        raise asyncio.CancelledError

    users = cache.entity(User, load=load)
    answers = await asyncio.gather(*(users.get(KEY) for _ in range(3)), return_exceptions=True)
    assert [getattr(answer, "code", answer) for answer in answers] == ["E_LOADER"] * 3


@pytest.mark.redis
async def test_close_ends_calls_whose_loader_does_not_come_back(cache: AsyncCache) -> None:
    entered = asyncio.Event()

    async def load(_key: UserKey, _ctx: LoadContext) -> User:
        entered.set()
        await asyncio.Event().wait()
        raise AssertionError

    users = cache.entity(User, load=load)
    reading = [asyncio.ensure_future(users.get(KEY)) for _ in range(2)]
    await entered.wait()
    await cache.close()
    for each in reading:
        with pytest.raises(CachepactError) as caught:
            await each
        assert caught.value.code == "E_CLOSED"


@pytest.mark.redis
async def test_close_waits_for_what_a_writer_waits_for(
    cache: AsyncCache, users: AsyncEntityCache[UserKey, User], namespace: str, raw: Any
) -> None:
    committing = asyncio.Event()

    async def persist(_: WriteContext) -> User:
        committing.set()
        await asyncio.sleep(0.2)
        return user(version=2)

    writing = asyncio.ensure_future(users.write(KEY, persist))
    await committing.wait()
    await asyncio.gather(cache.close(), cache.close())
    assert (await writing).version == 2
    assert await raw.get(f"{{{namespace}:user@1:1}}@floor") == b"2"


@pytest.mark.redis
async def test_close_delivers_once_more_what_is_owed(
    cache: AsyncCache, users: AsyncEntityCache[UserKey, User], namespace: str, raw: Any
) -> None:
    await users.get(KEY)
    value, lease = f"{namespace}:user@1:1", f"{{{namespace}:user@1:1}}@lease"
    await raw.hset(lease, "foreign", "1")
    with pytest.raises(CachepactError) as caught:
        await users.invalidate(KEY)
    assert caught.value.code == "E_PENDING"
    await raw.delete(lease)
    await cache.close()
    assert not await raw.exists(value)
