from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from stack import Stack, run_stack

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    with run_stack() as running:
        yield running
