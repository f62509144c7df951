"""Sends write-behind writes: those of one tick for one partition in one call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachepact._errors import CachepactError
from cachepact._random import spread
from cachepact._results import Accepted
from cachepact._store.accept_group import ITEMS_MAX, OP_DEADLINE_MS, RETRY_AFTER_MS, AcceptGroup, AcceptItem
from cachepact._store.effects import RUN_ID, Argument, Connect, Flow, Lead, NextTick, RunScript, Sleep, Wait
from cachepact._store.server_info import may_evict, sample_clock
from cachepact._store.transport_error import TransportError, unexpected

if TYPE_CHECKING:
    from cachepact._core import Core
    from cachepact._log_key import LogKeys
    from cachepact._record import EntityRecord

_RESEND_LEAST_MS = 20
_RESEND_SPREAD_MS = 60


class AcceptQueue:
    """A group that was not answered is sent again with the same op until its deadline.

    Redis answers a second copy with the first one's version, and refuses a copy that comes later than its op records
    last. So no write runs twice, and what remains unknown stays unknown only until the deadline.
    """

    def __init__(self, core: Core, record: EntityRecord) -> None:
        self._core = core
        self._record = record
        self._open: dict[int, AcceptGroup] = {}
        self._partition_offsets: dict[int, float] = {}
        """How far a partition's clock is ahead of Redis' TIME, in ms, where Redis has said so."""
        core.forgetters.append(self._open.clear)

    def add(self, log: LogKeys, item: AcceptItem) -> Flow[Accepted]:
        """Take a write; ends when Redis has accepted it."""
        group = self._open.get(log.partition)
        leads = group is None
        if group is None:
            group = AcceptGroup(self._record.entity, self._core.random.token(), log)
            self._open[log.partition] = group
        index = len(group.items)
        group.items.append(item)
        if len(group.items) >= ITEMS_MAX:
            self._close(group)
        if leads:
            yield Lead(self._deliver(group))
        if not group.settled.done:
            yield Wait(group.settled)
        return Accepted(group.settled.result() + index, group.handle)

    def _close(self, group: AcceptGroup) -> None:
        if self._open.get(group.log.partition) is group:
            del self._open[group.log.partition]

    def _deliver(self, group: AcceptGroup) -> Flow[None]:
        core = self._core
        try:
            yield NextTick()
            self._close(group)
            group.created_at = core.clock.monotonic_ms()
            while True:
                group.expire(core.clock.monotonic_ms(), core.down_ms, core.options.accept_wait_ms)
                if group.settled.done:
                    return
                try:
                    yield from self._attempt(group)
                except TransportError as error:
                    group.fail(error, spread(core.random, RETRY_AFTER_MS))
                if group.settled.done:
                    return
                yield Sleep(_RESEND_LEAST_MS + core.random.next() * _RESEND_SPREAD_MS)
        finally:
            # Whatever ended this, its callers must be answered.
            self._close(group)
            group.abandon()

    def _attempt(self, group: AcceptGroup) -> Flow[None]:
        core, record = self._core, self._record
        server = yield Connect()
        if may_evict(server) and not group.may_have_run:
            group.reject(eviction_error(record.entity, server.eviction_policy))
            return
        if core.redis_clock.now_ms() is None:
            yield from sample_clock(core.redis_clock)
        now = core.redis_clock.now_ms() or 0.0
        if group.deadline_ms is None:
            offset = self._partition_offsets.get(group.log.partition, 0.0)
            group.deadline_ms = int(now + offset) + OP_DEADLINE_MS
        reply = yield from core.events.timed("accept", self._message(group))
        if not isinstance(reply, list) or len(reply) != 2:
            raise unexpected("accept", "an array of another length")
        code, figure = reply[0].decode("latin-1"), int(reply[1])
        if code == "CLOCK":
            self._partition_offsets[group.log.partition] = figure - (core.redis_clock.now_ms() or figure)
        # All clients that were refused in one instant must not come back in one instant.
        group.take(code, round(spread(core.random, figure)) if code == "FULL" else figure)

    def _message(self, group: AcceptGroup) -> RunScript:
        record, log = self._record, group.log
        keys: list[str] = [log.meta, log.wb, log.dirty, group.ops_key]
        argv: list[Argument] = [
            RUN_ID,
            str(record.generation),
            str(len(record.generations) - 1),
            "1",
            group.op,
            str(group.deadline_ms),
            str(len(group.items)),
            str(group.cost_bytes),
        ]
        for each in group.items:
            keys.extend(each.value_keys)
            argv.extend((each.item.id, each.item.head, each.item.payload))
        return RunScript("accept", tuple(keys), tuple(argv))


def eviction_error(entity: str, policy: str | None) -> CachepactError:
    """Make the error of a server that may drop unpersisted writes."""
    return CachepactError(
        "E_EVICTION",
        f"cannot write {entity} behind: maxmemory-policy of Redis is {policy}, which may drop unpersisted writes; set "
        "noeviction or volatile-lfu",
    )
