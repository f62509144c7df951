"""The shared fixtures of packages/wire: read, not copied."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from cachepact import Entity

REPOSITORY = Path(__file__).parents[3]
FOLDER = REPOSITORY / "packages" / "wire" / "fixtures"


@cache
def cases(name: str) -> list[dict[str, Any]]:
    """The cases of a file; ``count`` in the file must be their exact number, and each says why."""
    file = json.loads((FOLDER / f"{name}.json").read_text())
    found: list[dict[str, Any]] = file["cases"]
    assert file["format"] == 1
    assert file["count"] == len(found)
    assert len({case["name"] for case in found}) == len(found)
    assert all(case["why"] for case in found)
    return found


def of_kind(name: str, kind: str) -> list[dict[str, Any]]:
    return [case for case in cases(name) if case["kind"] == kind]


def named(case: object) -> str | None:
    """Names a parametrised case in pytest's output."""
    return str(case["name"]) if isinstance(case, dict) and "name" in case else None


@cache
def golden_lock() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / "contract" / "contracts.lock.json").read_text())
    return found


@cache
def golden(name: str) -> Entity[Any, Any]:
    return Entity.from_record(golden_lock()["entities"][name])
