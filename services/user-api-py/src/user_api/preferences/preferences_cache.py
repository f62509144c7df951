"""How preferences are cached."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachepact import CachepactError, Loaded, loaded
from cachepact_contracts import Preferences, PreferencesKey

from user_api.logs import log

if TYPE_CHECKING:
    from cachepact import AsyncCache, AsyncEntityCache, LoadContext

    from user_api.preferences.preferences_repository import PreferencesRepository


def create_preferences_cache(
    cache: AsyncCache, repository: PreferencesRepository
) -> AsyncEntityCache[PreferencesKey, Preferences]:
    """Preferences: write-behind (``preferences.put``); the writeback worker carries them to Postgres.

    Write-behind, because a preference is changed often, by one person, and a write must not wait for the database.
    Their version is that of the accepted event, so the loader returns the one that the row carries.
    """

    async def load(key: PreferencesKey, ctx: LoadContext) -> Loaded[Preferences] | None:
        stored = await repository.find(key.user_id, ctx.signal)
        return None if stored is None else loaded(stored.value, version=stored.version)

    return cache.entity(Preferences, load=load)


async def remove_preferences(preferences: AsyncEntityCache[PreferencesKey, Preferences], user_id: int) -> None:
    """Remove the preferences after their user was deleted: a write-behind as well.

    The user is gone by now, so a removal that Redis cannot take is logged, not raised; the row then stays in the table,
    unreachable, because preferences are only served for users that exist.
    """
    try:
        await preferences.remove(Preferences.key(user_id=user_id))
    except CachepactError as error:
        log.warning("the preferences of a deleted user stay in their table", error=str(error))
