"""Keys of write-behind logs. All keys of a partition share a slot, and none carries a generation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cachepact._errors import CachepactError
from cachepact._namespace import check_namespace
from cachepact._slot import crc16

if TYPE_CHECKING:
    from cachepact._record import EntityRecord


@dataclass(frozen=True, slots=True)
class LogKeys:
    """Keys of one partition."""

    partition: int
    tag: str
    """The hash tag with its braces, a literal segment of value keys: ``{acme.preferences.p07}``."""
    wb: str
    """The stream of accepted writes."""
    dirty: str
    """Hash: id to the version that is not in the database yet."""
    meta: str
    """Hash: the partition's clock, limit and owner."""
    ops_a: str
    """Op records of even 30 s slots."""
    ops_b: str
    """Op records of odd 30 s slots."""


def partition_of(record: EntityRecord, entry_id: str) -> int:
    """Find the partition of a write-behind id. E_PATTERN when the entity has no log."""
    _log_of(record)
    return crc16(entry_id.encode()) % record.partitions


def log_keys(record: EntityRecord, namespace: str, partition: int) -> LogKeys:
    """Name the keys of a partition. E_PATTERN without a log; E_KEY for a partition that does not exist."""
    check_namespace(namespace)
    log = _log_of(record)
    if not 0 <= partition < record.partitions:
        raise CachepactError("E_KEY", f"name a partition of log {log}: found none of its {record.partitions}")
    # Two digits at least, so that a listing of the keys is in order.
    name = f"{namespace}.{log}.p{partition:02d}" if namespace else f"{log}.p{partition:02d}"
    tag = f"{{{name}}}"
    return LogKeys(
        partition=partition,
        tag=tag,
        wb=f"{tag}@wb",
        dirty=f"{tag}@dirty",
        meta=f"{tag}@meta",
        ops_a=f"{tag}@ops:a",
        ops_b=f"{tag}@ops:b",
    )


def _log_of(record: EntityRecord) -> str:
    if record.log is None:
        raise CachepactError(
            "E_PATTERN",
            f"name the log of {record.entity}: found an entity without one; only entities with a log are written "
            "behind",
        )
    return record.log
