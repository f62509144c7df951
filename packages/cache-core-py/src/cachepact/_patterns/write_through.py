"""Write-through: a fence around the caller's commit, and the committed value stored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cachepact._coalescing.fence import Fence
from cachepact._context import INVALIDATE, AbortSignal, WriteContext
from cachepact._errors import CachepactError
from cachepact._events import WriteEvent, WriteOutcome
from cachepact._expiration.ttl import lifetime, negative_lifetime
from cachepact._loaded import check_binding, is_versioned, unwrap
from cachepact._resilience.delivery import deliver, refuse_bad_arguments
from cachepact._results import Written
from cachepact._store.effects import Call, Flow, Shield, Spawn, Together
from cachepact._store.storing import storing_of
from cachepact._store.transport_error import TransportError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cachepact._core import EntityContext
    from cachepact._record import EntityRecord
    from cachepact._store.scripts import Storing


@dataclass(frozen=True, slots=True)
class _Committed:
    """What ``persist`` committed, as the entry will see it."""

    version: int
    storing: Storing | None
    """None = nothing to store, only to delete."""
    problem: CachepactError | None
    """Why the answer of ``persist`` cannot be used; the commit stands."""


def write_through(context: EntityContext, key: object, persist: Callable[[WriteContext], Any]) -> Flow[Written]:
    """Set a fence, run ``persist``, store what it committed.

    Success means committed, and the cache is never newer than the source of truth. When the fence cannot be set, an
    EVENTUAL entity commits all the same and is invalidated as soon as Redis can be told; a STRONG one refuses before
    the commit. E_PATTERN for an entity with a log; E_FENCE, nothing was committed; E_UNCONFIRMED, E_VERSION, E_LOADER
    and encoding errors with ``committed``. What ``persist`` raises is passed on.
    """
    if context.record.log is not None:
        raise CachepactError(
            "E_PATTERN", f"cannot write {context.record.entity} through: it has a log; use put and remove"
        )
    fences = tuple(Fence(context, keys) for keys in context.live_keys(key))
    try:
        return (yield from _write_fenced(context, fences, persist))
    finally:
        # However this ended: a fence that is renewed for ever would keep its key out of the cache for ever.
        for fence in fences:
            fence.halt()


def _write_fenced(
    context: EntityContext, fences: tuple[Fence, ...], persist: Callable[[WriteContext], Any]
) -> Flow[Written]:
    record = context.record
    strong = record.consistency == "strong"
    signal = AbortSignal(context.core.clock)
    try:
        begun = yield Together(tuple(fence.begin(signal.abort) for fence in fences))
    except GeneratorExit:
        raise
    except BaseException:
        # The caller is cancelled: nothing was committed.
        yield from _take_down(context, fences)
        _report(context, "error")
        raise
    refused = next((outcome for outcome in begun if isinstance(outcome, BaseException)), None)
    if refused is not None or (strong and not all(begun)):
        yield from _take_down(context, fences)
        _report(context, "refused")
        if refused is not None:
            raise refused
        raise CachepactError(
            "E_FENCE",
            f"the write of a STRONG {record.entity} could not set its fence: Redis did not answer; nothing was "
            "committed, try again",
            committed=False,
        )
    answer = yield from _commit(context, fences, persist, signal)
    alive_at_commit = all(fence.alive for fence in fences)
    committed = _evaluate(context, fences[0], answer)
    # The commit stands: a caller that gives up now must not leave what it replaced in Redis.
    written: Written = yield Shield(_conclude(context, fences, committed, strong and not alive_at_commit))
    return written


def _take_down(context: EntityContext, fences: tuple[Fence, ...]) -> Flow[None]:
    """Nothing was committed: one message to take down what may stand is enough; what is left lapses by itself."""
    for fence in fences:
        yield from fence.stop()
        yield Spawn(context.core.scripts.finish(context.record, fence.keys, fence.finish(0)))


def _commit(
    context: EntityContext,
    fences: tuple[Fence, ...],
    persist: Callable[[WriteContext], Any],
    signal: AbortSignal,
) -> Flow[Any]:
    try:
        return (yield Call(lambda: persist(WriteContext(signal)), None))
    except Exception:
        # The commit may have happened all the same, its answer lost: end the write as if it had.
        yield Shield(_end_all(context, fences, _Committed(0, None, None)))
        _report(context, "error")
        raise
    except GeneratorExit:
        raise
    except BaseException:
        # The caller is cancelled and must not be kept waiting; the same end, beside it.
        yield Spawn(_end_all(context, fences, _Committed(0, None, None)))
        _report(context, "error")
        raise


def _conclude(
    context: EntityContext, fences: tuple[Fence, ...], committed: _Committed, must_be_confirmed: bool
) -> Flow[Written]:
    """End a write whose commit stands, and tell what became of it."""
    record = context.record
    codes = yield from _end_all(context, fences, committed)
    confirmed = not any(code is None or isinstance(code, BaseException) for code in codes)
    problem = committed.problem or next((code for code in codes if isinstance(code, BaseException)), None)
    if problem is not None:
        _report(context, "error")
        raise problem
    if must_be_confirmed and not confirmed:
        _report(context, "unknown")
        raise CachepactError(
            "E_UNCONFIRMED",
            f"the write of a STRONG {record.entity} was committed, but its fence had lapsed and Redis did not confirm "
            "its end; do not repeat it, readers may see the older value until its ttl",
            committed=True,
        )
    _report(context, _OUTCOMES[codes[0]] if confirmed else "pending")
    return Written(committed.version)


_OUTCOMES: Mapping[str, WriteOutcome] = {
    "STORED": "stored",
    "DELETED": "deleted",
    "KEPT": "kept",
    # A write-behind value took the key meanwhile: it is newer than this write and stays.
    "DIRTY": "kept",
}


def _end_all(context: EntityContext, fences: tuple[Fence, ...], committed: _Committed) -> Flow[list[Any]]:
    """End every fence. Gives an outcome for each: the script's code, None = quarantined, or an exception."""
    codes: list[Any] = yield Together(
        tuple(
            _end(context, fence, committed.version, committed.storing if index == 0 else None)
            for index, fence in enumerate(fences)
        )
    )
    for fence in fences:
        yield from fence.stop()
    return codes


