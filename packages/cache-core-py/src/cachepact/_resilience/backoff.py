"""Keys whose background refresh has just failed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachepact._random import spread

if TYPE_CHECKING:
    from cachepact._clock import Clock
    from cachepact._random import Random

BACKOFF_MS = 1_000
"""How long a key rests after a refresh that brought nothing, before half of it is added or taken."""
_KEYS_MAX = 10_000
"""Keys that are remembered; beyond them all are forgotten, which costs a few loads more."""


class Backoff:
    """Only refreshes rest: a miss must be answered, and an error is never remembered as an answer."""

    def __init__(self, clock: Clock, random: Random) -> None:
        self._clock = clock
        self._random = random
        self._until: dict[str, float] = {}

    def rest(self, key: str, ms: float = BACKOFF_MS) -> None:
        """Let ``key`` rest for about ``ms``."""
        if len(self._until) >= _KEYS_MAX:
            self._until.clear()
        self._until[key] = self._clock.monotonic_ms() + spread(self._random, ms)

    def resting(self, key: str) -> bool:
        """Tell whether ``key`` rests now."""
        until = self._until.get(key)
        if until is None:
            return False
        if self._clock.monotonic_ms() < until:
            return True
        del self._until[key]
        return False
