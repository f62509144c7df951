"""How large the random tests are, and from which seed: from the environment, so that a run can be repeated."""

from __future__ import annotations

import os
import random

SEED = int(os.environ.get("CACHEPACT_SEED") or random.randrange(1, 2**31))


def cases(default: int) -> int:
    return int(os.environ.get("CACHEPACT_CASES") or default)
