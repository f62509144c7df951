"""The golden entries of the contract, read for Python. On purpose without a line of the code under test."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

CONTRACT = Path(__file__).parents[2]
LONG = frozenset({"int64", "uint64", "sint64"})


def fixture_files() -> dict[str, dict[str, Any]]:
    """Every fixture file, by the name of its entity."""
    return {file.stem: json.loads(file.read_text("utf-8")) for file in sorted((CONTRACT / "fixtures").glob("*.json"))}


def lock() -> dict[str, Any]:
    """The records of the lock, by entity."""
    entities: dict[str, Any] = json.loads((CONTRACT / "contracts.lock.json").read_text("utf-8"))["entities"]
    return entities


def native(schema: dict[str, Any], neutral: dict[str, Any]) -> dict[str, Any]:
    """Attributes of this language from the neutral form of a value."""
    fields = {field["name"]: field for field in schema["fields"]}
    return {name: _member(fields[name], member) for name, member in neutral.items()}


def _member(field: dict[str, Any], member: Any) -> Any:
    if field["presence"] == "repeated":
        return [_single(field, each) for each in member]
    if field["presence"] == "map":
        return {name: _single(field, each) for name, each in member}
    return _single(field, member)


def _single(field: dict[str, Any], member: Any) -> Any:
    if str(field["type"]) in LONG:
        return int(member)
    if field["type"] == "timestamp":
        seconds, nanos = member
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds, microseconds=nanos // 1000)
    return member
