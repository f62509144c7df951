from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from cachepact._entry import encode_entry
from cachepact_contracts import User
from test_read_through import user
from variants import variant

if TYPE_CHECKING:
    from under_test import CacheUnderTest, Source

pytestmark = pytest.mark.redis

NEXT = variant(User, fingerprint=1)
"""``User`` as the next release has it: the same generation, another schema."""


def foreign(cache: CacheUnderTest) -> int:
    return len(cache.outcomes("foreign", "entity"))


async def test_entry_of_another_release_is_a_hit_that_says_so_and_is_counted(
    cache: CacheUnderTest, source: Source, raw: Any
) -> None:
    users, key = cache.entity(User, source), User.key(id=1)
    source.rows[key] = user()
    await raw.set(users.keys(key).value, encode_entry(NEXT, user(version=9)), px=60_000)
    entry = await users.get_entry(key)
    assert (entry.value, entry.source, entry.foreign) == (user(version=9), "redis", True)
    assert foreign(cache) == 1
    await users.invalidate(key)
    entries = [await users.get_entry(key), await users.get_entry(key)]
    assert [(entry.source, entry.foreign) for entry in entries] == [("database", False), ("redis", False)]
    assert foreign(cache) == 1


@pytest.mark.parametrize(("writer", "told"), [(User.__cachepact__, True), (NEXT, False)])
async def test_refresh_is_told_the_stale_value_only_when_it_may_be_written_back(
    cache: CacheUnderTest, source: Source, raw: Any, writer: Any, told: bool
) -> None:
    users, key = cache.entity(User, source), User.key(id=1)
    source.rows[key] = user(version=2)
    await cache.ready()
    await raw.set(users.keys(key).value, encode_entry(writer, user(), stale_at_ms=1), px=60_000)
    entry = await users.get_entry(key)
    assert (entry.source, entry.foreign) == ("stale", not told)
    for _ in range(500):
        if source.contexts:
            break
        await asyncio.sleep(0.01)  # the refresh runs beside its caller
    # A loader may give the stale value back when the row is unchanged: fields that our schema lacks would be lost.
    assert source.contexts[0].stale == (user() if told else None)
