"""One entity of a cache, as flows: what both public classes are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cachepact._core import Core, EntityContext
from cachepact._errors import CachepactError
from cachepact._loaded import is_versioned
from cachepact._options import resolve_entity_options
from cachepact._patterns.cache_aside import invalidate
from cachepact._patterns.read_through import ReadThrough
from cachepact._patterns.write_behind import WriteBehind, without_log
from cachepact._patterns.write_through import write_through
from cachepact._schema import SAFE_INTEGER

if TYPE_CHECKING:
    from collections.abc import Callable

    from cachepact._context import WriteContext
    from cachepact._entity import Entity
    from cachepact._patterns.answer import Answer
    from cachepact._results import Accepted, Written
    from cachepact._store.effects import Flow


class EntityCore:
    """Binds one entity to the patterns."""

    def __init__(
        self,
        core: Core,
        entity: Entity[Any, Any],
        *,
        load: Callable[..., Any],
        enabled: Callable[[], bool] | None,
        load_timeout_ms: int,
    ) -> None:
        options = resolve_entity_options(
            entity.record, core.options, load=load, enabled=enabled, load_timeout_ms=load_timeout_ms
        )
        self._context = EntityContext(core, entity, options)
        self._reads = ReadThrough(self._context)
        self._behind = WriteBehind(self._context) if entity.record.log is not None else None

    def read(self, key: object, min_version: int | None) -> Flow[Answer]:
        """Read a row."""
        return self._reads.read(key, 0 if min_version is None else self._check_min_version(min_version))

    def write(self, key: object, persist: Callable[[WriteContext], Any]) -> Flow[Written]:
        """Write through."""
        return write_through(self._context, key, persist)

    def invalidate(self, key: object, version: int | None) -> Flow[None]:
        """Invalidate."""
        return invalidate(self._context, key, 0 if version is None else version)

    def put(self, key: object, value: object) -> Flow[Accepted]:
        """Write behind."""
        return self._write_behind().put(key, value)

    def remove(self, key: object) -> Flow[Accepted]:
        """Delete behind."""
        return self._write_behind().remove(key)

    def _write_behind(self) -> WriteBehind:
        if self._behind is None:
            raise without_log(self._context.record.entity)
        return self._behind

    def _check_min_version(self, min_version: int) -> int:
        record = self._context.record
        if not isinstance(min_version, int) or isinstance(min_version, bool) or not 0 <= min_version <= SAFE_INTEGER:
            raise CachepactError("E_RANGE", f"cannot read {record.entity}: min_version must be an int up to 2^53-1")
        if min_version and not is_versioned(record):
            raise CachepactError(
                "E_OPTION", f"cannot read {record.entity} by min_version: the contract names no version field"
            )
        return min_version
