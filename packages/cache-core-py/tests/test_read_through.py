from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from cachepact import CachepactError, loaded
from cachepact._entry import decode_entry
from cachepact_contracts import Profile, User
from under_test import CacheUnderTest, EntityUnderTest, Source, eventually, in_thread
from variants import variant

if TYPE_CHECKING:
    from collections.abc import Callable

    from dev_redis import DevRedis

pytestmark = pytest.mark.redis

CREATED = datetime(2024, 2, 29, 12, 0, tzinfo=UTC)


def user(number: int = 1, *, version: int = 1, name: str = "Ada") -> User:
    return User(id=number, name=name, created_at=CREATED, version=version)


@pytest.fixture
def users(cache: CacheUnderTest, source: Source) -> EntityUnderTest:
    source.rows[User.key(id=1)] = user()
    return cache.entity(User, source)


async def commands_of(raw: Any) -> dict[str, int]:
    return {name: stats["calls"] for name, stats in (await raw.info("commandstats")).items()}


async def test_miss_loads_and_stores_and_hit_is_exactly_one_get(
    cache: CacheUnderTest, users: EntityUnderTest, source: Source, raw: Any
) -> None:
    entry = await users.get_entry(User.key(id=1))
    assert (entry.value, entry.source, entry.version, source.calls) == (user(), "database", 1, 1)
    await raw.config_resetstat()
    entry = await users.get_entry(User.key(id=1))
    assert (entry.value, entry.source, entry.version, source.calls) == (user(), "redis", 1, 1)
    stats = await commands_of(raw)
    stats.pop("cmdstat_info", None)
    stats.pop("cmdstat_config|resetstat", None)
    assert stats == {"cmdstat_get": 1}
    assert cache.outcomes("request", "result") == ["miss", "hit"]
    assert cache.outcomes("fill", "result") == ["stored"]


async def test_lifetime_is_within_the_bounds_of_jitter(cache: CacheUnderTest, source: Source, raw: Any) -> None:
    entity = cache.entity(variant(User, ttl_ms=100_000, grace_ms=50_000, jitter_ratio=0.2), source)
    found = []
    for number in range(40):
        source.rows[entity.key(id=number)] = user(number)
        await entity.get(entity.key(id=number))
        found.append(await raw.pttl(entity.keys(entity.key(id=number)).value))
    assert max(found) <= 150_000
    assert min(found) > 100_000 * 0.8 + 50_000 - 5_000
    assert len(set(found)) > 20, "they do not expire in one instant"


async def test_not_found_is_remembered_for_the_negative_ttl(
    cache: CacheUnderTest, users: EntityUnderTest, source: Source, raw: Any
) -> None:
    key = User.key(id=404)
    assert await users.get(key) is None
    assert await users.get(key) is None
    assert source.calls == 1
    assert 25_000 < await raw.pttl(users.keys(key).value) <= 30_000
    assert cache.outcomes("request", "result") == ["miss", "negative"]
    assert cache.outcomes("load", "outcome") == ["not_found"]


async def test_hundred_callers_at_once_are_one_load(users: EntityUnderTest, source: Source) -> None:
    source.delay_s = 0.1
    answers = await asyncio.gather(*(users.get(User.key(id=1)) for _ in range(100)))
    assert answers == [user()] * 100
    assert source.calls == 1


async def test_callers_of_two_processes_are_one_load(
    make_cache: Callable[..., CacheUnderTest], shared_redis: DevRedis, namespace: str, source: Source
) -> None:
    options = {"namespace": namespace, "read_timeout_ms": 1000, "script_timeout_ms": 600}
    bound = []
    for _ in range(2):
        made = make_cache(shared_redis.url, **options)
        await made.ready()
        bound.append(made.entity(User, source))
    source.rows[User.key(id=1)] = user()
    source.delay_s = 0.2
    answers = await asyncio.gather(*(each.get(User.key(id=1)) for each in bound for _ in range(20)))
    assert answers == [user()] * 40
    assert source.calls == 1


async def test_failed_load_is_not_cached_and_reaches_every_waiter(
    cache: CacheUnderTest, users: EntityUnderTest, source: Source, raw: Any
) -> None:
    source.error, source.delay_s = RuntimeError("no database"), 0.1
    answers = await asyncio.gather(*(users.get(User.key(id=1)) for _ in range(5)), return_exceptions=True)
    assert [str(answer) for answer in answers] == ["no database"] * 5
    # A thread that starts after the loader did must not share a failure any more than a row: it has one load more.
    assert source.calls <= (1 if cache.kind == "async" else 2)
    keys = users.keys(User.key(id=1))

    async def released() -> bool:
        return not await raw.exists(keys.lease)

    await eventually(released)
    assert not await raw.exists(keys.value)
    source.error = None
    assert await users.get(User.key(id=1)) == user()
    assert cache.outcomes("load", "outcome")[-2:] == ["error", "found"]


