"""Runs the loader under its hard deadline and checks its answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cachepact._context import AbortSignal, LoadContext
from cachepact._errors import CachepactError
from cachepact._events import LoadEvent, LoadOutcome
from cachepact._loaded import breach, check_binding, is_versioned, unwrap
from cachepact._store.effects import Call, CallTimeoutError, Flow

if TYPE_CHECKING:
    from cachepact._core import EntityContext
    from cachepact._key import EntryKeys


@dataclass(frozen=True, slots=True)
class LoadRequest:
    """What one load is for."""

    key: object
    keys: EntryKeys
    primary: bool
    stale: Any = None


@dataclass(frozen=True, slots=True)
class Row:
    """A row with what is known about it."""

    value: Any
    version: int
    """0 = none."""
    ttl_ms: int | None
    cost_ms: int
    """How long the load took, in whole ms, at least 1."""


def run_loader(context: EntityContext, request: LoadRequest) -> Flow[Row]:
    """Load one row. E_LOAD_TIMEOUT; E_LOADER when the answer breaks the loader's contract."""
    core, options = context.core, context.options
    started_at = core.clock.monotonic_ms()
    signal = AbortSignal(core.clock, started_at + options.load_timeout_ms)
    circumstances = LoadContext(signal=signal, primary=request.primary, stale=request.stale)
    outcome: LoadOutcome = "error"
    try:
        answer = yield Call(lambda: options.load(request.key, circumstances), options.load_timeout_ms)
        row = _row_of(context, request, answer, core.clock.monotonic_ms() - started_at)
        outcome = "not_found" if row.value is None else "found"
    except CallTimeoutError:
        outcome = "timeout"
        signal.abort()
        raise CachepactError(
            "E_LOAD_TIMEOUT",
            f"the loader of {context.record.entity} did not answer within {options.load_timeout_ms} ms; make the query "
            "faster, or raise load_timeout_ms",
        ) from None
    finally:
        if core.events.active:
            core.events.emit(LoadEvent(context.record.entity, outcome, core.clock.monotonic_ms() - started_at))
    return row


def _row_of(context: EntityContext, request: LoadRequest, answer: object, elapsed_ms: float) -> Row:
    found = unwrap(context, answer, "the loader")
    if found.value is not None:
        if found.version == 0 and is_versioned(context.record):
            raise breach(
                context.record,
                "the loader",
                "a row without its version",
                "select the version, or return loaded(row, version=...)",
            )
        check_binding(context, request.keys, found.value, "the loader")
    return Row(found.value, found.version, found.ttl_ms, max(1, round(elapsed_ms)))
