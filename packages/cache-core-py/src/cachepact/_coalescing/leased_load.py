"""A load under a lease that is kept alive meanwhile, and offered to Redis once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cachepact._coalescing.lease import Lease
from cachepact._errors import CachepactError
from cachepact._events import FillEvent, FillResult
from cachepact._expiration.ttl import Lifetime, lifetime, negative_lifetime
from cachepact._loader import LoadRequest, Row, run_loader
from cachepact._store.effects import Flow, Spawn, Stop
from cachepact._store.storing import storing_of
from cachepact._store.transport_error import TransportError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cachepact._coalescing.single_flight import Flight
    from cachepact._core import EntityContext


@dataclass(frozen=True, slots=True)
class Grant:
    """The right to load one key, as ``acquire`` gave it."""

    token: str
    granted_at: float
    """When that acquire was sent, on the monotonic clock."""
    seen: str
    """What that acquire rejected; ``fill`` is told the same."""


@dataclass(frozen=True, slots=True)
class LeasedRow:
    """A row and what became of the attempt to store it."""

    row: Row
    code: str
    """STORED, LOST, STALE, NEWER; UNSTORED: no usable reply, or nothing was sent."""


def load_under_lease(
    context: EntityContext, request: LoadRequest, grant: Grant, min_version: int, flight: Flight[Any] | None
) -> Flow[LeasedRow]:
    """Load a row and fill.

    Every way out ends the lease: ``fill`` uses it up, a failure gives it back; if that message gets lost, others wait
    no longer than the lease lasts.
    """
    core, keys = context.core, request.keys
    lease = Lease(core.clock, core.options.lease_ms, grant.granted_at)
    renewals = yield Spawn(lease.keep_up(lambda: core.scripts.renew(keys, grant.token, core.options.lease_ms, "r")))
    try:
        if flight is not None:
            flight.admit()
        row = yield from run_loader(context, request)
        if row.value is not None:
            check_min_version(context, row.version, min_version)
        life = _life_of(context, request, row)
        storing = storing_of(context.entity, row.value, version=row.version, cost_ms=row.cost_ms, life=life)
    except Exception:
        yield Stop(renewals)
        yield Spawn(core.scripts.release(keys, grant.token))
        raise
    finally:
        lease.stop()
    yield Stop(renewals)
    if storing is None:
        yield Spawn(core.scripts.release(keys, grant.token))
        _report(context, "error")
        return LeasedRow(row, "UNSTORED")
    moment = 0 if flight is None else flight.moment()
    try:
        code = yield from core.scripts.fill(keys, grant.token, storing, grant.seen)
    except TransportError as error:
        # Refused for want of memory means that the lease is still there; any other failure may have used it up.
        if error.reason == "oom":
            yield Spawn(core.scripts.release(keys, grant.token))
        _report(context, "error")
        return LeasedRow(row, "UNSTORED")
    _report(context, _FILL_RESULTS[code])
    if code == "STORED" and flight is not None:
        # Stored = no write has ended since the lease was given: whoever started before this message may share the row.
        flight.admit(moment)
    return LeasedRow(row, code)


def check_min_version(context: EntityContext, version: int, min_version: int) -> None:
    """Refuse what is older than the caller's token (E_MIN_VERSION); an absent row has no version to hold against it."""
    if version >= min_version:
        return
    raise CachepactError(
        "E_MIN_VERSION",
        f"read a {context.record.entity} of version {version} where at least {min_version} was asked for; check "
        "that the loader reads the primary",
    )


_FILL_RESULTS: Mapping[str, FillResult] = {"STORED": "stored", "LOST": "lost", "STALE": "stale", "NEWER": "newer"}


def _life_of(context: EntityContext, request: LoadRequest, row: Row) -> Lifetime:
    record, core = context.record, context.core
    if row.value is None:
        return negative_lifetime(record, ttl_ms=row.ttl_ms)
    # A server that evicts may have dropped the floor which would refuse a lagging replica's row: such a row is reloaded
    # as soon as the floor would have ended.
    evicts = core.server is None or core.server.eviction_policy != "noeviction"
    lags = record.replica_reads and not request.primary and evicts
    return lifetime(record, core.random, ttl_ms=row.ttl_ms, replica_ms=core.options.floor_ms if lags else None)


def _report(context: EntityContext, result: FillResult) -> None:
    if context.core.events.active:
        context.core.events.emit(FillEvent(context.record.entity, result))
