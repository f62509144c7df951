"""A grant of Redis that this process keeps alive: a reader's lease, or a writer's marker."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachepact._store.effects import Flow, Sleep
from cachepact._store.transport_error import TransportError

if TYPE_CHECKING:
    from collections.abc import Callable

    from cachepact._clock import Clock


class Lease:
    """A grant, renewed at each third of its time, so that two renewals may get lost before it lapses.

    It counts from when the last acknowledged message was *sent*: Redis cannot have started it earlier.
    """

    __slots__ = ("_acknowledged_at", "_clock", "_lost", "_ms", "_stopped")

    def __init__(self, clock: Clock, ms: int, granted_at: float) -> None:
        self._clock = clock
        self._ms = ms
        self._acknowledged_at = granted_at
        self._lost = False
        self._stopped = False

    @property
    def alive(self) -> bool:
        """Whether the grant is surely alive: not reported lost, and acknowledged less than its time ago."""
        return not self._lost and self._clock.monotonic_ms() - self._acknowledged_at < self._ms

    def stop(self) -> None:
        """End the renewals. The grant itself stays in Redis until it is used, released or over."""
        self._stopped = True

    def keep_up(self, renew: Callable[[], Flow[str]], on_lost: Callable[[], None] | None = None) -> Flow[None]:
        """Renew until stopped or lost; ``on_lost`` is called once."""
        due = self._acknowledged_at
        while True:
            due += self._ms / 3
            yield Sleep(max(0.0, due - self._clock.monotonic_ms()))
            if self._stopped:
                return
            reply = "LOST"
            if self.alive:
                sent_at = self._clock.monotonic_ms()
                try:
                    reply = yield from renew()
                except TransportError:
                    # No usable reply: the next third tries again, and `alive` ends the wait.
                    continue
                if reply == "OK":
                    self._acknowledged_at = max(self._acknowledged_at, sent_at)
                    continue
            if not self._stopped:
                self._lost = True
                if on_lost is not None:
                    on_lost()
            return
