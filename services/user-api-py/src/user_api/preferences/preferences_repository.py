"""The source of truth of preferences: table ``preferences``, which only the writeback worker writes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cachepact_contracts import Preferences

if TYPE_CHECKING:
    from cachepact import AbortSignal

    from user_api.database import Database


@dataclass(frozen=True, slots=True)
class StoredPreferences:
    """The row that the writeback worker wrote: the value and the version of its event."""

    value: Preferences
    version: int


class PreferencesRepository:
    """Reads rows."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, user_id: int, signal: AbortSignal) -> StoredPreferences | None:
        """Give the row, or None."""
        signal.raise_if_aborted()
        rows = await self._database.query("select ver, doc from preferences where id = $1", str(user_id))
        if not rows:
            return None
        return StoredPreferences(Preferences.__cachepact__.from_json(rows[0]["doc"]), rows[0]["ver"])
