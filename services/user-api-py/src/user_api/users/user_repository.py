"""The source of truth of users: table ``users``."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cachepact_contracts import User

from user_api.errors import conflict, not_found

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cachepact import AbortSignal

    from user_api.database import Database

_COLUMNS = "id, email, name, created_at, roles, labels, balance_cents, version"


@dataclass(frozen=True, slots=True, kw_only=True)
class UserDraft:
    """The parts of a user that a request may set."""

    email: str
    name: str
    roles: Sequence[str]
    labels: Mapping[str, str]
    balance_cents: int


class UserRepository:
    """Reads and writes rows. Methods take the signal of the cache and do nothing once it fired."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, user_id: int, signal: AbortSignal) -> User | None:
        """Give the row, or None."""
        signal.raise_if_aborted()
        rows = await self._database.query(f"select {_COLUMNS} from users where id = $1", user_id)  # noqa: S608
        return _to_user(rows[0]) if rows else None

    async def next_id(self) -> int:
        """Take the next id. Ids of failed inserts are not used again."""
        rows = await self._database.query("select nextval('users_id_seq') as id")
        return int(rows[0]["id"])

    async def insert(self, user_id: int, draft: UserDraft, signal: AbortSignal) -> User:
        """Add a row and give it."""
        signal.raise_if_aborted()
        rows = await self._database.query(
            "insert into users (id, email, name, roles, labels, balance_cents) "  # noqa: S608
            f"values ($1, $2, $3, $4, $5, $6) returning {_COLUMNS}",
            user_id,
            *_values(draft),
        )
        return _to_user(rows[0])

    async def update(self, user_id: int, draft: UserDraft, expected_version: int, signal: AbortSignal) -> User:
        """Replace the row and raise its version by one, under the row lock. HttpError: NOT_FOUND, CONFLICT.

        ``expected_version``: 0 = any; otherwise the update happens only if the row has this version.
        """
        signal.raise_if_aborted()
        rows = await self._database.query(
            "update users set email = $2, name = $3, roles = $4, labels = $5, balance_cents = $6, "  # noqa: S608
            "version = version + 1 "
            f"where id = $1 and ($7::bigint = 0 or version = $7) returning {_COLUMNS}",
            user_id,
            *_values(draft),
            expected_version,
        )
        if rows:
            return _to_user(rows[0])
        current = await self._database.query("select version from users where id = $1", user_id)
        if current:
            raise conflict(f"user {user_id}", expected=expected_version, current=current[0]["version"])
        raise not_found(f"user {user_id}")

    async def delete(self, user_id: int, signal: AbortSignal) -> None:
        """Delete the row. HttpError: NOT_FOUND."""
        signal.raise_if_aborted()
        if not await self._database.query("delete from users where id = $1 returning id", user_id):
            raise not_found(f"user {user_id}")


def _values(draft: UserDraft) -> tuple[object, ...]:
    labels = json.dumps(dict(draft.labels), ensure_ascii=False)
    return draft.email, draft.name, list(draft.roles), labels, draft.balance_cents


def _to_user(row: Any) -> User:
    return User(
        id=row["id"],
        email=row["email"],
        name=row["name"],
        created_at=row["created_at"],
        roles=row["roles"],
        labels=json.loads(row["labels"]),
        balance_cents=row["balance_cents"],
        version=row["version"],
    )
