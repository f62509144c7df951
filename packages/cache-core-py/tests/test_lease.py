from __future__ import annotations

from cachepact._coalescing.lease import Lease
from cachepact._store.effects import Command, Flow, Sleep
from cachepact._store.transport_error import TransportError
from cachepact.testing import FakeClock
from flows import Runner

LOST_REPLY = TransportError("timeout", "unknown", "TIMEOUT", "no reply in time")


def renew() -> Flow[str]:
    reply: str = yield Command(("RENEW",))
    return reply


class Kept:
    def __init__(self) -> None:
        self.clock = FakeClock()
        self.lease = Lease(self.clock, 3000, 0.0)
        self.lost = 0
        self.runner = Runner(self.lease.keep_up(renew, self._on_lost))

    def _on_lost(self) -> None:
        self.lost += 1

    @property
    def pause_ms(self) -> float:
        assert isinstance(self.runner.effect, Sleep)
        return self.runner.effect.ms

    def sleep(self) -> None:
        self.clock.advance(self.pause_ms)
        self.runner.go(None)


def test_grant_is_renewed_at_each_third() -> None:
    kept = Kept()
    for _ in range(5):
        assert kept.pause_ms == 1000
        kept.sleep()
        assert isinstance(kept.runner.effect, Command)
        kept.runner.go("OK")
    assert kept.lease.alive
    assert kept.lost == 0


def test_grant_survives_two_lost_renewals_and_no_third() -> None:
    kept = Kept()
    for _ in range(2):
        kept.sleep()
        kept.runner.throw(LOST_REPLY)
    assert kept.lease.alive
    kept.sleep()
    assert (kept.lost, kept.lease.alive, kept.runner.ended) == (1, False, True)


def test_grant_counts_from_when_the_acknowledged_message_was_sent() -> None:
    kept = Kept()
    kept.sleep()
    kept.clock.advance(500)
    kept.runner.go("OK")
    assert kept.pause_ms == 500, "the next third is not put off by a slow reply"
    kept.clock.advance(2499)
    assert kept.lease.alive
    kept.clock.advance(1)
    assert not kept.lease.alive, "3000 ms after the renewal was sent, not after it was answered"


def test_grant_that_redis_reports_lost_is_lost_at_once() -> None:
    kept = Kept()
    kept.sleep()
    kept.runner.go("LOST")
    assert (kept.lost, kept.lease.alive, kept.runner.ended) == (1, False, True)


def test_stopped_grant_is_not_renewed_and_not_lost() -> None:
    kept = Kept()
    kept.lease.stop()
    kept.sleep()
    assert (kept.lost, kept.runner.ended) == (0, True)
