from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from cachepact import CachepactError, loaded
from cachepact_contracts import Preferences, Theme, User
from conftest import connect
from worker import Worker

if TYPE_CHECKING:
    from collections.abc import Callable

    from dev_redis import DevRedis
    from under_test import CacheUnderTest, EntityUnderTest, Source

pytestmark = pytest.mark.redis


def preferences(number: int = 1, language: str = "en") -> Preferences:
    return Preferences(user_id=number, theme=Theme.THEME_DARK, language=language, settings={"a": "b"})


@pytest.fixture
def entity(cache: CacheUnderTest, source: Source) -> EntityUnderTest:
    return cache.entity(Preferences, source)


@pytest.fixture
async def worker(raw: Any, namespace: str) -> Worker:
    found = Worker(raw, Preferences.__cachepact__, namespace)
    await found.arm()
    return found


async def test_accepted_write_is_seen_at_once_and_waits_in_the_stream(
    cache: CacheUnderTest, entity: EntityUnderTest, worker: Worker, source: Source, raw: Any
) -> None:
    key = Preferences.key(user_id=1)
    accepted = await entity.put(key, preferences())
    entry = await entity.get_entry(key)
    assert (entry.value, entry.source, entry.version) == (preferences(), "redis", accepted.version)
    assert source.calls == 0
    assert await raw.pttl(entity.keys(key).value) == -1, "no ttl before it is in the database"
    (event,) = await worker.events()
    assert (event.id, event.version, event.header.dirty) == ("1", accepted.version, True)
    assert cache.outcomes("write", "outcome") == ["accepted"]
    await worker.ack(event)
    assert (await entity.get_entry(key)).value == preferences()
    assert 0 < await raw.pttl(entity.keys(key).value) <= 600_000


async def test_versions_rise_and_removal_is_a_write(entity: EntityUnderTest, worker: Worker, source: Source) -> None:
    key = Preferences.key(user_id=1)
    first = await entity.put(key, preferences())
    second = await entity.put(key, preferences(language="de"))
    third = await entity.remove(key)
    assert first.version < second.version < third.version
    assert await entity.get(key) is None
    assert source.calls == 0
    assert [event.header.negative for event in await worker.events()] == [False, False, True]


async def test_writes_of_one_tick_travel_as_one_group_a_partition(
    cache: CacheUnderTest, entity: EntityUnderTest, worker: Worker
) -> None:
    keys = [Preferences.key(user_id=number) for number in range(60)]
    accepted = await asyncio.gather(*(entity.put(key, preferences(key.user_id)) for key in keys))
    events = await worker.events()
    assert sorted(event.version for event in events) == sorted(each.version for each in accepted)
    partitions = Counter(entity.keys(key).log.partition for key in keys)
    calls = cache.commands().count("accept")
    groups = len({each.op for each in accepted})
    if cache.kind == "async":
        assert (calls, groups) == (1, len(partitions)), "all groups of a tick in one call"
    else:
        assert calls <= groups, "threads have no tick; what waits for an answer travels together"
    for key in keys:
        assert await entity.get(key) == preferences(key.user_id)


async def test_group_holds_as_many_items_as_the_script_takes(entity: EntityUnderTest, worker: Worker) -> None:
    key = Preferences.key(user_id=1)
    accepted = await asyncio.gather(*(entity.put(key, preferences(language=str(n))) for n in range(150)))
    assert len({each.version for each in accepted}) == 150
    assert len(await worker.events()) == 150


async def test_miss_is_loaded_with_the_version_that_the_table_keeps(
    entity: EntityUnderTest, worker: Worker, source: Source, raw: Any
) -> None:
    del worker
    key = Preferences.key(user_id=1)
    source.answer = preferences()
    with pytest.raises(CachepactError) as caught:
        await entity.get(key)
    assert caught.value.code == "E_LOADER", "a row without its version could not be compared with later writes"
    source.answer = loaded(preferences(), version=7)
    assert (await entity.get_entry(key)).version == 7
    entry = await entity.get_entry(key)
    assert (entry.value, entry.source, entry.version) == (preferences(), "redis", 7)
    assert await raw.pttl(entity.keys(key).value) > 0


