"""Keeps the log of an outage to a few lines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

REPEAT_S: Final = 5.0
"""The pause after a line before an equal one is written again; it doubles while the cause lasts."""
REPEAT_MAX_S: Final = 60.0
_KINDS_MAX: Final = 100
"""Kinds that are remembered; above it those that are over are forgotten."""


@dataclass(slots=True)
class _Kind:
    quiet_until: float
    pause: float
    suppressed: int = 0


class RepeatFilter:
    """What repeats is written at once, and then at growing intervals."""

    def __init__(self, now: Callable[[], float]) -> None:
        """``now``: seconds of a clock that never goes back."""
        self._now = now
        self._kinds: dict[str, _Kind] = {}

    def repeated(self, kind: str) -> int | None:
        """Say how many of this kind were left out since its last line; None: leave this one out as well."""
        now = self._now()
        known = self._kinds.get(kind)
        if known is not None and now < known.quiet_until:
            known.suppressed += 1
            return None
        # Quiet for a pause longer than it had to be: it is news again.
        lasts = known is not None and now < known.quiet_until + known.pause
        pause = min(REPEAT_MAX_S, known.pause * 2) if known is not None and lasts else REPEAT_S
        if len(self._kinds) >= _KINDS_MAX:
            self._kinds = {name: each for name, each in self._kinds.items() if each.quiet_until > now}
        self._kinds[kind] = _Kind(now + pause, pause)
        return 0 if known is None else known.suppressed
