from __future__ import annotations

from cachepact._random import SYSTEM_RANDOM, spread
from cachepact.testing import FakeClock, SeededRandom


def test_seeded_random_draws_what_typescript_draws() -> None:
    # mulberry32 of seed 1, from the TypeScript SeededRandom.
    random = SeededRandom(1)
    assert [random.next() for _ in range(3)] == [0.6270739405881613, 0.002735721180215478, 0.5274470399599522]


def test_seeded_random_repeats_itself() -> None:
    first, second = SeededRandom(7), SeededRandom(7)
    assert [first.next() for _ in range(50)] == [second.next() for _ in range(50)]
    assert first.token() == second.token()
    assert first.token() != first.token()


def test_tokens_are_22_base64url_characters() -> None:
    for random in (SeededRandom(3), SYSTEM_RANDOM):
        token = random.token()
        assert len(token) == 22
        assert set(token) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


def test_spread_moves_by_up_to_half() -> None:
    random = SeededRandom(5)
    assert all(50 <= spread(random, 100) < 150 for _ in range(500))


def test_fake_clock_stands_still_until_it_is_moved() -> None:
    clock = FakeClock()
    assert clock.monotonic_ms() == clock.monotonic_ms()
    clock.advance(12.5)
    assert clock.monotonic_ms() == 12.5
