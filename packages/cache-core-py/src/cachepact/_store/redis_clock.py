"""What time it is for Redis, the clock that stamps ``stale_at`` and deadlines."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cachepact._clock import Clock

CLOCK_REFRESH_MS = 30_000
"""After how long an unrefreshed offset is asked for again: clocks of two machines drift."""
_GOOD_SAMPLE_MS = 5_000
"""For how long a rough sample does not replace a good one."""


class RedisClock:
    """Redis' time, from the replies of scripts, as an offset to this process's monotonic clock.

    A jump of the machine's wall clock therefore changes nothing. Right to within half a round trip. It only schedules
    refreshes and proposes deadlines: what may be stored or served is decided by Redis itself, on its own clock.
    """

    __slots__ = ("_clock", "_offset", "_round_trip_ms", "_sampled_at")

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._offset: float | None = None
        self._round_trip_ms = 0.0
        self._sampled_at = 0.0

    def monotonic_ms(self) -> float:
        """Tell this process's time, for ``observe``."""
        return self._clock.monotonic_ms()

    def now_ms(self) -> float | None:
        """Tell Redis' time in epoch ms, or None while nothing is known."""
        return None if self._offset is None else self._clock.monotonic_ms() + self._offset

    def is_stale(self, stale_at_ms: int) -> bool:
        """Tell whether an entry that turns stale then is stale now; 0 = it never does. Unknown time = still fresh."""
        if stale_at_ms == 0 or self._offset is None:
            return False
        return self._clock.monotonic_ms() + self._offset >= stale_at_ms

    def may_be_stale(self, stale_at_ms: int) -> bool:
        """Tell whether ``due`` or ``is_stale`` has something to say about an entry: the one look of a fresh hit."""
        now, offset = self._clock.monotonic_ms(), self._offset
        return offset is None or now + offset >= stale_at_ms or now - self._sampled_at >= CLOCK_REFRESH_MS

    @property
    def due(self) -> bool:
        """Whether the offset is unknown or due for a new sample."""
        return self._offset is None or self._clock.monotonic_ms() - self._sampled_at >= CLOCK_REFRESH_MS

    def observe(self, server_ms: int, sent_at: float) -> None:
        """Take the server's time from a reply that came now, to a message that was sent at ``sent_at`` (monotonic)."""
        received_at = self._clock.monotonic_ms()
        round_trip_ms = received_at - sent_at
        recent = self._offset is not None and received_at - self._sampled_at < _GOOD_SAMPLE_MS
        # The error is half the round trip: a reply that waited behind a busy process must not spoil a good offset.
        if recent and round_trip_ms > self._round_trip_ms * 2:
            return
        self._offset = server_ms - (sent_at + received_at) / 2
        self._round_trip_ms = round_trip_ms
        self._sampled_at = received_at

    def reset(self) -> None:
        """Forget all: the next connection may lead to another server."""
        self._offset = None
