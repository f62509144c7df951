"""Read-through: Redis answers if it can, else the loader does and its value is offered to Redis."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from msgspec import Struct

from cachepact._coalescing.leased_load import Grant, check_min_version, load_under_lease
from cachepact._coalescing.single_flight import Flight, SingleFlight
from cachepact._errors import CachepactError
from cachepact._events import CommandErrorEvent, CommandEvent, RequestEvent
from cachepact._loader import LoadRequest, run_loader
from cachepact._patterns.answer import Answer, from_entry, from_row, from_stale
from cachepact._patterns.pending import read_pending
from cachepact._random import spread
from cachepact._resilience.backoff import BACKOFF_MS, Backoff
from cachepact._store.decoding import decode_or_none, digest_of, fits
from cachepact._store.effects import Flow, Get, Sleep, Spawn
from cachepact._store.transport_error import TransportError

if TYPE_CHECKING:
    from cachepact._core import EntityContext
    from cachepact._entry import Entry
    from cachepact._events import RequestResult
    from cachepact._key import EntryKeys

_WAIT_POLLS_MS = (10, 20, 40, 80)
"""Pauses between the looks of a caller that waits for another process's load, before half is added or taken."""
_DIGEST_LENGTH = 40
"""A SHA-1 in hex: what ``seen`` holds after bytes that could not be decoded."""


class _Miss(Struct, frozen=True):
    """One read that Redis could not answer at once."""

    key: object
    keys: EntryKeys
    min_version: int

    @property
    def flight_key(self) -> str:
        """Callers that ask for a minimum version do not share with those that do not."""
        return f"{self.min_version}!{self.keys.value}" if self.min_version else self.keys.value


