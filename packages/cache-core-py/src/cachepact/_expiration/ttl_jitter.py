"""Jitter: entries written in one burst do not expire in one instant."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cachepact._random import Random


def jittered_ttl_ms(ttl_ms: int, jitter_ratio: float, random: Random) -> int:
    """Shorten ``ttl_ms`` by a random part of up to ``jitter_ratio`` of it, to whole ms, at least 1.

    Jitter only ever shortens: a ttl is a promise about how old an entry may get.
    """
    return max(1, math.ceil(ttl_ms * (1 - jitter_ratio * random.next())))
