"""What requests say about users."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from cachepact_contracts import Profile, User

from user_api.errors import bad_request
from user_api.request import parse_body, refuse_what_the_contract_refuses
from user_api.users.user_repository import UserDraft

if TYPE_CHECKING:
    from collections.abc import Sequence

POST_MEMBERS: Final[Sequence[str]] = ("email", "name")
"""What a new user must state; the rest has defaults."""
PUT_MEMBERS: Final[Sequence[str]] = ("email", "name", "roles", "labels", "balance_cents")
"""A PUT replaces the row, so it states everything: a forgotten member would otherwise reset a balance."""

_IGNORED_CREATED_AT = '"1970-01-01T00:00:00Z"'
"""Nobody sets created_at: a body may leave it out, and what it says is ignored."""


def parse_user_put(user_id: int, body: bytes) -> tuple[UserDraft, int]:
    """Read the body of ``PUT /users/:id``; give the draft and the version that the row must have, 0 = any.

    The contract's JSON. ``id`` may be absent, ``created_at`` is ignored. HttpError: 400.
    """
    user = parse_body(
        User.__cachepact__,
        body,
        given={"id": str(user_id), "created_at": _IGNORED_CREATED_AT},
        required=PUT_MEMBERS,
    )
    if user.id != user_id:
        raise bad_request("E_BINDING", "id is another one than that of the path: send the same, or none", "id")
    if user.version < 0:
        raise bad_request("E_RANGE", "version is negative: send the one that was read, or none", "version")
    return _to_draft(user), user.version


def parse_user_post(body: bytes) -> UserDraft:
    """Read the body of ``POST /users``: the contract's JSON without what the database gives. HttpError: 400."""
    user = parse_body(
        User.__cachepact__, body, given={"id": "0", "created_at": _IGNORED_CREATED_AT}, required=POST_MEMBERS
    )
    if user.id != 0:
        raise bad_request("E_RANGE", "id is given by the database: leave it out", "id")
    if user.version != 0:
        raise bad_request("E_RANGE", "version is given by the database: leave it out", "version")
    return _to_draft(user)


def _to_draft(user: User) -> UserDraft:
    """Take the settable parts, once it is certain that both entries which will hold them accept them."""
    longest = 2**53 - 1
    sometime = datetime(2000, 1, 1, tzinfo=UTC)
    with refuse_what_the_contract_refuses():
        User.__cachepact__.check(
            User(
                id=longest,
                email=user.email,
                name=user.name,
                created_at=sometime,
                roles=user.roles,
                labels=user.labels,
                balance_cents=user.balance_cents,
                version=longest,
            )
        )
        Profile.__cachepact__.check(
            Profile(user_id=longest, display_name=user.name, joined_at=sometime, roles=user.roles)
        )
    return UserDraft(
        email=user.email, name=user.name, roles=user.roles, labels=user.labels, balance_cents=user.balance_cents
    )
