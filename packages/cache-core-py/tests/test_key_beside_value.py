"""Keys with a parameter that is no field of the value, such as a tenant."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from cachepact import CachepactError, Entity
from cachepact._record import KeyParam
from cachepact_contracts import User
from variants import variant

if TYPE_CHECKING:
    from under_test import CacheUnderTest, Source

pytestmark = pytest.mark.redis

CREATED = datetime(2024, 2, 29, 12, 0, tzinfo=UTC)
TENANT = KeyParam("tenant", "string", jstype_number=False, hash_tag=False, max_bytes=128, transforms=(), values=())


class TenantUserKey(msgspec.Struct, frozen=True, kw_only=True):
    tenant: str
    id: int


def tenant_user() -> Entity[Any, Any]:
    entity = variant(User, key=(TENANT, *User.__cachepact__.record.key))
    return Entity(entity.record, entity.schema, TenantUserKey)


def user(number: int, *, version: int = 1) -> User:
    return User(id=number, name="Ada", created_at=CREATED, version=version)


KEY = TenantUserKey(tenant="acme", id=1)


async def test_is_read_written_and_read_again(cache: CacheUnderTest, source: Source, raw: Any) -> None:
    source.rows[KEY] = user(1)
    users = cache.entity(tenant_user(), source)
    assert (await users.get_entry(KEY)).source == "database"
    assert (await users.get_entry(KEY)).source == "redis"
    await users.write(KEY, lambda _: user(1, version=2))
    entry = await users.get_entry(KEY)
    assert (entry.source, entry.version) == ("redis", 2)
    assert users.keys(KEY).value.endswith("user@1:acme:1")
    assert await raw.exists(users.keys(KEY).value)


async def test_a_row_whose_own_parameters_are_another_keys_is_still_refused(
    cache: CacheUnderTest, source: Source
) -> None:
    source.rows[KEY] = user(2)
    with pytest.raises(CachepactError) as caught:
        await cache.entity(tenant_user(), source).get(KEY)
    assert caught.value.code == "E_LOADER"
