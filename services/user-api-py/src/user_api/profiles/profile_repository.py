"""The source of truth of profiles: the public columns of table ``users``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachepact_contracts import Profile

if TYPE_CHECKING:
    from cachepact import AbortSignal

    from user_api.database import Database


class ProfileRepository:
    """Reads rows."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, user_id: int, signal: AbortSignal) -> Profile | None:
        """Give the profile of a row, or None."""
        signal.raise_if_aborted()
        rows = await self._database.query("select name, bio, created_at, roles from users where id = $1", user_id)
        if not rows:
            return None
        row = rows[0]
        return Profile(
            user_id=user_id, display_name=row["name"], bio=row["bio"], joined_at=row["created_at"], roles=row["roles"]
        )