async def test_loader_beyond_its_deadline_is_given_up_and_its_result_dropped(
    cache: CacheUnderTest, source: Source, raw: Any
) -> None:
    entity = cache.entity(User, source, load_timeout_ms=50)
    source.rows[User.key(id=1)], source.delay_s = user(), 0.2
    with pytest.raises(CachepactError) as caught:
        await entity.get(User.key(id=1))
    assert (caught.value.code, caught.value.retryable) == ("E_LOAD_TIMEOUT", True)
    assert source.contexts[0].signal.aborted
    await asyncio.sleep(0.25)  # the loader itself has ended by now
    assert not await raw.exists(entity.keys(User.key(id=1)).value)
    assert cache.outcomes("load", "outcome") == ["timeout"]


async def test_stale_entry_is_served_at_once_and_refreshed_beside_the_caller(
    cache: CacheUnderTest, source: Source
) -> None:
    entity = cache.entity(variant(User, ttl_ms=60, grace_ms=60_000, jitter_ratio=0.0), source)
    key = entity.key(id=1)
    source.rows[key] = user()
    await entity.get(key)
    source.rows[key] = user(version=2, name="Grace")
    source.gate.clear()
    await asyncio.sleep(0.1)  # the entry's own ttl passes on Redis' clock
    entry = await entity.get_entry(key)
    assert (entry.value, entry.source) == (user(), "stale")
    assert (await entity.get_entry(key)).source == "stale", "a second reader does not wait either"
    source.gate.set()

    async def refreshed() -> bool:
        return (await entity.get_entry(key)).version == 2

    await eventually(refreshed)
    assert source.contexts[1].stale == user()
    assert cache.outcomes("request", "result")[:3] == ["miss", "stale", "stale"]


async def test_failed_refresh_rests_and_the_stale_entry_goes_on(cache: CacheUnderTest, source: Source) -> None:
    entity = cache.entity(variant(User, ttl_ms=50, grace_ms=60_000, jitter_ratio=0.0), source)
    key = entity.key(id=1)
    source.rows[key] = user()
    await entity.get(key)
    source.error = RuntimeError("no database")
    await asyncio.sleep(0.1)  # the entry's own ttl passes on Redis' clock

    async def tried() -> bool:
        return source.calls == 2

    assert (await entity.get_entry(key)).source == "stale"
    await eventually(tried)
    for _ in range(10):
        assert (await entity.get_entry(key)).value == user()
    assert source.calls == 2, "at least half a second passes before the next attempt"


async def test_invalidation_during_a_load_does_not_let_the_old_row_rise_again(
    users: EntityUnderTest, source: Source, raw: Any
) -> None:
    key = User.key(id=1)
    source.gate.clear()
    reading = asyncio.ensure_future(users.get(key))
    await in_thread(source.entered.wait, 5)
    source.rows[key] = user(version=2, name="Grace")
    await users.invalidate(key, version=2)
    source.gate.set()
    assert await reading == user(), "this reader began before the commit"
    assert not await raw.exists(users.keys(key).value)
    assert await users.get(key) == user(version=2, name="Grace")
    assert source.calls == 2


async def test_reader_that_starts_after_an_invalidation_does_not_share_an_older_load(
    users: EntityUnderTest, source: Source
) -> None:
    key = User.key(id=1)
    source.gate.clear()
    first = asyncio.ensure_future(users.get(key))
    await in_thread(source.entered.wait, 5)
    source.rows[key] = user(version=2, name="Grace")
    await users.invalidate(key, version=2)
    second = asyncio.ensure_future(users.get(key))
    await asyncio.sleep(0.1)  # the second reader has joined the flight that it must not share
    source.gate.set()
    assert (await first).version == 1
    assert (await second).version == 2


@pytest.mark.parametrize(
    "garbage",
    [b"\x00\x01garbage", b"", b"\xc1", b"\xc1\xca\x09\x08\x02\x20", b'{"id":1', b"\xc1\xca\x0a" + b"\0" * 40],
    ids=["binary", "empty", "magic-cut", "header-cut", "json-cut", "newer-frame"],
)
async def test_garbage_under_a_key_is_a_counted_miss_and_is_replaced(
    cache: CacheUnderTest, users: EntityUnderTest, source: Source, raw: Any, garbage: bytes
) -> None:
    key = User.key(id=1)
    await raw.set(users.keys(key).value, garbage, px=60_000)
    assert await users.get(key) == user()
    assert len(cache.outcomes("decode_failure", "code")) == 1
    assert cache.commands() == ["get", "acquire", "fill"], "the first message says which bytes it rejects"
    entry = decode_entry(User.__cachepact__, await raw.get(users.keys(key).value), key)
    assert entry.value == user()
    assert await users.get(key) == user()
    assert source.calls == 1