async def test_evicted_dirty_value_is_read_from_the_stream(
    cache: CacheUnderTest, entity: EntityUnderTest, worker: Worker, source: Source, raw: Any
) -> None:
    del worker
    key = Preferences.key(user_id=1)
    accepted = await entity.put(key, preferences())
    await raw.delete(entity.keys(key).value)
    entry = await entity.get_entry(key)
    assert (entry.value, entry.version, source.calls) == (preferences(), accepted.version, 0)
    assert cache.outcomes("request", "result") == ["pending"]
    assert not await raw.exists(entity.keys(key).value), "nothing is stored: it would race with the ack"
    await entity.remove(key)
    await raw.delete(entity.keys(key).value)
    assert await entity.get(key) is None
    assert source.calls == 0


async def test_pending_write_that_cannot_be_read_flags_the_databases_answer(
    entity: EntityUnderTest, worker: Worker, source: Source, raw: Any
) -> None:
    del worker
    key = Preferences.key(user_id=1)
    await entity.put(key, preferences())
    keys = entity.keys(key)
    await raw.delete(keys.value)
    await raw.xtrim(keys.log.wb, maxlen=0)
    source.answer = loaded(preferences(language="old"), version=1)
    entry = await entity.get_entry(key)
    assert entry.value is not None
    assert (entry.value.language, entry.source, entry.maybe_stale) == ("old", "database", True)
    assert not await raw.exists(keys.value)


@pytest.mark.parametrize("mark", ["", "x", "-1", "1e308", "9" * 30])
async def test_mark_that_is_no_version_does_not_fail_a_read(
    entity: EntityUnderTest, source: Source, raw: Any, mark: str
) -> None:
    key = Preferences.key(user_id=1)
    await raw.hset(entity.keys(key).log.dirty, "1", mark)
    source.answer = loaded(preferences(language="db"), version=5)
    entry = await entity.get_entry(key)
    assert entry.value is not None
    assert (entry.value.language, entry.maybe_stale) == ("db", True)


async def test_min_version_takes_the_token_of_a_put(entity: EntityUnderTest, worker: Worker, source: Source) -> None:
    del worker
    key = Preferences.key(user_id=1)
    accepted = await entity.put(key, preferences())
    assert await entity.get(key, min_version=accepted.version) == preferences()
    other = Preferences.key(user_id=2)
    source.answer = loaded(preferences(2), version=1)
    with pytest.raises(CachepactError) as caught:
        await entity.get(other, min_version=accepted.version)
    assert caught.value.code == "E_MIN_VERSION"
    removed = await entity.remove(other)
    assert await entity.get(other, min_version=removed.version) is None
    with pytest.raises(CachepactError) as caught:
        await entity.get(other, min_version=removed.version + 1)
    assert caught.value.code == "E_MIN_VERSION"


async def test_full_log_refuses_with_a_time_to_wait(
    cache: CacheUnderTest, entity: EntityUnderTest, raw: Any, namespace: str
) -> None:
    await Worker(raw, Preferences.__cachepact__, namespace).arm(limit=600)
    key = Preferences.key(user_id=1)
    await entity.put(key, preferences())
    with pytest.raises(CachepactError) as caught:
        await entity.put(key, preferences(language="de"))
    assert caught.value.code == "E_FULL"
    assert caught.value.retry_after_ms is not None
    assert 0 < caught.value.retry_after_ms <= 7_500
    assert cache.outcomes("write", "outcome") == ["accepted", "refused"]
    assert (await entity.get(key)).language == "en"


async def test_partition_without_a_worker_is_unavailable(
    make_cache: Callable[..., CacheUnderTest], shared_redis: DevRedis, namespace: str, source: Source
) -> None:
    made = make_cache(shared_redis.url, namespace=namespace, script_timeout_ms=600, accept_wait_ms=300)
    await made.ready()
    entity = made.entity(Preferences, source)
    with pytest.raises(CachepactError) as caught:
        await entity.put(Preferences.key(user_id=1), preferences())
    assert (caught.value.code, caught.value.retry_after_ms) == ("E_UNAVAILABLE", 1000)
    assert made.commands().count("accept") >= 2, "a worker may arm it any moment"


