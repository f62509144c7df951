"""The keys whose invalidation is still owed to Redis."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Literal

from cachepact._coalescing.settled import Settled
from cachepact._events import Events, QuarantineEvent
from cachepact._random import spread
from cachepact._store.effects import Flow, Sleep, Spawn, Together, Wait
from cachepact._store.scripts import Finish, Scripts
from cachepact._store.transport_error import TransportError

if TYPE_CHECKING:
    from cachepact._clock import Clock
    from cachepact._key import EntryKeys
    from cachepact._random import Random
    from cachepact._record import EntityRecord

RETRY_FIRST_MS = 50
"""The first pause between two rounds of delivery; it doubles up to the next."""
RETRY_MAX_MS = 1_000
_PARALLEL = 64
"""Invalidations that may be under way at once, so that a recovered Redis is not flooded."""


@dataclass(frozen=True, slots=True)
class Undelivered:
    """An invalidation that Redis has not acknowledged."""

    record: EntityRecord
    keys: EntryKeys
    finish: Finish


@dataclass(slots=True)
class _Overflow:
    physical_ttl_ms: int
    ends_at: float | None


class Quarantine:
    """Keys that this process does not read from Redis, so that it at least never serves what it knows to be old.

    Other processes may, until delivery or the entry's ttl. Bounded: when ``keys_max`` are held, further keys are not
    recorded, and their whole entity is bypassed until Redis is back and one physical ttl has passed.
    """

    def __init__(self, clock: Clock, random: Random, events: Events, keys_max: int) -> None:
        self._clock = clock
        self._random = random
        self._events = events
        self._keys_max = keys_max
        self._held: dict[str, Undelivered] = {}
        self._overflowed: dict[str, _Overflow] = {}
        self._delay_ms = float(RETRY_FIRST_MS)
        self._looping = False
        self._delivering: Settled[None] | None = None
        """The round under way."""
        self._closed = False

    @property
    def size(self) -> int:
        """Keys that are held."""
        return len(self._held)

    def covers(self, entity: str, value_key: str) -> bool:
        """Tell whether this process must not read ``value_key`` of ``entity`` from Redis."""
        if value_key in self._held:
            return True
        overflow = self._overflowed.get(entity)
        if overflow is None:
            return False
        if overflow.ends_at is None or self._clock.monotonic_ms() < overflow.ends_at:
            return True
        del self._overflowed[entity]
        return False

    def add(self, undelivered: Undelivered, scripts: Scripts) -> Flow[None]:
        """Take an invalidation in charge until Redis acknowledges it."""
        if self._closed:
            return
        record, value_key = undelivered.record, undelivered.keys.value
        older = self._held.get(value_key)
        if older is None and len(self._held) >= self._keys_max:
            self._overflowed[record.entity] = _Overflow(record.ttl_ms + record.grace_ms, None)
        else:
            self._held[value_key] = undelivered if older is None else _merge(older, undelivered)
            self._report()
        if not self._looping:
            self._looping = True
            yield Spawn(self._loop(scripts))

    def flush(self, scripts: Scripts) -> Flow[None]:
        """Try at once: Redis has just come back."""
        if self._closed:
            return
        self._recovered()
        if self._held:
            self._delay_ms = RETRY_FIRST_MS
            yield Spawn(self._deliver_all(scripts))

    def settle(self, scripts: Scripts) -> Flow[None]:
        """Try once more; ends when that is over, whatever came of it."""
        if self._delivering is not None:
            # A round under way may have begun before Redis came back.
            yield Wait(self._delivering)
        if self._held:
            yield from self._deliver_all(scripts)

    def close(self) -> None:
        """Give up what is held: the entries end with their ttl."""
        self._closed = True
        self._held.clear()

    def forget(self, *, owed: bool) -> None:
        """Forget the round under way; what is ``owed`` too when another process owes it."""
        if owed:
            self._held.clear()
        self._looping = False
        self._delivering = None

    def _loop(self, scripts: Scripts) -> Flow[None]:
        try:
            while self._held and not self._closed:
                yield Sleep(spread(self._random, self._delay_ms))
                self._delay_ms = min(self._delay_ms * 2, RETRY_MAX_MS)
                yield from self._deliver_all(scripts)
        finally:
            self._looping = False

    def _deliver_all(self, scripts: Scripts) -> Flow[None]:
        """Send what is held; wait for the round under way if there is one."""
        if self._delivering is not None:
            yield Wait(self._delivering)
            return
        ended = self._delivering = Settled()
        tried: dict[str, Undelivered] = {}
        try:
            # One probe first: while Redis is away, a round costs one command and not thousands.
            owed = self._next(tried, 1)
            while owed and not self._closed:
                outcomes = yield Together(tuple(self._deliver_one(scripts, undelivered) for undelivered in owed))
                if any(outcome not in {"delivered", "refused"} for outcome in outcomes):
                    return
                owed = self._next(tried, _PARALLEL)
            if not self._held:
                self._delay_ms = RETRY_FIRST_MS
        finally:
            self._delivering = None
            ended.succeed(None)

    def _next(self, tried: dict[str, Undelivered], most: int) -> tuple[Undelivered, ...]:
        """Take up to ``most`` of what was not sent in this round, also what came in meanwhile."""
        untried = (each for key, each in self._held.items() if tried.get(key) is not each)
        owed = tuple(islice(untried, most))
        tried.update((each.keys.value, each) for each in owed)
        return owed

    def _deliver_one(self, scripts: Scripts, undelivered: Undelivered) -> Flow[Literal["delivered", "refused", "away"]]:
        """Send one. ``refused``: Redis is there and answered with an error, which must not hold up the other keys."""
        try:
            yield from scripts.finish(undelivered.record, undelivered.keys, undelivered.finish)
        except TransportError as error:
            # Refused arguments stay refused: a bug that was reported when the key was quarantined.
            if error.word != "BADARG":
                return "refused" if error.reason == "error" and error.effect == "unknown" else "away"
        self._recovered()
        # A later write of the same key may have replaced it meanwhile: that one is still owed.
        if self._held.get(undelivered.keys.value) is undelivered:
            del self._held[undelivered.keys.value]
            self._report()
        return "delivered"

    def _recovered(self) -> None:
        now = self._clock.monotonic_ms()
        for overflow in self._overflowed.values():
            if overflow.ends_at is None:
                overflow.ends_at = now + overflow.physical_ttl_ms

    def _report(self) -> None:
        if self._events.active:
            self._events.emit(QuarantineEvent(len(self._held)))


def _merge(older: Undelivered, newer: Undelivered) -> Undelivered:
    """Make one message that does what both would: it ends both writes, and deletes unless both may keep."""
    ends = (newer.finish.token, newer.finish.prev, older.finish.token, older.finish.prev)
    tokens = [token for token in ends if token]
    finish = Finish(
        token=tokens[0] if tokens else "",
        prev=tokens[1] if len(tokens) > 1 else "",
        version=max(older.finish.version, newer.finish.version),
        keep=older.finish.keep and newer.finish.keep,
    )
    return replace(newer, finish=finish)
