"""Write-behind writes that are sent more than once, and those that wait behind them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from cachepact import CachepactError, SystemRandom, loaded
from cachepact._key import entry_keys
from cachepact_contracts import Preferences
from shifted_clock import ShiftedClock
from under_test import eventually
from worker import Worker

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from dev_redis import DevRedis
    from proxy import Proxy
    from under_test import CacheUnderTest, EntityUnderTest, Source

pytestmark = pytest.mark.redis

ENTITY = Preferences.__cachepact__
KEY = Preferences.key(user_id=1)


class Slow(SystemRandom):
    """The longest pause before a group is sent again: a later write has the time to overtake it."""

    __slots__ = ()

    def next(self) -> float:
        return 0.999


def preferences(number: int = 1, language: str = "en") -> Preferences:
    return Preferences(user_id=number, language=language)


def partition(number: int) -> int:
    log = entry_keys(ENTITY.record, "", Preferences.key(user_id=number)).log
    assert log is not None
    return log.partition


def rows(count: int, *, same_partition: bool) -> list[int]:
    """Ids in the partition of row 1, or in other ones."""
    found = (number for number in range(2, 10_000) if (partition(number) == partition(1)) is same_partition)
    return [next(found) for _ in range(count)]


@pytest.fixture
def cache(make_cache: Callable[..., CacheUnderTest], shared_redis: DevRedis, namespace: str) -> CacheUnderTest:
    return make_cache(shared_redis.url, namespace=namespace, random=Slow(), read_timeout_ms=1000, script_timeout_ms=600)


@pytest.fixture
def entity(cache: CacheUnderTest, source: Source) -> EntityUnderTest:
    return cache.entity(Preferences, source)


@pytest.fixture
def worker(raw: Any, namespace: str) -> Worker:
    return Worker(raw, ENTITY, namespace)


async def refused_once(cache: CacheUnderTest) -> None:
    """The first copy of a write has had its answer: the partition is not armed."""

    async def answered() -> bool:
        return "accept" in cache.commands()

    await eventually(answered)


async def test_later_write_does_not_overtake_an_earlier_one_that_must_be_sent_again(
    cache: CacheUnderTest, entity: EntityUnderTest, worker: Worker
) -> None:
    first = asyncio.ensure_future(entity.put(KEY, preferences(language="first")))
    await refused_once(cache)
    await worker.arm()
    second = await entity.put(KEY, preferences(language="second"))
    assert (await first).version < second.version
    assert (await entity.get(KEY)).language == "second"


async def test_what_waits_for_an_answer_goes_out_with_one_message(
    cache: CacheUnderTest, entity: EntityUnderTest, worker: Worker
) -> None:
    first = asyncio.ensure_future(entity.put(KEY, preferences()))
    await refused_once(cache)
    later = [
        asyncio.ensure_future(entity.put(Preferences.key(user_id=number), preferences(number)))
        for number in rows(10, same_partition=True)
    ]
    await asyncio.sleep(0.02)
    await worker.arm()
    ops = {accepted.op for accepted in await asyncio.gather(*later)}
    assert len(ops) == 1
    assert (await first).op not in ops


async def test_more_than_a_call_may_hold_goes_out_in_several_in_call_order(
    cache: CacheUnderTest, entity: EntityUnderTest, worker: Worker
) -> None:
    await worker.arm()
    numbers = rows(300, same_partition=True)
    writes = [
        entity.put(Preferences.key(user_id=number), preferences(number))
        if index % 2
        else entity.put(KEY, preferences(language=str(index)))
        for index, number in enumerate(numbers)
    ]
    versions = [accepted.version for accepted in await asyncio.gather(*writes)]
    assert len(set(versions)) == 300
    assert len(await worker.events()) == 300
    if cache.kind == "async":
        assert versions == sorted(versions)
        assert (await entity.get(KEY)).language == "298"
        assert cache.commands().count("accept") == 3


async def test_write_that_waits_behind_another_one_is_refused_as_soon_as_that_one(
    make_cache: Callable[..., CacheUnderTest], shared_redis: DevRedis, namespace: str, source: Source, worker: Worker
) -> None:
    cache = make_cache(shared_redis.url, namespace=namespace, script_timeout_ms=600, accept_wait_ms=400)
    entity = cache.entity(Preferences, source)
    first = asyncio.ensure_future(entity.put(KEY, preferences()))
    await refused_once(cache)
    later = asyncio.ensure_future(entity.put(KEY, preferences()))
    answers = await asyncio.gather(first, later, return_exceptions=True)
    assert [getattr(answer, "code", answer) for answer in answers] == ["E_UNAVAILABLE"] * 2
    assert await worker.events() == []


async def test_partition_whose_records_are_broken_does_not_hold_up_the_others_of_its_message(
    cache: CacheUnderTest, entity: EntityUnderTest, worker: Worker, raw: Any
) -> None:
    await worker.arm()
    meta = entity.keys(KEY).log.meta
    await raw.delete(meta)
    await raw.set(meta, "not a hash")
    broken = asyncio.ensure_future(entity.put(KEY, preferences()))
    (other,) = rows(1, same_partition=False)
    accepted = await entity.put(Preferences.key(user_id=other), preferences(other))
    (event,) = await worker.events()
    assert event.version == accepted.version
    await cache.close()
    with pytest.raises(CachepactError) as caught:
        await broken
    assert caught.value.code == "E_UNKNOWN"


@pytest.fixture
async def proxy(connect_through: Callable[[str], Awaitable[Proxy]], shared_redis: DevRedis, worker: Worker) -> Proxy:
    """A network to break, before partitions that are armed."""
    await worker.arm()
    return await connect_through(shared_redis.url)


async def test_copy_of_an_accepted_write_is_answered_and_not_accepted_again(
    make_cache: Callable[..., CacheUnderTest], proxy: Proxy, namespace: str, source: Source, worker: Worker
) -> None:
    cache = make_cache(proxy.url, namespace=namespace, read_timeout_ms=1000, script_timeout_ms=300)
    await cache.ready()
    entity = cache.entity(Preferences, source)
    proxy.mute = True
    putting = asyncio.ensure_future(entity.put(KEY, preferences()))

    async def lost() -> bool:
        return "timeout" in cache.outcomes("command_error", "reason")

    await eventually(lost)
    proxy.mute = False
    proxy.cut()
    proxy.refuse = False
    accepted = await putting
    (event,) = await worker.events()
    assert event.version == accepted.version
    assert any(b"DUP" in reply for reply in proxy.replies), "the second copy found the first one's version"


async def test_write_that_is_never_answered_is_unknown_once_it_can_no_longer_take_effect(
    make_cache: Callable[..., CacheUnderTest], proxy: Proxy, namespace: str, source: Source, worker: Worker
) -> None:
    clock = ShiftedClock()
    cache = make_cache(proxy.url, namespace=namespace, clock=clock, script_timeout_ms=190)
    await cache.ready()
    entity = cache.entity(Preferences, source)
    proxy.mute = True
    putting = asyncio.ensure_future(entity.put(KEY, preferences()))

    async def lost() -> bool:
        return "timeout" in cache.outcomes("command_error", "reason")

    await eventually(lost)
    clock.advance(5_000)
    await asyncio.sleep(0.3)
    assert not putting.done(), "a doubt lasts longer than the wait for a Redis that surely took nothing"
    clock.advance(20_000)
    with pytest.raises(CachepactError) as caught:
        await putting
    assert (caught.value.code, caught.value.retryable) == ("E_UNKNOWN", False)
    (event,) = await worker.events()
    partition_of_row, deadline_ms, op = (caught.value.op or "").split(".")
    assert int(partition_of_row) == partition(1)
    assert await worker.accepted(partition(1), int(deadline_ms), op) == event.version, "the handle finds the record"
    assert cache.outcomes("write", "outcome") == ["unknown"]


async def test_writes_go_on_when_redis_is_back_though_nothing_else_asks_for_it(
    make_cache: Callable[..., CacheUnderTest], start_redis: Callable[..., DevRedis], source: Source
) -> None:
    clock = ShiftedClock()
    server = start_redis(appendonly="yes")
    cache = make_cache(server.url, clock=clock, accept_wait_ms=300)
    await cache.ready()
    entity = cache.entity(Preferences, source)
    server.kill()
    for _ in range(3):
        with pytest.raises(CachepactError):
            await entity.put(KEY, preferences())
    clock.advance(5_000)
    server.start()

    async def takes() -> bool:
        # Once Redis is reached again, what it lacks is a worker.
        with pytest.raises(CachepactError):
            await entity.put(KEY, preferences())
        return "accept" in cache.commands()

    await eventually(takes)


async def test_token_of_a_lost_tail_is_answered_by_the_database_that_got_it(
    cache: CacheUnderTest, entity: EntityUnderTest, worker: Worker, source: Source, raw: Any
) -> None:
    await worker.arm()
    accepted = await entity.put(KEY, preferences(language="older tail"))
    keys = entity.keys(KEY)
    await raw.hdel(keys.log.dirty, keys.id)
    source.answer = loaded(preferences(language="in the table"), version=accepted.version + 20)
    entry = await entity.get_entry(KEY, min_version=accepted.version + 10)
    assert entry.value is not None
    assert (entry.value.language, entry.source, entry.maybe_stale) == ("in the table", "database", True)
    assert source.contexts[-1].primary
    with pytest.raises(CachepactError) as caught:
        await entity.get(KEY, min_version=accepted.version + 30)
    assert caught.value.code == "E_MIN_VERSION"
    assert cache.outcomes("request", "result") == ["bypass", "error"]


async def test_invalidation_keeps_a_write_that_is_not_in_the_database_yet(
    cache: CacheUnderTest, entity: EntityUnderTest, worker: Worker
) -> None:
    await worker.arm()
    await entity.put(KEY, preferences())
    await entity.invalidate(KEY)
    assert await entity.get(KEY) == preferences()
    assert cache.outcomes("write", "outcome") == ["accepted", "kept"]