async def test_entry_of_another_row_is_a_miss(
    cache: CacheUnderTest, users: EntityUnderTest, source: Source, raw: Any
) -> None:
    source.rows[User.key(id=2)] = user(2, name="Eve")
    await users.get(User.key(id=2))
    swapped = await raw.get(users.keys(User.key(id=2)).value)
    await raw.set(users.keys(User.key(id=1)).value, swapped, px=60_000)
    assert await users.get(User.key(id=1)) == user()
    assert cache.outcomes("decode_failure", "code")[0] == "E_BINDING"


async def test_token_of_a_write_is_never_answered_with_an_older_value(users: EntityUnderTest, source: Source) -> None:
    key = User.key(id=1)
    assert (await users.get(key)).version == 1
    source.rows[key] = user(version=2)
    assert (await users.get(key, min_version=2)).version == 2
    assert source.contexts[-1].primary
    with pytest.raises(CachepactError) as caught:
        await users.get(key, min_version=3)
    assert caught.value.code == "E_MIN_VERSION"


async def test_min_version_of_an_entity_without_versions_is_refused(cache: CacheUnderTest, source: Source) -> None:
    entity = cache.entity(Profile, source)
    with pytest.raises(CachepactError) as caught:
        await entity.get(Profile.key(user_id=1), min_version=1)
    assert caught.value.code == "E_OPTION"


async def test_switched_off_entity_reads_the_source_alone(cache: CacheUnderTest, source: Source, raw: Any) -> None:
    on = True
    entity = cache.entity(User, source, enabled=lambda: on)
    key = User.key(id=1)
    source.rows[key] = user()
    await entity.get(key)
    on = False
    before = await commands_of(raw)
    assert (await entity.get_entry(key)).source == "database"
    after = await commands_of(raw)
    assert after.get("cmdstat_get") == before.get("cmdstat_get")
    assert cache.outcomes("request", "result") == ["miss", "bypass"]
    await entity.invalidate(key)
    assert not await raw.exists(entity.keys(key).value), "writes still invalidate"


async def test_reader_that_starts_later_does_not_share_an_unleased_load(cache: CacheUnderTest, source: Source) -> None:
    entity = cache.entity(User, source, enabled=lambda: False)
    key = User.key(id=1)
    source.rows[key] = user()
    source.gate.clear()
    first = asyncio.ensure_future(entity.get(key))
    await in_thread(source.entered.wait, 5)
    source.rows[key] = user(version=2)
    second = asyncio.ensure_future(entity.get(key))
    await asyncio.sleep(0.1)  # the second reader waits for the first one's flight
    source.gate.set()
    assert (await first).version == 1
    assert (await second).version == 2


async def test_lease_of_a_dead_process_is_waited_for_and_then_taken(
    cache: CacheUnderTest, users: EntityUnderTest, raw: Any, source: Source
) -> None:
    key = User.key(id=1)
    await raw.set(users.keys(key).lease, "r" + "x" * 22, px=400)
    started = time.monotonic()
    assert await users.get(key) == user()
    assert time.monotonic() - started >= 0.3
    assert source.calls == 1
    assert cache.outcomes("fill", "result") == ["stored"]


@pytest.mark.parametrize("successor", [None, "w" + "y" * 22])
async def test_lease_that_is_gone_is_not_waited_for(
    cache: CacheUnderTest, users: EntityUnderTest, raw: Any, successor: str | None
) -> None:
    key = User.key(id=1)
    name = users.keys(key).lease
    await raw.set(name, "r" + "x" * 22, px=60_000)
    reading = asyncio.ensure_future(users.get_entry(key))

    async def asked() -> bool:
        return bool((await raw.get(name)).startswith(b"R"))

    await eventually(asked)
    if successor is None:
        await raw.delete(name)
    else:
        await raw.set(name, successor, px=60_000)
    # The load deadline, after which a waiter would load whatever stands, is ten seconds.
    assert (await asyncio.wait_for(reading, 5)).source == "database"
    assert cache.outcomes("request", "result") == ["miss" if successor is None else "bypass"]


