"""What a read gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cachepact._entry import Entry
    from cachepact._events import RequestResult
    from cachepact._loader import Row
    from cachepact._results import Source


@dataclass(frozen=True, slots=True)
class Answer:
    """A value with where it came from."""

    value: Any
    source: Source
    version: int
    maybe_stale: bool
    """A write that is accepted but not in the database yet may be missing from the value (write-behind only)."""
    result: RequestResult
    """How the read is counted."""


def from_entry(entry: Entry[Any]) -> Answer:
    """Answer with a fresh entry."""
    result: RequestResult = "negative" if entry.value is None else "hit"
    return Answer(entry.value, "redis", entry.version, maybe_stale=False, result=result)


def from_row(row: Row, result: RequestResult, *, maybe_stale: bool) -> Answer:
    """Answer with a loaded row."""
    return Answer(row.value, "database", row.version, maybe_stale, result)
