"""Every contender must give back the user that it was given, or its time says nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench_codecs.user import SIZES, User, users

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bench_codecs.contender import Contender

_CHECKED_USERS = 16


def check_round_trips(contenders: Iterable[Contender]) -> None:
    """Raise ValueError with the names of the contenders that give back another user."""
    broken = [
        one.name
        for one in contenders
        if not all(_gives(one, user) for size in SIZES for user in users(_CHECKED_USERS, size))
    ]
    if broken:
        raise ValueError(
            f"compare codecs: found another user than was written by {'; '.join(broken)}; repair the contender first"
        )


def _gives(contender: Contender, user: User) -> bool:
    return contender.restore(contender.decode(contender.payload_of(user))) == user