def _end(context: EntityContext, fence: Fence, version: int, storing: Storing | None) -> Flow[str | None]:
    """End one fence: store the value if this writer may, else delete. None = not acknowledged, quarantined."""
    finish = fence.finish(version)
    if storing is not None and fence.may_store and context.options.enabled():
        try:
            return (yield from context.core.scripts.store(context.record, fence.keys, finish, storing))
        except TransportError as error:
            refuse_bad_arguments(error, "store")
            # Never sent again, because it carries a value; the same end without the value may be.
    return (yield from deliver(context, fence.keys, finish))


def _evaluate(context: EntityContext, fence: Fence, answer: object) -> _Committed:
    record, core, entity = context.record, context.core, context.entity
    missing = _Committed(0, None, _version_missing(record))
    try:
        if answer is INVALIDATE:
            return missing if record.replica_reads else _Committed(0, None, None)
        found = unwrap(context, answer, "persist")
        if found.value is None:
            if found.version == 0 and record.replica_reads:
                return missing
            # One above the deleted row's: a lagging replica that still has the row must be refused.
            deleted = 0 if found.version == 0 else found.version + 1
            storing = storing_of(entity, None, version=0, cost_ms=0, life=negative_lifetime(record))
            return _Committed(deleted, storing, None)
        if found.version == 0 and is_versioned(record):
            return missing
        check_binding(context, fence.keys, found.value, "persist")
        life = lifetime(record, core.random, ttl_ms=found.ttl_ms)
        storing = storing_of(entity, found.value, version=found.version, cost_ms=0, life=life)
    except CachepactError as error:
        return _Committed(0, None, _after_commit(error))
    return _Committed(found.version, storing, None)


def _version_missing(record: EntityRecord) -> CachepactError:
    return CachepactError(
        "E_VERSION",
        f"the write of a {record.entity} was committed, but persist did not return its version; the entry was "
        "invalidated. Return the committed row, or loaded(None, version=...) after a delete",
        committed=True,
    )


def _after_commit(error: CachepactError) -> CachepactError:
    """Make the same error, saying that the caller's own transaction stands."""
    after = CachepactError(error.code, str(error).removeprefix(f"{error.code}: "), field=error.field, committed=True)
    after.__cause__ = error
    return after


def _report(context: EntityContext, outcome: WriteOutcome) -> None:
    if context.core.events.active:
        context.core.events.emit(WriteEvent(context.record.entity, "write", outcome))