class ReadThrough:
    """A fresh entry is one GET. A stale one within its grace is answered at once and refreshed beside the caller.

    A miss joins the flight of its key in this process, whose leader asks Redis for the right to load. A read never
    fails because of Redis: whatever goes wrong there, the loader answers.
    """

    def __init__(self, context: EntityContext) -> None:
        self._context = context
        self._flights: SingleFlight[Answer] = SingleFlight()
        self._refreshing: set[str] = set()
        self._backoff = Backoff(context.core.clock, context.core.random)
        context.core.forgetters.append(self._forget)

    def read(self, key: object, min_version: int) -> Flow[Answer]:
        """Read one row of at least ``min_version`` (0 = any).

        E_MIN_VERSION, E_LOAD_TIMEOUT, E_LOADER; what the loader raises is passed on.
        """
        # A hit is this one flow, without another inside it: each costs every read.
        context, core, events = self._context, self._context.core, self._context.core.events
        answer: Answer | None = None
        rest: Flow[Answer] | None = None
        try:
            # Before anything is read: what this caller may share with others depends on when it started.
            started = self._flights.start()
            keys = context.keys(key)
            if context.options.enabled() and not core.quarantine.covers(context.record.entity, keys.value):
                sent_at = core.clock.monotonic_ms() if events.active else 0.0
                try:
                    data: bytes | None = yield Get(keys.value)
                except TransportError as error:
                    if events.active:
                        events.emit(CommandErrorEvent("get", error.reason))
                    rest = self._without_redis(started, _Miss(key, keys, min_version), "error")
                else:
                    if events.active:
                        events.emit(CommandEvent("get", core.clock.monotonic_ms() - sent_at))
                    entry = None if data is None else decode_or_none(context, data, key)
                    if entry is None or not fits(entry, min_version):
                        seen = digest_of(data) if data is not None and entry is None else ""
                        rest = self._missed(started, _Miss(key, keys, min_version), seen)
                    elif entry.stale_at_ms and core.redis_clock.may_be_stale(entry.stale_at_ms):
                        rest = self._fresh_or_stale(_Miss(key, keys, min_version), entry)
                    else:
                        answer = from_entry(entry)
            else:
                rest = self._without_redis(started, _Miss(key, keys, min_version), "bypass")
            if rest is not None:
                answer = yield from rest
            return cast("Answer", answer)
        finally:
            if events.active:
                events.emit(RequestEvent(context.record.entity, "error" if answer is None else answer.result))

    def _forget(self) -> None:
        self._flights.forget()
        self._refreshing.clear()

    def _fresh_or_stale(self, miss: _Miss, entry: Entry[Any]) -> Flow[Answer]:
        core, key = self._context.core, miss.keys.value
        if core.redis_clock.due:
            yield from core.sync_clock()
        if not core.redis_clock.is_stale(entry.stale_at_ms):
            return from_entry(entry)
        if key not in self._refreshing and not self._backoff.resting(key) and core.refreshes < core.refreshes_max:
            self._refreshing.add(key)
            core.refreshes += 1
            # A loader may give the stale value back when the row is unchanged: fields that we lack would be lost.
            yield Spawn(self._refresh(miss, None if entry.foreign else entry.value))
        return from_stale(entry)

    def _missed(self, started: int, miss: _Miss, seen: str) -> Flow[Answer]:
        return self._flights.run(miss.flight_key, started, lambda flight: self._miss(flight, miss, seen))

    def _miss(self, flight: Flight[Answer], miss: _Miss, rejected: str) -> Flow[Answer]:
        """Lead: ask until there is an answer, a lease, or a reason to load without one."""
        context = self._context
        behind = context.record.log is not None
        give_up_at = context.core.clock.monotonic_ms() + context.options.load_timeout_ms
        seen = rejected
        try:
            while True:
                flight.admit()
                if behind:
                    pending = yield from read_pending(context, miss.key, miss.keys, miss.min_version)
                    if isinstance(pending, Answer):
                        return pending
                    if pending == "unknown":
                        return (yield from self._load_only(flight, miss, "bypass", maybe_stale=True))
                found = yield from self._ask(flight, miss, seen, give_up_at)
                if isinstance(found, Answer):
                    return found
                seen = found
        except TransportError:
            return (yield from self._load_only(flight, miss, "error", maybe_stale=behind))

    def _ask(self, flight: Flight[Answer], miss: _Miss, seen: str, give_up_at: float) -> Flow[Answer | str]:
        """Send one ``acquire`` and follow it; text = ask again, rejecting that."""
        context, core = self._context, self._context.core
        flight.admit()
        token, granted_at = core.random.token(), core.clock.monotonic_ms()
        acquired = yield from core.scripts.acquire(
            miss.keys, token, core.options.lease_ms, min_version=miss.min_version, seen=seen
        )
        match acquired.code:
            case "HIT":
                entry = decode_or_none(context, acquired.data, miss.key)
                if entry is not None:
                    if fits(entry, miss.min_version):
                        return from_entry(entry)
                    # A write-behind value comes whatever its version is. It is older than the token only when Redis has
                    # lost its tail; the database may have got the newer one before that.
                    return (yield from self._load_only(flight, miss, "bypass", maybe_stale=True))
                if len(seen) == _DIGEST_LENGTH:
                    return (yield from self._load_only(flight, miss, "bypass"))
                return digest_of(acquired.data)
            case "LEASE":
                grant = Grant(token, granted_at, seen)
                return (yield from self._load_and_fill(flight, miss, grant, acquired.floor))
            case "WAIT":
                answer = yield from self._wait(flight, miss, seen, acquired.pttl_ms, give_up_at)
                if answer is not None:
                    return answer
                if core.clock.monotonic_ms() < give_up_at:
                    return seen
                return (yield from self._load_only(flight, miss, "bypass", floor=acquired.floor))
            case "BYPASS":
                return (yield from self._load_only(flight, miss, "bypass", floor=acquired.floor))
            case _:
                # DIRTY: accepted between the look for pending writes and this message: look again.
                return seen

    def _load_and_fill(self, flight: Flight[Answer], miss: _Miss, grant: Grant, floor: int) -> Flow[Answer]:
        context, record = self._context, self._context.record
        primary = self._must_read_primary(miss.min_version, floor)
        request = LoadRequest(miss.key, miss.keys, primary)
        leased = yield from load_under_lease(context, request, grant, miss.min_version, flight)
        if leased.code != "STALE":
            return from_row(leased.row, "miss", maybe_stale=False)
        self._backoff.rest(miss.keys.value)
        maybe_stale = False
        if record.log is None:
            # "Not found" is refused while a floor stands, whatever the database says: from the primary it is the truth.
            if leased.row.value is None and (primary or not record.replica_reads):
                return from_row(leased.row, "miss", maybe_stale=False)
        else:
            flight.admit()
            pending = yield from read_pending(context, miss.key, miss.keys, miss.min_version)
            if isinstance(pending, Answer):
                return pending
            maybe_stale = pending == "unknown"
        # Redis knows of a newer row than this one.
        return (yield from self._load_only(flight, miss, "miss", maybe_stale=maybe_stale, primary=True))

    def _wait(
        self, flight: Flight[Answer], miss: _Miss, seen: str, pttl_ms: int, give_up_at: float
    ) -> Flow[Answer | None]:
        """Look for what another process is about to store; None = its lease is over, and with it the reason to wait.

        What it loaded was stored, was overtaken by a write, was refused, or is of another generation.
        """
        context, core = self._context, self._context.core
        until = min(core.clock.monotonic_ms() + pttl_ms, give_up_at)
        look = 0
        while True:
            pause_ms = spread(core.random, _WAIT_POLLS_MS[min(look, len(_WAIT_POLLS_MS) - 1)])
            look += 1
            yield Sleep(max(1.0, min(pause_ms, until - core.clock.monotonic_ms())))
            flight.admit()
            data: bytes | None = yield from core.events.timed("get", Get(miss.keys.value))
            # Bytes that this caller has rejected stay until the load ends; they were counted once.
            if data is not None and not (len(seen) == _DIGEST_LENGTH and digest_of(data) == seen):
                entry = decode_or_none(context, data, miss.key)
                if entry is not None and fits(entry, miss.min_version):
                    return from_entry(entry)
            if core.clock.monotonic_ms() >= until:
                return None
            lease: bytes | None = yield from core.events.timed("get", Get(miss.keys.lease))
            # Of a reader that may still store something (SPEC 9).
            if lease is None or lease[:1] not in {b"r", b"R"}:
                return None

    def _without_redis(self, started: int, miss: _Miss, result: RequestResult) -> Flow[Answer]:
        """Answer from the database, without the right to store, for all callers that started before the loader did."""
        behind = self._context.record.log is not None

        def work(flight: Flight[Answer]) -> Flow[Answer]:
            return self._load_only(flight, miss, result, maybe_stale=behind)

        return self._flights.run(f"!{miss.flight_key}", started, work)

    def _load_only(
        self,
        flight: Flight[Answer],
        miss: _Miss,
        result: RequestResult,
        *,
        floor: int | None = None,
        maybe_stale: bool = False,
        primary: bool = False,
    ) -> Flow[Answer]:
        """Load without the right to store. ``floor``: what Redis said of it, None = nothing."""
        flight.admit()
        primary = primary or self._must_read_primary(miss.min_version, floor)
        row = yield from run_loader(self._context, LoadRequest(miss.key, miss.keys, primary))
        if row.value is not None:
            check_min_version(self._context, row.version, miss.min_version)
        self._check_value(row.value)
        return from_row(row, result, maybe_stale=maybe_stale)

    def _check_value(self, value: Any) -> None:
        """Pass the same verdict whether or not a value was to be stored: an outage must not change what is accepted."""
        if value is None:
            return
        try:
            self._context.entity.check(value)
        except CachepactError as error:
            if error.code != "E_SIZE":
                raise

    def _must_read_primary(self, min_version: int, floor: int | None) -> bool:
        """Tell whether a replica will not do: for a token, and when a floor stands; one that is not known may stand."""
        return min_version > 0 or (floor != 0 and self._context.record.replica_reads)

    def _refresh(self, miss: _Miss, stale: Any) -> Flow[None]:
        key, core = miss.keys.value, self._context.core
        try:
            yield from self._refresh_now(miss, stale)
        except Exception:
            self._backoff.rest(key)
            raise
        finally:
            core.refreshes -= 1
            self._refreshing.discard(key)

    def _refresh_now(self, miss: _Miss, stale: Any) -> Flow[None]:
        """Load only when Redis gives the right to: nobody waits for this, so that no load is better than a second."""
        core = self._context.core
        token, granted_at = core.random.token(), core.clock.monotonic_ms()
        acquired = yield from core.scripts.acquire(miss.keys, token, core.options.lease_ms, min_version=0, seen="")
        if acquired.code == "WAIT":
            # Another process is at it: until its lease is over there is nothing to ask for.
            self._backoff.rest(miss.keys.value, min(acquired.pttl_ms, BACKOFF_MS))
        if acquired.code != "LEASE":
            return
        request = LoadRequest(miss.key, miss.keys, self._must_read_primary(0, acquired.floor), stale)
        leased = yield from load_under_lease(self._context, request, Grant(token, granted_at, ""), 0, None)
        if leased.code == "STALE":
            self._backoff.rest(miss.keys.value)
