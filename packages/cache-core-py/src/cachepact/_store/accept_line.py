"""The order of write-behind writes."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from cachepact._store.accept_group import AcceptGroup, WaitingItem, not_accepted

if TYPE_CHECKING:
    from cachepact._log_key import LogKeys


class AcceptLine:
    """The writes of one partition in call order: one group is under way, the others wait for its answer.

    A write that is sent before an earlier one has its answer could be accepted, and the earlier one after it, when that
    one must be sent again: the older state would then stand, and overwrite one that was acknowledged. What waits
    becomes one group, so that a partition takes all that came in meanwhile with the next message.
    """

    def __init__(self, entity: str, log: LogKeys) -> None:
        self.log = log
        self._entity = entity
        self._waiting: deque[WaitingItem] = deque()
        self._group: AcceptGroup | None = None

    @property
    def busy(self) -> bool:
        """Whether a group is under way."""
        return self._group is not None

    def __len__(self) -> int:
        """Count the writes that wait."""
        return len(self._waiting)

    def add(self, item: WaitingItem) -> None:
        """Take a write."""
        self._waiting.append(item)

    def next(self, op: str, most: int) -> AcceptGroup | None:
        """Make a group of up to ``most`` of those that wait; None while one is under way, or when none waits."""
        if self._group is not None or not self._waiting:
            return None
        items = [self._waiting.popleft() for _ in range(min(most, len(self._waiting)))]
        self._group = AcceptGroup(self._entity, op, self.log, items, items[0].since)
        return self._group

    def done(self) -> None:
        """Let the next group be made: the one under way has its answer."""
        self._group = None

    def expire(self, now: float, down_ms: float, wait_ms: int) -> None:
        """Refuse those that have waited for ``wait_ms``, or all when Redis has been away for that long."""
        while self._waiting and max(now - self._waiting[0].since, down_ms) >= wait_ms:
            self._refuse()

    def close(self) -> None:
        """Answer all: nothing will be sent any more."""
        if self._group is not None:
            self._group.abandon()
            self._group = None
        while self._waiting:
            self._refuse()

    def _refuse(self) -> None:
        self._waiting.popleft().settled.fail(not_accepted(self._entity))
