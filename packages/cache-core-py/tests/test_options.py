from __future__ import annotations

from typing import Any

import pytest
from cachepact import AsyncCache, Cache, CachepactError
from cachepact._store.redis_address import RedisAddress, parse_redis_address
from cachepact_contracts import User
from variants import variant

URL = "redis://127.0.0.1:1"


def problems_of(**options: Any) -> tuple[str, ...]:
    with pytest.raises(CachepactError) as caught:
        Cache(**{"redis": URL, **options})
    assert caught.value.code == "E_OPTION"
    return caught.value.problems


def test_every_problem_is_reported_at_once() -> None:
    found = problems_of(redis="http://x", namespace="A:B", read_timeout_ms=0, connections_max=True)
    assert [problem.split()[0] for problem in found] == ["redis", "E_OPTION:", "read_timeout_ms", "connections_max"]


def test_lease_must_outlast_three_slow_scripts() -> None:
    (problem,) = problems_of(lease_ms=600, script_timeout_ms=200)
    assert "more than three times script_timeout_ms" in problem
    Cache(redis=URL, lease_ms=601, script_timeout_ms=200).close()


def test_entity_options_are_checked_too() -> None:
    with Cache(redis=URL, namespace="user") as cache:
        for options, part in (
            ({"load": None}, "load must be a function"),
            ({"load": print, "enabled": True}, "enabled must be a function"),
            ({"load": print, "load_timeout_ms": 0}, "load_timeout_ms"),
            ({"load": print}, "the entity's own name"),
        ):
            bad: Any = options
            with pytest.raises(CachepactError) as caught:
                cache.entity(User, **bad)
            assert any(part in problem for problem in caught.value.problems)
    with Cache(redis=URL) as cache, pytest.raises(CachepactError) as caught:
        cache.entity(variant(User, replica_reads=True), load=lambda _key, _context: None, load_timeout_ms=60_000)
    assert "floor_ms" in caught.value.problems[0]


def test_entity_must_come_from_a_contract() -> None:
    unknown: Any = str
    with Cache(redis=URL) as cache, pytest.raises(CachepactError) as caught:
        cache.entity(unknown, load=print)
    assert caught.value.code == "E_OPTION"


async def test_async_cache_takes_the_same_options() -> None:
    with pytest.raises(CachepactError) as caught:
        AsyncCache(redis="", marker_ms=1)
    assert caught.value.code == "E_OPTION"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("redis://h", RedisAddress("h", 6379, 0, None, None, tls=False)),
        ("rediss://u:p%40ss@h:7000/3", RedisAddress("h", 7000, 3, "u", "p@ss", tls=True)),
        ("redis://:secret@[::1]:1/0", RedisAddress("::1", 1, 0, None, "secret", tls=False)),
    ],
)
def test_address(url: str, expected: RedisAddress) -> None:
    assert parse_redis_address(url) == expected


@pytest.mark.parametrize(
    "url",
    [
        None,
        "",
        "h:6379",
        "unix:///run/redis",
        "redis://",
        "redis://h/x",
        "redis://h?db=1",
        "redis://h#x",
        "redis://h:x",
        "redis://h/1234567890",
        "redis://h/-1",
        "redis://u:a%zz@h",
        "redis://u:%ff@h",
    ],
)
def test_address_that_is_none_says_why_and_shows_no_secret(url: object) -> None:
    found = parse_redis_address(url)
    assert isinstance(found, str)
    assert found.startswith("redis must")


def test_secrets_are_not_in_the_address_as_text() -> None:
    assert "secret" not in repr(parse_redis_address("redis://bob:secret@h"))
    assert "bob" not in repr(parse_redis_address("redis://bob:secret@h"))
