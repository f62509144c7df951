"""The door to chance."""

from __future__ import annotations

import random
import secrets
from typing import Protocol


class Random(Protocol):
    """What chance comes from: jitter, pauses, tokens. ``cachepact.testing.SeededRandom`` repeats itself."""

    def next(self) -> float:
        """Draw a number from 0 (included) to 1 (excluded)."""
        ...

    def token(self) -> str:
        """Draw 22 base64url characters, 16 random bytes: a lease token, a writer's marker, an op id.

        Unique per call: a token that is sent twice would let a late copy of a message store what an invalidation
        removed.
        """
        ...


class SystemRandom:
    """Chance of the machine; tokens come from the operating system, because two processes must never draw the same."""

    __slots__ = ()

    def next(self) -> float:
        """Draw a number from 0 (included) to 1 (excluded)."""
        return random.random()  # noqa: S311 - spreads load, protects nothing

    def token(self) -> str:
        """Draw 22 base64url characters."""
        return secrets.token_urlsafe(16)


SYSTEM_RANDOM = SystemRandom()


def spread(source: Random, ms: float) -> float:
    """Move ``ms`` by up to half of it in either direction, so that many clients do not come back in one instant."""
    return ms * (0.5 + source.next())
