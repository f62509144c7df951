"""How users are cached."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachepact_contracts import User, UserKey

if TYPE_CHECKING:
    from cachepact import AsyncCache, AsyncEntityCache, LoadContext

    from user_api.users.user_repository import UserRepository


def create_user_cache(cache: AsyncCache, repository: UserRepository) -> AsyncEntityCache[UserKey, User]:
    """Users: read-through, and write-through around every commit (``users.write``).

    Write-through, because a user is read right after it was written, by either service: the committed row replaces the
    entry, so the next read is a hit and never older than the commit.
    """

    async def load(key: UserKey, ctx: LoadContext) -> User | None:
        return await repository.find(key.id, ctx.signal)

    return cache.entity(User, load=load)
