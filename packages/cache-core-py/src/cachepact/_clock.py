"""The door to time."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """What tells the time. ``cachepact.testing.FakeClock`` stands still until it is told to move.

    There is no wall clock here on purpose: no decision depends on the clock of its own machine. What must be agreed
    between processes is stamped by Redis.
    """

    def monotonic_ms(self) -> float:
        """Tell the ms since an arbitrary start; never goes back."""
        ...


class SystemClock:
    """The clock of this process."""

    __slots__ = ()

    def monotonic_ms(self) -> float:
        """Tell the ms since an arbitrary start."""
        return time.monotonic() * 1000


SYSTEM_CLOCK = SystemClock()
