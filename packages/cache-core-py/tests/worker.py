"""What a writeback worker does to Redis, by the worker's own scripts: arms partitions and acknowledges."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cachepact._gen.scripts import SCRIPTS
from cachepact._key import entry_keys, key_from_id
from cachepact._log_key import log_keys
from cachepact._write_record import WriteEvent, decode_write_event

if TYPE_CHECKING:
    from cachepact import Entity


class Worker:
    def __init__(self, raw: Any, entity: Entity[Any, Any], namespace: str) -> None:
        self._raw = raw
        self._entity = entity
        self._namespace = namespace

    async def _run_id(self) -> str:
        return str((await self._raw.info("server"))["run_id"])

    async def _run(self, name: Any, keys: list[str], argv: list[Any]) -> Any:
        return await self._raw.eval(SCRIPTS[name].source, len(keys), *keys, *argv)

    async def arm(self, *, limit: int = 1 << 20) -> None:
        run = await self._run_id()
        for partition in range(self._entity.record.partitions):
            log = log_keys(self._entity.record, self._namespace, partition)
            await self._run("rearm", [log.meta, log.wb, log.dirty], [run, 1, 0, limit])

    async def events(self) -> list[WriteEvent]:
        found = []
        for partition in range(self._entity.record.partitions):
            stream = log_keys(self._entity.record, self._namespace, partition).wb
            for stream_id, fields in await self._raw.xrange(stream):
                named = {name.decode(): value for name, value in fields.items()}
                found.append(decode_write_event(stream_id.decode(), named))
        return sorted(found, key=lambda event: event.version)

    async def ack(self, event: WriteEvent) -> None:
        record = self._entity.record
        keys = entry_keys(record, self._namespace, key_from_id(record, event.id))
        assert keys.log is not None
        cost = 2 * len(event.payload) + 400
        reply = await self._run(
            "ack",
            [keys.log.meta, keys.log.wb, keys.log.dirty, keys.value, keys.floor, keys.lease],
            [await self._run_id(), event.version, 1, cost, record.ttl_ms, 0, 0, 1, event.id, event.version, "A"],
        )
        assert reply[0] == b"OK"

    async def accepted(self, partition: int, deadline_ms: int, op: str) -> int:
        """The base of an op in the half of the records that its deadline names."""
        log = log_keys(self._entity.record, self._namespace, partition)
        half = log.ops_a if deadline_ms // 30_000 % 2 == 0 else log.ops_b
        return int(await self._raw.hget(half, op))
