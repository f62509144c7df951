"""What a loader or ``persist`` returned, taken apart and checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cachepact._context import Loaded
from cachepact._entry import belongs_to
from cachepact._errors import CachepactError
from cachepact._schema import SAFE_INTEGER

if TYPE_CHECKING:
    from cachepact._core import EntityContext
    from cachepact._key import EntryKeys
    from cachepact._record import EntityRecord


@dataclass(frozen=True, slots=True)
class Unwrapped:
    """An answer taken apart."""

    value: Any
    version: int
    """0 = none."""
    ttl_ms: int | None


def is_versioned(record: EntityRecord) -> bool:
    """Tell whether rows have a version: as a field of the value, or as the id of a write-behind event."""
    return record.version is not None or record.log is not None


def unwrap(context: EntityContext, answer: object, who: str) -> Unwrapped:
    """Take apart what a loader or ``persist`` returned. E_LOADER when it is none of the legal forms."""
    record = context.record
    value, version, ttl_ms = (
        (answer.value, answer.version, answer.ttl_ms) if isinstance(answer, Loaded) else (answer, None, None)
    )
    if value is not None and not isinstance(value, context.entity.value_type):
        raise breach(
            record,
            who,
            f"a {type(value).__name__}",
            f"return a {context.entity.value_type.__name__}, or None for not found",
        )
    if ttl_ms is not None and (not isinstance(ttl_ms, int) or isinstance(ttl_ms, bool) or ttl_ms < 1):
        raise breach(record, who, "a ttl_ms that is not a whole number above 0", "return it in milliseconds")
    found = _version_of(context, value, version)
    if not isinstance(found, int) or isinstance(found, bool) or not 0 <= found <= SAFE_INTEGER:
        raise breach(record, who, "a version that is not a whole number up to 2^53-1", "return the row's version")
    return Unwrapped(value, found, ttl_ms)


def check_binding(context: EntityContext, keys: EntryKeys, value: Any, who: str) -> None:
    """Refuse a value under another row's key: every reader would refuse it too, and load for ever."""
    if not belongs_to(context.entity, value, keys.id):
        raise breach(
            context.record, who, "a row that belongs to another key", "check that the query filters by the key"
        )


def breach(record: EntityRecord, who: str, found: str, remedy: str) -> CachepactError:
    """Make the error of an answer that breaks the contract between the cache and its caller."""
    return CachepactError("E_LOADER", f"{who} of {record.entity} returned {found}; {remedy}")


def _version_of(context: EntityContext, value: Any, given: object) -> object:
    """Let the version field decide where the contract has one; a deleted row and a log have no other source."""
    record = context.record
    if not is_versioned(record):
        return 0
    if value is None or record.version is None:
        return 0 if given is None else given
    return getattr(value, context.entity.schema.by_name[record.version].attribute) or 0