async def test_lease_is_renewed_while_its_load_goes_on(
    make_cache: Callable[..., CacheUnderTest], shared_redis: DevRedis, namespace: str, source: Source, raw: Any
) -> None:
    made = make_cache(shared_redis.url, namespace=namespace, read_timeout_ms=1000, script_timeout_ms=190, lease_ms=600)
    await made.ready()
    entity = made.entity(User, source)
    source.rows[User.key(id=1)], source.delay_s = user(), 1.5
    assert await entity.get(User.key(id=1)) == user()
    assert made.outcomes("fill", "result") == ["stored"], "a load of twice the lease's time may still store"
    assert made.commands().count("renew") >= 3


async def test_active_writer_makes_readers_load_without_storing(
    cache: CacheUnderTest, users: EntityUnderTest, raw: Any
) -> None:
    key = User.key(id=1)
    await raw.set(users.keys(key).lease, "w" + "x" * 22, px=10_000)
    assert (await users.get_entry(key)).source == "database"
    assert cache.outcomes("request", "result") == ["bypass"]
    assert not await raw.exists(users.keys(key).value)


async def test_naive_clients_share_a_plain_entry(cache: CacheUnderTest, source: Source, raw: Any) -> None:
    profiles = cache.entity(Profile, source)
    key = Profile.key(user_id=7)
    source.rows[key] = Profile(user_id=7, display_name="Ada", joined_at=CREATED)
    name = profiles.keys(key).value
    assert name.endswith("profile:7")
    await profiles.get(key)
    assert await raw.get(name) == (b'{"display_name":"Ada","joined_at":"2024-02-29T12:00:00Z","roles":[],"user_id":7}')
    await raw.set(name, '{ "user_id": 7, "display_name": "Eve", "joined_at": "2024-02-29T13:00:00+01:00", "x": 1 }')
    assert (await profiles.get(key)) == Profile(user_id=7, display_name="Eve", joined_at=CREATED)
    await raw.set(name, "null")
    assert await profiles.get(key) is None


@pytest.mark.parametrize(
    "answer",
    ["text", {"id": 1}, User(id=2, created_at=CREATED, version=1), User(id=1, created_at=CREATED)],
    ids=["other-type", "dict", "other-row", "no-version"],
)
async def test_answer_that_breaks_the_loaders_contract_is_refused(
    users: EntityUnderTest, source: Source, answer: Any
) -> None:
    source.answer = answer
    with pytest.raises(CachepactError) as caught:
        await users.get(User.key(id=1))
    assert caught.value.code == "E_LOADER"


async def test_loader_may_shorten_the_ttl_of_one_value(cache: CacheUnderTest, source: Source, raw: Any) -> None:
    entity = cache.entity(variant(User, ttl_ms=100_000, grace_ms=0), source)
    for number, ttl_ms, most in ((1, 5_000, 5_000), (2, 900_000, 100_000)):
        key = entity.key(id=number)
        source.answer = loaded(user(number), ttl_ms=ttl_ms)
        await entity.get(key)
        assert most * 0.8 < await raw.pttl(entity.keys(key).value) <= most


async def test_value_over_the_limit_is_handed_out_and_not_stored(
    cache: CacheUnderTest, source: Source, raw: Any
) -> None:
    entity = cache.entity(variant(User, max_payload_bytes=64), source)
    key = entity.key(id=1)
    source.rows[key] = user(name="x" * 100)
    assert (await entity.get(key)).name == "x" * 100
    assert not await raw.exists(entity.keys(key).value)
    assert not await raw.exists(entity.keys(key).lease) or cache.outcomes("fill", "result") == ["error"]


async def test_cancelled_caller_does_not_cancel_the_load_that_others_share(
    cache: CacheUnderTest, users: EntityUnderTest, source: Source
) -> None:
    if cache.kind == "sync":
        # A thread cannot be cancelled; its callers are covered by the shared load above.
        assert await users.get(User.key(id=1)) == user()
        return
    source.gate.clear()
    first = asyncio.ensure_future(users.get(User.key(id=1)))
    await in_thread(source.entered.wait, 5)
    second = asyncio.ensure_future(users.get(User.key(id=1)))
    await asyncio.sleep(0.05)  # the second caller has joined
    first.cancel()
    source.gate.set()
    assert await second == user()
    assert source.calls == 1


async def test_calls_after_close_are_refused(cache: CacheUnderTest, users: EntityUnderTest) -> None:
    await cache.close()
    with pytest.raises(CachepactError) as caught:
        await users.get(User.key(id=1))
    assert caught.value.code == "E_CLOSED"
