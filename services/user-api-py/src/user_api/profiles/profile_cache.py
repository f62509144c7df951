"""How profiles are cached."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachepact import is_cachepact_error
from cachepact_contracts import Profile, ProfileKey

from user_api.logs import log

if TYPE_CHECKING:
    from cachepact import AsyncCache, AsyncEntityCache, LoadContext

    from user_api.profiles.profile_repository import ProfileRepository


def create_profile_cache(cache: AsyncCache, repository: ProfileRepository) -> AsyncEntityCache[ProfileKey, Profile]:
    """Profiles: read-through, and cache-aside (``invalidate_profile``) after the user's row was committed."""

    async def load(key: ProfileKey, ctx: LoadContext) -> Profile | None:
        return await repository.find(key.user_id, ctx.signal)

    return cache.entity(Profile, load=load)


async def invalidate_profile(profiles: AsyncEntityCache[ProfileKey, Profile], user_id: int) -> None:
    """Drop the profile after its user was written or deleted.

    Cache-aside, because a profile is derived from the row: nobody writes it, and most writes are not followed by a read
    of it. The row is committed by now, so an invalidation that Redis did not get is logged, not raised: the cache
    delivers it later and this process bypasses the entry until then.
    """
    try:
        await profiles.invalidate(Profile.key(user_id=user_id))
    except Exception as error:
        if not is_cachepact_error(error, "E_PENDING"):
            raise
        log.warning("a profile is invalidated later", error=str(error))
