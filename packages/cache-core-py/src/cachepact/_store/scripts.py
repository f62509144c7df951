"""The scripts of one key, as flows: each call is one message, sent once; a failure is a TransportError.

Every reply carries Redis' clock, which keeps the offset right without commands of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cachepact._store.effects import Argument, Flow, RunScript, ScriptCommand
from cachepact._store.transport_error import unexpected

if TYPE_CHECKING:
    from cachepact._events import Events
    from cachepact._key import EntryKeys
    from cachepact._namespace import Channels
    from cachepact._record import EntityRecord
    from cachepact._store.redis_clock import RedisClock


@dataclass(frozen=True, slots=True)
class Acquired:
    """What ``acquire`` says."""

    code: str
    """HIT, LEASE, WAIT, BYPASS or DIRTY."""
    data: bytes = b""
    """HIT: the entry."""
    floor: int = 0
    """The highest version known committed, 0 = none."""
    pttl_ms: int = 0
    """WAIT: what is left of the other's lease."""


@dataclass(frozen=True, slots=True)
class Storing:
    """A frame with how long it lives from the moment at which the script stores it."""

    frame: bytes
    px_ms: int
    fresh_ms: int


@dataclass(frozen=True, slots=True)
class Finish:
    """The end of a write, or an invalidation."""

    token: str
    """The last token of this writer's begin; empty for an invalidation."""
    prev: str
    """The token of an earlier begin that was not answered, or empty."""
    version: int
    """The committed version; 0 = none."""
    keep: bool
    """Whether a value as new as ``version`` may stay."""


@dataclass(frozen=True, slots=True)
class Pending:
    """What a partition's marks and stream say about an id without a value."""

    code: str
    """CLEAN, PENDING, OTHER or GONE."""
    frame: bytes = b""


class Scripts:
    """Sends the scripts of the closed table (SPEC 10 and 14.4)."""

    def __init__(self, redis_clock: RedisClock, events: Events, channels: Channels, floor_ms: int) -> None:
        self._redis_clock = redis_clock
        self._events = events
        self._channels = channels
        self._floor_ms = floor_ms

    def acquire(self, keys: EntryKeys, token: str, lease_ms: int, *, min_version: int, seen: str) -> Flow[Acquired]:
        """Ask for the right to load. ``seen``: what the caller rejects."""
        reply = yield from self._send("acquire", keys, (token, str(lease_ms), str(min_version), seen))
        code = _text(reply[0])
        match code:
            case "HIT":
                return Acquired(code, data=reply[2])
            case "WAIT":
                return Acquired(code, floor=int(reply[2]), pttl_ms=int(reply[3]))
            case "LEASE" | "BYPASS":
                return Acquired(code, floor=int(reply[2]))
            case "DIRTY":
                return Acquired(code)
            case _:
                raise unexpected("acquire", code)

    def fill(self, keys: EntryKeys, token: str, storing: Storing, seen: str) -> Flow[str]:
        """Store a loaded value under the lease of ``token``: STORED, LOST, STALE or NEWER."""
        argv = (token, storing.frame, str(storing.px_ms), str(storing.fresh_ms), seen, self._channels.wake)
        return _one_of("fill", (yield from self._send("fill", keys, argv)), ("STORED", "LOST", "STALE", "NEWER"))

    def begin(self, keys: EntryKeys, token: str, marker_ms: int, prev: str) -> Flow[str]:
        """Set a writer's fence: ALONE, SHARED or DIRTY."""
        reply = yield from self._send("begin", keys, (token, str(marker_ms), prev))
        return _one_of("begin", reply, ("ALONE", "SHARED", "DIRTY"))

    def finish(self, record: EntityRecord, keys: EntryKeys, finish: Finish) -> Flow[str]:
        """End a write or invalidate: DELETED, KEPT or DIRTY. May be sent again."""
        reply = yield from self._send("finish", keys, self._finish_argv(record, finish))
        return _one_of("finish", reply, ("DELETED", "KEPT", "DIRTY"))

    def store(self, record: EntityRecord, keys: EntryKeys, finish: Finish, storing: Storing) -> Flow[str]:
        """End a write with the committed value: as finish, or STORED. Never sent again: it carries a value."""
        argv = (*self._finish_argv(record, finish), storing.frame, str(storing.px_ms), str(storing.fresh_ms))
        return _one_of("store", (yield from self._send("store", keys, argv)), ("STORED", "DELETED", "KEPT", "DIRTY"))

    def renew(self, keys: EntryKeys, token: str, ms: int, role: str) -> Flow[str]:
        """Extend a reader's lease (``r``) or a writer's marker (``w``): OK or LOST."""
        return _one_of("renew", (yield from self._send("renew", keys, (token, str(ms), role))), ("OK", "LOST"))

    def release(self, keys: EntryKeys, token: str) -> Flow[None]:
        """Give a reader's lease back."""
        yield from self._send("release", keys, (token, self._channels.wake))

    def pending(self, keys: EntryKeys, generation: int) -> Flow[Pending]:
        """Ask for a write that is not in the database yet."""
        if keys.log is None:
            return Pending("CLEAN")
        script = RunScript("pending", (keys.log.dirty, keys.log.wb), (keys.id, str(generation)))
        reply: list[bytes] = yield from self._events.timed("pending", script)
        code = _text(reply[0])
        match code:
            case "PENDING":
                return Pending(code, reply[2])
            case "CLEAN" | "OTHER" | "GONE":
                # The version beside them is the mark's text, which may be anything; a frame holds its own.
                return Pending(code)
            case _:
                raise unexpected("pending", code)

    def _finish_argv(self, record: EntityRecord, finish: Finish) -> tuple[Argument, ...]:
        keep = "1" if finish.keep else "0"
        l1 = self._channels.l1 if record.l1 else ""
        return (
            finish.token, finish.prev, str(finish.version), str(self._floor_ms), keep, self._channels.wake, l1
        )  # fmt: skip

    def _send(self, name: ScriptCommand, keys: EntryKeys, argv: tuple[Argument, ...]) -> Flow[list[Any]]:
        sent_at = self._redis_clock.monotonic_ms()
        script = RunScript(name, keys.script_keys, (*argv, *keys.script_id))
        reply: list[Any] = yield from self._events.timed(name, script)
        if not isinstance(reply, list) or len(reply) < 2:
            raise unexpected(name, type(reply).__name__)
        self._redis_clock.observe(int(reply[1]), sent_at)
        return reply


def _one_of(script: str, reply: list[Any], codes: tuple[str, ...]) -> str:
    code = _text(reply[0])
    if code not in codes:
        raise unexpected(script, code)
    return code


def _text(part: bytes) -> str:
    return part.decode("latin-1")
