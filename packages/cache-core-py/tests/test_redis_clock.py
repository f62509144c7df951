from __future__ import annotations

from typing import cast

from cachepact import Cache
from cachepact._store.redis_clock import CLOCK_REFRESH_MS, RedisClock
from cachepact._store.server_info import ServerInfo
from cachepact.testing import FakeClock
from flows import Runner

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


def test_one_look_tells_whether_a_hit_needs_another_one() -> None:
    clock = FakeClock()
    redis_clock = RedisClock(clock)
    assert redis_clock.may_be_stale(NOW + 10), "the time is not known"
    redis_clock.observe(NOW, 0.0)
    assert not redis_clock.may_be_stale(NOW + 10)
    clock.advance(10)
    assert redis_clock.may_be_stale(NOW + 10)
    assert not redis_clock.may_be_stale(NOW + CLOCK_REFRESH_MS * 2)
    clock.advance(CLOCK_REFRESH_MS)
    assert redis_clock.may_be_stale(NOW + CLOCK_REFRESH_MS * 2), "the time is due to be asked for"


def test_another_server_has_another_clock() -> None:
    core = Cache(redis="redis://h", clock=FakeClock())._core
    for run_id, server_ms, round_trip_ms, expected in (
        ("a", NOW, 0, NOW),
        ("a", NOW + 5_000, 50, NOW + 50),  # a rough sample of the same clock, which a good one outweighs
        ("b", NOW - 60_000, 50, NOW - 60_000 + 25),
    ):
        sent_at = core.clock.monotonic_ms()
        cast("FakeClock", core.clock).advance(round_trip_ms)
        assert Runner(core.connected(ServerInfo(run_id, None), server_ms, sent_at)).ended
        assert core.redis_clock.now_ms() == expected
