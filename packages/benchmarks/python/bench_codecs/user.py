"""The data of the comparison: the users of `src/codecs/user.ts`, value for value."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Literal

User = dict[str, Any]
"""A user by the names of the wire: what a program without a contract would store. A small one has no ``orders``."""

Size = Literal["small", "large"]
SIZES: tuple[Size, ...] = ("small", "large")

ORDERS_OF_A_LARGE_USER = 52
_ROLES = ("admin", "editor", "viewer", "billing", "support")
_TIME_ZONES = ("Europe/Berlin", "America/New_York", "Asia/Tokyo", "UTC")
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def user(index: int, size: Size) -> User:
    """Build the user of a number; each differs from its neighbours, so that no contender lives on one cached string."""
    small: User = {
        "id": 1_000_000 + index,
        "email": f"user{index}.example@mail.example.com",
        "name": f"Name{index} Surname{index % 97}",
        "created_at": _iso(1_700_000_000_000 + index * 1000),
        "roles": [_ROLES[(index + offset) % len(_ROLES)] for offset in range(3)],
        "preferences": {
            "theme": "dark" if index % 2 else "light",
            "locale": "en-GB",
            "timezone": _TIME_ZONES[index % len(_TIME_ZONES)],
            "newsletter": "weekly",
            "currency": "EUR",
            "density": "compact",
        },
        "balance": 9_007_199_254 * (index % 7 + 1),
    }
    if size == "large":
        small["orders"] = [_order(index, at) for at in range(ORDERS_OF_A_LARGE_USER)]
    return small


def users(count: int, size: Size) -> list[User]:
    """Build the first users."""
    return [user(index, size) for index in range(count)]


def _order(index: int, at: int) -> dict[str, Any]:
    return {
        "order_id": f"ord_{_base36(index * 131 + at * 7919)}_{at}",
        "sku": f"SKU-{1000 + (index + at * 37) % 9000}",
        "qty": 1 + at % 5,
        "price_cents": 1999 + at * 113,
        "placed_at": _iso(1_710_000_000_000 + at * 3_600_000),
        "note": "leave at the door" if at % 3 == 0 else "standard",
        "gift": at % 4 == 0,
    }


def _iso(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{ms % 1000:03d}Z"


def _base36(number: int) -> str:
    text = ""
    while True:
        number, digit = divmod(number, 36)
        text = _DIGITS[digit] + text
        if number == 0:
            return text
