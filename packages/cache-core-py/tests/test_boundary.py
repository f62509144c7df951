from __future__ import annotations

from typing import Any

import pytest
from fixture_case import FixtureCases
from fixtures import golden_lock, named, of_kind

FIXTURES = FixtureCases(golden_lock())


@pytest.mark.parametrize("case", of_kind("boundaries", "boundary"), ids=named)
def test_long_value_has_one_byte_string(case: dict[str, Any]) -> None:
    FIXTURES.check("boundaries.json", case)
