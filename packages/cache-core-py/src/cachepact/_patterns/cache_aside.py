"""Cache-aside: delete the entry after the caller's commit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachepact._errors import CachepactError
from cachepact._events import WriteEvent, WriteOutcome
from cachepact._loaded import is_versioned
from cachepact._resilience.delivery import deliver
from cachepact._schema import SAFE_INTEGER
from cachepact._store.effects import Flow, Shield, Together
from cachepact._store.scripts import Finish

if TYPE_CHECKING:
    from cachepact._core import EntityContext
    from cachepact._key import EntryKeys


def invalidate(context: EntityContext, key: object, version: int) -> Flow[None]:
    """Delete the entry in every live generation. A load that began before it can no longer store (SPEC 10.4).

    Returns when Redis has acknowledged it: a read that starts afterwards, anywhere, never sees an older value.
    E_PENDING when Redis could not be told in time: it goes on in the background; E_VERSION when the loader may read a
    replica and ``version`` is missing.
    """
    record = context.record
    if version == 0 and record.replica_reads:
        raise CachepactError(
            "E_VERSION",
            f"cannot invalidate {record.entity} without a version: its loader may read a lagging replica; pass the "
            "committed version",
        )
    if not isinstance(version, int) or isinstance(version, bool) or not 0 <= version <= SAFE_INTEGER:
        raise CachepactError("E_RANGE", f"cannot invalidate {record.entity}: version must be an int up to 2^53-1")
    if version > 0 and not is_versioned(record):
        raise CachepactError(
            "E_OPTION", f"cannot invalidate {record.entity} by version: the contract names no version field"
        )
    # The caller has committed: if it gives up waiting, the invalidation goes on without it.
    yield Shield(_deliver_to_all(context, context.live_keys(key), version))


def _deliver_to_all(context: EntityContext, targets: tuple[EntryKeys, ...], version: int) -> Flow[None]:
    record, core = context.record, context.core
    # keep is off: a version that restarts when a row is inserted again would otherwise keep the old row.
    finish = Finish(token="", prev="", version=version, keep=False)
    codes = yield Together(tuple(deliver(context, keys, finish) for keys in targets))
    problem = next((code for code in codes if isinstance(code, BaseException)), None)
    outcome: WriteOutcome = "deleted"
    if problem is not None:
        outcome = "error"
    elif None in codes:
        outcome = "pending"
    elif codes[0] == "DIRTY":
        # A write-behind value that is not in the database yet stays: it is newer than what this call is about.
        outcome = "kept"
    if core.events.active:
        core.events.emit(WriteEvent(record.entity, "invalidate", outcome))
    if problem is not None:
        raise problem
    if outcome == "pending":
        raise CachepactError(
            "E_PENDING",
            f"the invalidation of a {record.entity} is not delivered yet: Redis did not answer; it is retried in the "
            "background, and this process bypasses the key",
            retry_after_ms=core.options.deliver_timeout_ms,
        )
