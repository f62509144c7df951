"""Sends write-behind writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachepact._errors import CachepactError
from cachepact._random import spread
from cachepact._store.accept_group import ITEMS_MAX, RETRY_AFTER_MS, AcceptGroup, AcceptItem, WaitingItem
from cachepact._store.accept_line import AcceptLine
from cachepact._store.effects import RUN_ID, Argument, Connect, Flow, Lead, NextTick, RunScript, Sleep, Spawn, Wait
from cachepact._store.server_info import may_evict, sample_clock
from cachepact._store.transport_error import TransportError, unexpected

if TYPE_CHECKING:
    from cachepact._core import Core
    from cachepact._log_key import LogKeys
    from cachepact._record import EntityRecord
    from cachepact._results import Accepted

_RESEND_LEAST_MS = 20
_RESEND_SPREAD_MS = 60


class AcceptQueue:
    """Those of one tick travel in one call, one group a partition.

    In each partition one group goes after the other, so that writes of one row are accepted in call order. A group that
    was not answered is sent again with the same op until its deadline. Redis answers a second copy with the first one's
    version, and refuses a copy that comes later than its op records last. So no write runs twice, and what remains
    unknown stays unknown only until the deadline.
    """

    def __init__(self, core: Core, record: EntityRecord) -> None:
        self._core = core
        self._record = record
        self._lines: dict[int, AcceptLine] = {}
        self._ticking = False
        """Whether a flow is about to send what waits."""
        self._closed = False
        self._partition_offsets: dict[int, float] = {}
        """How far a partition's clock is ahead of Redis' TIME, in ms, where Redis has said so."""
        core.forgetters.append(self._forget)
        core.closers.append(self._close)

    def add(self, log: LogKeys, item: AcceptItem) -> Flow[Accepted]:
        """Take a write; ends when Redis has accepted it."""
        waiting = WaitingItem(item, self._core.clock.monotonic_ms())
        line = self._line_of(log)
        line.add(waiting)
        if self._closed:
            line.close()
        elif not line.busy and not self._ticking:
            self._ticking = True
            yield Lead(self._tick())
        if not waiting.settled.done:
            yield Wait(waiting.settled)
        return waiting.settled.result()

    def _forget(self) -> None:
        self._lines.clear()
        self._ticking = False

    def _close(self) -> None:
        """Send nothing any more, and answer those that wait with what is known."""
        self._closed = True
        for line in self._lines.values():
            line.close()

    def _line_of(self, log: LogKeys) -> AcceptLine:
        line = self._lines.get(log.partition)
        if line is None:
            line = self._lines[log.partition] = AcceptLine(self._record.entity, log)
        return line

    def _tick(self) -> Flow[None]:
        """Send, at the end of this tick, what waits in every partition that has no group under way."""
        try:
            yield NextTick()
        finally:
            self._ticking = False
        calls: list[list[AcceptGroup]] = []
        items = ITEMS_MAX
        for line in self._lines.values():
            group = line.next(self._core.random.token(), ITEMS_MAX) if len(line) and not line.busy else None
            if group is None:
                continue
            if items + len(group.items) > ITEMS_MAX:
                calls.append([])
                items = 0
            calls[-1].append(group)
            items += len(group.items)
        for call in calls[1:]:
            yield Spawn(self._send(call))
        if calls:
            yield from self._send(calls[0])

    def _send(self, groups: list[AcceptGroup]) -> Flow[None]:
        """Send groups until each has its answer; those that must be sent again travel together."""
        core, left = self._core, groups
        try:
            while True:
                refused = yield from self._attempt(left)
                left = yield from self._undecided(left)
                if not left:
                    return
                yield Sleep(_RESEND_LEAST_MS + core.random.next() * _RESEND_SPREAD_MS)
                left = yield from self._undecided(left)
                if refused and len(left) > 1:
                    # One partition's records may be at fault: the others go on without it.
                    alone, left = left, []
                    for group in alone:
                        yield Spawn(self._send([group]))
                if not left:
                    return
        finally:
            # Whatever ended this, its callers must be answered.
            for group in left:
                self._line_of(group.log).close()

    def _undecided(self, groups: list[AcceptGroup]) -> Flow[list[AcceptGroup]]:
        """Give up what has waited for too long; let the lines of those that have their answer go on."""
        core = self._core
        now, wait_ms = core.clock.monotonic_ms(), core.options.accept_wait_ms
        more = False
        for group in groups:
            line = self._line_of(group.log)
            if not group.done:
                line.expire(now, core.down_ms, wait_ms)
                group.expire(now, core.down_ms, wait_ms)
            if group.done:
                line.done()
                more = more or len(line) > 0
        if more and not self._ticking and not self._closed:
            # All partitions that were answered by one message go on with one message.
            self._ticking = True
            yield Spawn(self._tick())
        return [group for group in groups if not group.done]

    def _attempt(self, groups: list[AcceptGroup]) -> Flow[bool]:
        """Send one message and take its answer. Gives whether Redis refused the whole call with an error."""
        core = self._core
        try:
            yield from self._message(groups)
        except TransportError as error:
            for group in groups:
                group.fail(error, spread(core.random, RETRY_AFTER_MS))
            return error.reason == "error"
        return False

    def _message(self, groups: list[AcceptGroup]) -> Flow[None]:
        core, record = self._core, self._record
        server = yield Connect()
        if may_evict(server):
            for group in groups:
                if not group.may_have_run:
                    group.reject(eviction_error(record.entity, server.eviction_policy))
        groups = [group for group in groups if not group.done]
        if not groups:
            return
        if core.redis_clock.now_ms() is None:
            yield from sample_clock(core.redis_clock)
        elif core.redis_clock.due:
            yield from core.sync_clock()
        now = core.redis_clock.now_ms() or 0.0
        for group in groups:
            group.start(now + self._partition_offsets.get(group.log.partition, 0.0), core.clock.monotonic_ms())
        reply = yield from core.events.timed("accept", self._script(groups))
        if not isinstance(reply, list) or len(reply) != 2 * len(groups):
            raise unexpected("accept", "an array of another length")
        for index, group in enumerate(groups):
            self._take(group, reply[2 * index].decode("latin-1"), int(reply[2 * index + 1]))

    def _take(self, group: AcceptGroup, code: str, figure: int) -> None:
        core = self._core
        if code == "CLOCK":
            self._partition_offsets[group.log.partition] = figure - (core.redis_clock.now_ms() or figure)
        # All clients that were refused in one instant must not come back in one instant.
        group.take(code, round(spread(core.random, figure)) if code == "FULL" else figure)

    def _script(self, groups: list[AcceptGroup]) -> RunScript:
        record = self._record
        keys: list[str] = []
        argv: list[Argument] = [RUN_ID, str(record.generation), str(len(record.generations) - 1), str(len(groups))]
        for group in groups:
            keys.extend((group.log.meta, group.log.wb, group.log.dirty, group.ops_key))
            argv.extend((group.op, str(group.deadline_ms), str(len(group.items)), str(group.cost_bytes)))
            for each in group.items:
                keys.extend(each.item.value_keys)
                argv.extend((each.item.item.id, each.item.item.head, each.item.item.payload))
        return RunScript("accept", tuple(keys), tuple(argv))


def eviction_error(entity: str, policy: str | None) -> CachepactError:
    """Make the error of a server that may drop unpersisted writes."""
    return CachepactError(
        "E_EVICTION",
        f"cannot write {entity} behind: maxmemory-policy of Redis is {policy}, which may drop unpersisted writes; set "
        "noeviction or volatile-lfu",
    )
