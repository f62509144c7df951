from __future__ import annotations

from typing import Any

from cachepact._expiration.ttl import lifetime, negative_lifetime
from cachepact._expiration.ttl_jitter import jittered_ttl_ms
from cachepact.testing import SeededRandom
from cachepact_contracts import User
from hypothesis import given
from hypothesis import strategies as st
from variants import variant


def record(**changes: Any) -> Any:
    return variant(User, **changes).record


@given(st.integers(1, 10**9), st.floats(0, 1), st.integers(0, 2**32))
def test_jitter_only_shortens_and_leaves_a_millisecond(ttl_ms: int, ratio: float, seed: int) -> None:
    jittered = jittered_ttl_ms(ttl_ms, ratio, SeededRandom(seed))
    assert 1 <= jittered <= ttl_ms
    assert jittered >= ttl_ms * (1 - ratio) - 1


def test_grace_comes_after_the_fresh_time() -> None:
    life = lifetime(record(ttl_ms=1000, grace_ms=500, jitter_ratio=0.0), SeededRandom(1))
    assert (life.px_ms, life.fresh_ms) == (1500, 1000)


def test_entry_without_a_stale_phase_carries_no_stale_at() -> None:
    life = lifetime(record(ttl_ms=1000, grace_ms=0, jitter_ratio=0.0), SeededRandom(1))
    assert (life.px_ms, life.fresh_ms) == (1000, 0)


def test_loader_may_shorten_and_never_lengthen() -> None:
    for own, expected in ((300, 300), (9000, 1000)):
        found = lifetime(record(ttl_ms=1000, grace_ms=0, jitter_ratio=0.0), SeededRandom(1), ttl_ms=own)
        assert found.px_ms == expected


def test_row_of_a_lagging_replica_is_reloaded_when_the_floor_would_have_ended() -> None:
    with_grace = lifetime(record(ttl_ms=9000, grace_ms=500, jitter_ratio=0.0), SeededRandom(1), replica_ms=600)
    assert (with_grace.px_ms, with_grace.fresh_ms) == (9500, 600)
    without = lifetime(record(ttl_ms=9000, grace_ms=0, jitter_ratio=0.0), SeededRandom(1), replica_ms=600)
    assert (without.px_ms, without.fresh_ms) == (600, 0)
    early = record(ttl_ms=9000, grace_ms=0, jitter_ratio=0.0, early_refresh=True)
    refreshed = lifetime(early, SeededRandom(1), replica_ms=600)
    assert (refreshed.px_ms, refreshed.fresh_ms) == (600, 600), "without grace nothing outlives its fresh time"


def test_not_found_lives_for_the_smaller_ttl_without_grace() -> None:
    assert negative_lifetime(record(ttl_ms=1000, negative_ttl_ms=30_000, grace_ms=500)).px_ms == 1000
    assert negative_lifetime(record(ttl_ms=90_000, negative_ttl_ms=30_000, grace_ms=500)).px_ms == 30_000
    assert negative_lifetime(record(ttl_ms=90_000, negative_ttl_ms=30_000), ttl_ms=500).px_ms == 500
    assert negative_lifetime(record(ttl_ms=1000, negative_ttl_ms=30_000), ttl_ms=90_000).px_ms == 1000