async def test_partition_that_is_armed_meanwhile_accepts(entity: EntityUnderTest, raw: Any, namespace: str) -> None:
    putting = asyncio.ensure_future(entity.put(Preferences.key(user_id=1), preferences()))
    await asyncio.sleep(0.2)  # some sends find nothing armed
    await Worker(raw, Preferences.__cachepact__, namespace).arm()
    assert (await putting).version > 0


async def test_deadline_follows_the_clock_of_the_partition(entity: EntityUnderTest, worker: Worker, raw: Any) -> None:
    key = Preferences.key(user_id=1)
    await raw.hset(entity.keys(key).log.meta, "skew", str(3_600_000_000))
    accepted = await entity.put(key, preferences())
    (event,) = await worker.events()
    assert event.version == accepted.version


async def test_value_of_another_key_and_wrong_types_are_refused(entity: EntityUnderTest) -> None:
    for value, code in ((preferences(2), "E_LOADER"), (None, "E_TYPE"), ("text", "E_TYPE")):
        with pytest.raises(CachepactError) as caught:
            await entity.put(Preferences.key(user_id=1), value)
        assert caught.value.code == code


async def test_put_of_an_entity_without_a_log_is_refused(cache: CacheUnderTest, source: Source) -> None:
    users = cache.entity(User, source)
    for operation in (users.remove(User.key(id=1)), users.put(User.key(id=1), None)):
        with pytest.raises(CachepactError) as caught:
            await operation
        assert caught.value.code == "E_PATTERN"


async def test_server_that_may_evict_unpersisted_writes_is_refused(
    make_cache: Callable[..., CacheUnderTest], start_redis: Callable[..., DevRedis], source: Source
) -> None:
    server = start_redis(maxmemory="64mb", maxmemory_policy="allkeys-lru")
    made = make_cache(server.url)
    entity = made.entity(Preferences, source)
    for call in (made.ready(), entity.put(Preferences.key(user_id=1), preferences())):
        with pytest.raises(CachepactError) as caught:
            await call
        assert caught.value.code == "E_EVICTION"
    source.answer = loaded(preferences(), version=1)
    assert await entity.get(Preferences.key(user_id=1)) == preferences(), "reads go on"


async def test_put_is_refused_at_once_while_redis_is_down(
    make_cache: Callable[..., CacheUnderTest], start_redis: Callable[..., DevRedis], source: Source
) -> None:
    server = start_redis()
    made = make_cache(server.url, accept_wait_ms=300)
    await made.ready()
    entity = made.entity(Preferences, source)
    server.kill()
    with pytest.raises(CachepactError) as caught:
        await entity.put(Preferences.key(user_id=1), preferences())
    # The broken connection may have taken the first message with it: then nobody can know.
    assert caught.value.code in {"E_UNAVAILABLE", "E_UNKNOWN"}
    with pytest.raises(CachepactError) as caught:
        await entity.put(Preferences.key(user_id=1), preferences())
    assert caught.value.code == "E_UNAVAILABLE"
    assert caught.value.retryable


async def test_write_whose_answer_was_lost_runs_once(
    make_cache: Callable[..., CacheUnderTest], start_redis: Callable[..., DevRedis], source: Source
) -> None:
    server = start_redis()
    made = make_cache(server.url, namespace="dup")
    await made.ready()
    entity = made.entity(Preferences, source)
    async with connect(server.url) as client:
        worker = Worker(client, Preferences.__cachepact__, "dup")
        await worker.arm()
        await entity.put(Preferences.key(user_id=2), preferences(2))
        server.freeze()
        putting = asyncio.ensure_future(entity.put(Preferences.key(user_id=1), preferences()))
        await asyncio.sleep(0.5)  # the first send passes its deadline and is answered by nobody
        server.thaw()
        accepted = await putting
        events = [event for event in await worker.events() if event.id == "1"]
        assert [event.version for event in events] == [accepted.version]
        assert made.outcomes("command_error", "reason"), "the first send had no answer"
