"""All that the core tells about itself: its only output for metrics, logs and traces. No event holds a key or a value.

- ``request``: a read was answered. ``hit``, ``negative``, ``stale``, ``pending``: by Redis. ``miss``: by the loader,
  and offered to Redis. ``bypass``: by the loader, not to be stored. ``error``: by the loader, because Redis gave no
  usable reply; or the read failed.
- ``command``, ``command_error``: one Redis command or script had a reply, had none.
- ``load``: the loader ended. ``fill``: what became of the attempt to store its value.
- ``write``: a write or an invalidation ended. ``pending`` = Redis could not be told yet.
- ``decode_failure``: an entry could not be decoded and counts as a miss.
- ``foreign``: an entry was read that a writer of another schema has written: another release, during a roll.
- ``quarantine``: the number of keys that this process bypasses has changed.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from msgspec import Struct

from cachepact._store.transport_error import TransportError

if TYPE_CHECKING:
    from cachepact._clock import Clock
    from cachepact._store.effects import Effect, Flow

CommandName = Literal["get", "acquire", "fill", "begin", "finish", "store", "renew", "release", "accept", "pending"]
RequestResult = Literal["hit", "stale", "negative", "pending", "miss", "bypass", "error"]
FailureReason = Literal["timeout", "unavailable", "oom", "error"]
LoadOutcome = Literal["found", "not_found", "error", "timeout"]
FillResult = Literal["stored", "lost", "stale", "newer", "error"]
WriteOperation = Literal["write", "invalidate", "put", "remove"]
WriteOutcome = Literal["stored", "deleted", "kept", "accepted", "pending", "refused", "unknown", "error"]


class RequestEvent(Struct, frozen=True):
    """A read has its answer: where it came from."""

    type: ClassVar[Literal["request"]] = "request"
    entity: str
    result: RequestResult


class CommandEvent(Struct, frozen=True):
    """A command or script was answered."""

    type: ClassVar[Literal["command"]] = "command"
    command: CommandName
    duration_ms: float


class CommandErrorEvent(Struct, frozen=True):
    """A command or script had no usable reply."""

    type: ClassVar[Literal["command_error"]] = "command_error"
    command: CommandName
    reason: FailureReason


class LoadEvent(Struct, frozen=True):
    """A loader has ended."""

    type: ClassVar[Literal["load"]] = "load"
    entity: str
    outcome: LoadOutcome
    duration_ms: float


class FillEvent(Struct, frozen=True):
    """A loaded value was offered to Redis."""

    type: ClassVar[Literal["fill"]] = "fill"
    entity: str
    result: FillResult


class WriteEvent(Struct, frozen=True):
    """A write or an invalidation has ended."""

    type: ClassVar[Literal["write"]] = "write"
    entity: str
    operation: WriteOperation
    outcome: WriteOutcome


class DecodeFailureEvent(Struct, frozen=True):
    """An entry could not be decoded and counts as a miss."""

    type: ClassVar[Literal["decode_failure"]] = "decode_failure"
    entity: str
    code: str


class ForeignEvent(Struct, frozen=True):
    """An entry of another schema was read."""

    type: ClassVar[Literal["foreign"]] = "foreign"
    entity: str


class QuarantineEvent(Struct, frozen=True):
    """The number of keys that this process bypasses has changed."""

    type: ClassVar[Literal["quarantine"]] = "quarantine"
    size: int


CacheEvent = (
    RequestEvent
    | CommandEvent
    | CommandErrorEvent
    | LoadEvent
    | FillEvent
    | WriteEvent
    | DecodeFailureEvent
    | ForeignEvent
    | QuarantineEvent
)
Listener = Callable[[CacheEvent], None]


_log = logging.getLogger("cachepact")


class Events:
    """Keeps events until the driver hands them out: no listener runs in the middle of a step of the protocol."""

    def __init__(self, clock: Clock) -> None:
        self.active = False
        """Whether anybody listens: ask before making an event, so that nobody pays for what nobody hears."""
        self.waiting: list[CacheEvent] = []
        """Events that are not handed out yet."""
        self._clock = clock
        self._listeners: tuple[Listener, ...] = ()

    def on(self, listener: Listener) -> Callable[[], None]:
        """Add a listener; the returned function removes it. The same one may be added twice."""

        def entry(event: CacheEvent) -> None:
            listener(event)

        self._listeners = (*self._listeners, entry)
        self.active = True

        def remove() -> None:
            self._listeners = tuple(other for other in self._listeners if other is not entry)
            self.active = bool(self._listeners)

        return remove

    def emit(self, event: CacheEvent) -> None:
        """Keep an event for the listeners."""
        self.waiting.append(event)

    def take(self) -> list[CacheEvent]:
        """Take what waits, to be told outside every step."""
        waiting, self.waiting = self.waiting, []
        return waiting

    def tell(self, events: list[CacheEvent]) -> None:
        """Tell the listeners. Called by the drivers, outside every step."""
        for event in events:
            for listener in self._listeners:
                try:
                    listener(event)
                except Exception:  # noqa: BLE001
                    # An observer must not change what it observes: a failing listener costs a log line, not a read.
                    _log.exception("a listener of the cache failed on a %s event", event.type)

    def timed(self, command: CommandName, effect: Effect) -> Flow[Any]:
        """Perform the effect of a command and tell how long it took, or why it has no reply."""
        if not self.active:
            return (yield effect)
        sent_at = self._clock.monotonic_ms()
        try:
            reply = yield effect
        except TransportError as error:
            self.emit(CommandErrorEvent(command, error.reason))
            raise
        self.emit(CommandEvent(command, self._clock.monotonic_ms() - sent_at))
        return reply
