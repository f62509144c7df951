"""The machine's clock, with time that a test lets pass at once."""

from __future__ import annotations

from cachepact import SystemClock


class ShiftedClock(SystemClock):
    """Runs on, from where it was moved to."""

    __slots__ = ("_ahead_ms",)

    def __init__(self) -> None:
        self._ahead_ms = 0.0

    def monotonic_ms(self) -> float:
        return super().monotonic_ms() + self._ahead_ms

    def advance(self, ms: float) -> None:
        self._ahead_ms += ms
