"""The golden entries of the contract."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

CONTRACT = Path(__file__).parents[2]


def fixture_files() -> dict[str, dict[str, Any]]:
    """Every fixture file, by the name of its entity."""
    return {file.stem: json.loads(file.read_text("utf-8")) for file in sorted((CONTRACT / "fixtures").glob("*.json"))}


def lock() -> dict[str, Any]:
    """The records of the lock, by entity."""
    entities: dict[str, Any] = json.loads((CONTRACT / "contracts.lock.json").read_text("utf-8"))["entities"]
    return entities
