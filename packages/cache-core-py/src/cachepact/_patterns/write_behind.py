"""Write-behind: accepted by Redis, seen at once by every reader, carried to the database by a worker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cachepact._errors import CachepactError
from cachepact._events import WriteEvent, WriteOperation, WriteOutcome
from cachepact._loaded import check_binding
from cachepact._store.accept_group import AcceptItem
from cachepact._store.accept_queue import AcceptQueue
from cachepact._write_record import encode_write_item

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cachepact._core import EntityContext
    from cachepact._gen.errors import ErrorCode
    from cachepact._results import Accepted
    from cachepact._store.effects import Flow

_OUTCOMES: Mapping[ErrorCode, WriteOutcome] = {
    "E_FULL": "refused",
    "E_UNAVAILABLE": "refused",
    "E_EVICTION": "refused",
    "E_UNKNOWN": "unknown",
}


class WriteBehind:
    """Full states only; the version is given by Redis.

    Writes of one tick travel together; those of one row are accepted in the order in which they were handed over.
    """

    def __init__(self, context: EntityContext) -> None:
        self._context = context
        self._queue = AcceptQueue(context.core, context.record)

    def put(self, key: object, value: Any) -> Flow[Accepted]:
        """Accept a new state of one row.

        E_FULL, E_UNAVAILABLE (nothing was accepted; ``retry_after_ms``), E_UNKNOWN (``op``), E_EVICTION, E_LOADER when
        the value belongs to another key, and what the contract refuses.
        """
        return self._write("put", key, value)

    def remove(self, key: object) -> Flow[Accepted]:
        """Accept the deletion of one row. Errors as ``put``."""
        return self._write("remove", key, None)

    def _write(self, operation: WriteOperation, key: object, value: Any) -> Flow[Accepted]:
        context = self._context
        outcome: WriteOutcome = "error"
        try:
            accepted = yield from self._accept(key, value, operation)
            outcome = "accepted"
        except CachepactError as error:
            outcome = _OUTCOMES.get(error.code, "error")
            raise
        finally:
            if context.core.events.active:
                context.core.events.emit(WriteEvent(context.record.entity, operation, outcome))
        return accepted

    def _accept(self, key: object, value: Any, operation: WriteOperation) -> Flow[Accepted]:
        context = self._context
        live = context.live_keys(key)
        log = live[0].log
        if log is None:
            raise without_log(context.record.entity)
        if operation == "put":
            if not isinstance(value, context.entity.value_type):
                # Also None, which is a forgotten value and not a deletion.
                context.entity.check(value)
            check_binding(context, live[0], value, "put")
        item = encode_write_item(context.entity, live[0].id, value)
        return (yield from self._queue.add(log, AcceptItem(item, tuple(keys.value for keys in live))))


def without_log(entity: str) -> CachepactError:
    """Make the error of ``put`` and ``remove`` on an entity that is not written behind."""
    return CachepactError(
        "E_PATTERN", f"cannot put {entity}: the contract names no log for it; use write and invalidate"
    )
