from __future__ import annotations

from cachepact._store.redis_clock import CLOCK_REFRESH_MS, RedisClock
from cachepact.testing import FakeClock

NOW = 1_700_000_000_000


def test_entry_counts_as_fresh_while_redis_time_is_unknown() -> None:
    redis_clock = RedisClock(FakeClock())
    assert not redis_clock.is_stale(1)
    assert redis_clock.due
    assert redis_clock.now_ms() is None


def test_entry_turns_stale_by_redis_time() -> None:
    clock = FakeClock()
    redis_clock = RedisClock(clock)
    redis_clock.observe(NOW, clock.monotonic_ms())
    assert not redis_clock.is_stale(NOW + 10)
    clock.advance(10)
    assert redis_clock.is_stale(NOW + 10)
    assert not redis_clock.is_stale(0), "0 = it never does"


def test_offset_is_right_to_half_a_round_trip_and_rough_samples_are_passed_over() -> None:
    clock = FakeClock()
    redis_clock = RedisClock(clock)
    sent_at = clock.monotonic_ms()
    clock.advance(10)
    redis_clock.observe(NOW, sent_at)
    assert redis_clock.now_ms() == NOW + 5
    sent_at = clock.monotonic_ms()
    clock.advance(1000)
    redis_clock.observe(NOW, sent_at)
    assert redis_clock.now_ms() == NOW + 1005, "a reply that waited a second must not spoil it"


def test_sample_is_due_again_after_its_time() -> None:
    clock = FakeClock()
    redis_clock = RedisClock(clock)
    redis_clock.observe(NOW, 0.0)
    assert not redis_clock.due
    clock.advance(CLOCK_REFRESH_MS)
    assert redis_clock.due
    redis_clock.reset()
    assert redis_clock.now_ms() is None
