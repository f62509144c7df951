"""What a read gives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from cachepact._results import CachedEntry

if TYPE_CHECKING:
    from cachepact._entry import Entry
    from cachepact._events import RequestResult
    from cachepact._loader import Row
    from cachepact._results import Source


class Answer(Struct, frozen=True):
    """A value with where it came from."""

    value: Any
    source: Source
    version: int
    maybe_stale: bool
    """A write that is accepted but not in the database yet may be missing from the value (write-behind only)."""
    foreign: bool
    """Written under another schema: fields that this one lacks are gone, so it is never to be written back."""
    result: RequestResult
    """How the read is counted."""

    def entry(self) -> CachedEntry[Any]:
        """Give what callers see."""
        return CachedEntry(self.value, self.source, self.version, self.maybe_stale, self.foreign)


def from_entry(entry: Entry[Any], result: RequestResult | None = None) -> Answer:
    """Answer with a fresh entry; ``result`` when it is neither a hit nor a remembered "not found"."""
    counted: RequestResult = result or ("negative" if entry.value is None else "hit")
    return Answer(entry.value, "redis", entry.version, maybe_stale=False, foreign=entry.foreign, result=counted)


def from_stale(entry: Entry[Any]) -> Answer:
    """Answer with an entry within its grace."""
    return Answer(entry.value, "stale", entry.version, maybe_stale=False, foreign=entry.foreign, result="stale")


def from_row(row: Row, result: RequestResult, *, maybe_stale: bool) -> Answer:
    """Answer with a loaded row."""
    return Answer(row.value, "database", row.version, maybe_stale, foreign=False, result=result)
