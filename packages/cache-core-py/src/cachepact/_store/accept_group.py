"""Write-behind writes of one partition on their way."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cachepact._coalescing.settled import Settled
from cachepact._errors import CachepactError
from cachepact._results import Accepted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cachepact._log_key import LogKeys
    from cachepact._store.transport_error import TransportError
    from cachepact._write_record import WriteItem

OP_DEADLINE_MS = 25_000
"""How long the script may accept a group, on the partition's clock; also how long an unknown one is sent again."""
RETRY_AFTER_MS = 1_000
"""What callers are told to wait after a refusal without a figure of its own."""
ITEMS_MAX = 128
"""Writes in one call: the script's own limit."""
_OP_SLOT_MS = 30_000
"""Each half of a partition's op records covers this much of deadlines."""
_EVENT_COST_BYTES = 400
"""What one event costs beside its payload, which is held twice: as the value and in the stream."""


@dataclass(frozen=True, slots=True)
class AcceptItem:
    """One write on its way."""

    item: WriteItem
    value_keys: tuple[str, ...]
    """The value's key, then those of the other live generations."""


class WaitingItem:
    """A write whose caller waits."""

    __slots__ = ("item", "settled", "since")

    def __init__(self, item: AcceptItem, since: float) -> None:
        self.item = item
        self.since = since
        """When it was handed over, on the monotonic clock."""
        self.settled: Settled[Accepted] = Settled()


class AcceptGroup:
    """Writes of one partition that travel together, accepted whole or not at all.

    One op, one deadline, never split, the same for every copy that is sent. It knows what a reply or a failure means
    for its callers.
    """

    def __init__(self, entity: str, op: str, log: LogKeys, items: Sequence[WaitingItem], since: float) -> None:
        """``since``: when the oldest of its writes was handed over, on the monotonic clock."""
        self.log = log
        self.op = op
        self.items = items
        self.done = False
        """Whether the callers have their answer."""
        self.may_have_run = False
        """Whether some attempt may have been accepted without our hearing of it."""
        self.cost_bytes = sum(2 * len(each.item.item.payload) + _EVENT_COST_BYTES for each in items)
        """What the group counts against the log's limit."""
        self._entity = entity
        self._since = since
        self._deadline_ms: int | None = None
        self._sent_at: float | None = None

    @property
    def deadline_ms(self) -> int:
        """When the script stops to accept it, on the partition's clock, epoch ms; 0 = not sent yet."""
        return self._deadline_ms or 0

    @property
    def ops_key(self) -> str:
        """The key of the op records that the deadline names."""
        return self.log.ops_a if self.deadline_ms // _OP_SLOT_MS % 2 == 0 else self.log.ops_b

    @property
    def handle(self) -> str:
        """What is needed to find the op record again."""
        return f"{self.log.partition}.{self.deadline_ms}.{self.op}"

    def start(self, partition_now: float, now: float) -> None:
        """Note that a copy goes out: the first one sets the deadline of all.

        ``partition_now``: the partition's clock in epoch ms; ``now``: the monotonic one.
        """
        if self._deadline_ms is None:
            self._deadline_ms = int(partition_now) + OP_DEADLINE_MS
        if self._sent_at is None:
            self._sent_at = now

    def expire(self, now: float, down_ms: float, wait_ms: int) -> None:
        """Give up when no further copy can help: ``now`` on the monotonic clock, ``down_ms`` since Redis went away."""
        if self.may_have_run:
            late = now - (now if self._sent_at is None else self._sent_at) >= OP_DEADLINE_MS
        else:
            late = max(now - self._since, down_ms) >= wait_ms
        if late:
            self.abandon()

    def take(self, code: str, figure: int) -> None:
        """Take Redis' verdict; ``figure`` is the base, or what FULL tells the callers to wait."""
        match code:
            case "OK" | "DUP":
                handle = self.handle
                self._finish(lambda index, each: each.settled.succeed(Accepted(figure + index, handle)))
            case "FULL":
                # Refused now, but an earlier copy may be in: only sending again can tell.
                if not self.may_have_run:
                    self._full(figure)
            case "CLOCK":
                # Too late for the deadline. Without an attempt in doubt a new deadline is as good as a new write.
                if self.may_have_run:
                    self.abandon()
                else:
                    self._deadline_ms = self._sent_at = None
            case "NOTREADY":
                pass
            case _:
                self.may_have_run = True

    def fail(self, error: TransportError, retry_after_ms: float) -> None:
        """Take a failure of the call; ``retry_after_ms`` is what a refusal for want of memory tells the callers."""
        if error.word == "BADARG":
            self.reject(CachepactError("E_SCRIPT", f"script accept refused its arguments ({error}); report this"))
        elif error.reason == "oom":
            if not self.may_have_run:
                self._full(retry_after_ms)
        elif error.effect == "unknown":
            self.may_have_run = True

    def abandon(self) -> None:
        """Answer the callers with what is known: nothing was accepted, or it may have been."""
        if not self.may_have_run:
            self.reject(not_accepted(self._entity))
            return
        self.reject(
            CachepactError(
                "E_UNKNOWN",
                f"the write of a {self._entity} was sent, but Redis never answered whether it was accepted; read the "
                "row to learn what stands",
                op=self.handle,
            )
        )

    def reject(self, error: CachepactError) -> None:
        """Answer the callers with an error."""
        self._finish(lambda _, each: each.settled.fail(error))

    def _finish(self, answer: Callable[[int, WaitingItem], None]) -> None:
        if not self.done:
            self.done = True
            for index, each in enumerate(self.items):
                answer(index, each)

    def _full(self, retry_after_ms: float) -> None:
        self.reject(
            CachepactError(
                "E_FULL",
                f"could not write {self._entity}: the write-behind log or Redis' memory is full, nothing was accepted; "
                "try again later",
                retry_after_ms=math.ceil(retry_after_ms),
            )
        )


def not_accepted(entity: str) -> CachepactError:
    """Make the answer to a write that Redis surely did not take."""
    return CachepactError(
        "E_UNAVAILABLE",
        f"could not write {entity}: Redis did not take it, nothing was accepted; try again later",
        retry_after_ms=RETRY_AFTER_MS,
    )
