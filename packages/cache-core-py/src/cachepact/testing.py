"""Time and chance under a test's control: pass them as ``clock`` and ``random`` to a cache."""

from __future__ import annotations

from base64 import urlsafe_b64encode

__all__ = ["FakeClock", "SeededRandom"]

_MASK = 0xFFFFFFFF


class FakeClock:
    """A clock that stands still until it is told to move."""

    def __init__(self) -> None:
        self._now = 0.0

    def monotonic_ms(self) -> float:
        """Tell the ms by which the clock was moved."""
        return self._now

    def advance(self, ms: float) -> None:
        """Move time on."""
        self._now += ms


class SeededRandom:
    """The same sequence for the same seed (mulberry32, as in TypeScript), so that a run can be repeated.

    Not for secrets.
    """

    def __init__(self, seed: int) -> None:
        self._state = seed & _MASK

    def next(self) -> float:
        """Draw a number from 0 (included) to 1 (excluded)."""
        self._state = (self._state + 0x6D2B79F5) & _MASK
        mixed = self._state
        mixed = (mixed ^ mixed >> 15) * (mixed | 1) & _MASK
        mixed ^= mixed + ((mixed ^ mixed >> 7) * (mixed | 61) & _MASK) & _MASK
        return (mixed ^ mixed >> 14) / 2**32

    def token(self) -> str:
        """Draw 22 base64url characters."""
        drawn = bytes(int(self.next() * 256) for _ in range(16))
        return urlsafe_b64encode(drawn)[:22].decode()
