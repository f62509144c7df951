from __future__ import annotations

from user_api.repeat_filter import REPEAT_MAX_S, REPEAT_S, RepeatFilter


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_the_first_of_a_kind_is_written_at_once_the_next_after_the_pause_with_how_many_were_left_out() -> None:
    clock = Clock()
    repeats = RepeatFilter(clock)
    assert [repeats.repeated("down") for _ in range(5)] == [0, None, None, None, None]
    assert repeats.repeated("other") == 0
    clock.now += REPEAT_S
    assert repeats.repeated("down") == 4


def test_an_outage_of_an_hour_is_about_a_line_a_minute_and_news_again_when_it_was_over() -> None:
    clock = Clock()
    repeats = RepeatFilter(clock)
    lines = []
    for _ in range(36_000):
        repeated = repeats.repeated("down")
        lines += [] if repeated is None else [repeated]
        clock.now += 0.1
    assert len(lines) < 70
    assert sum(lines) + len(lines) > 36_000 - REPEAT_MAX_S * 10 - 1
    clock.now += 2 * REPEAT_MAX_S
    assert repeats.repeated("down") is not None
    clock.now += REPEAT_S
    assert repeats.repeated("down") == 0


def test_what_was_said_once_does_not_stay_in_memory() -> None:
    clock = Clock()
    repeats = RepeatFilter(clock)
    for number in range(1_000):
        assert repeats.repeated(f"kind {number}") == 0
        clock.now += REPEAT_S
    assert len(repeats._kinds) <= 100  # what else would show it
