"""A value on its way into Redis."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from cachepact._entry import encode_entry
from cachepact._errors import CachepactError
from cachepact._expiration.ttl import Lifetime, has_stale_phase
from cachepact._store.scripts import Storing

if TYPE_CHECKING:
    from cachepact._entity import Entity

V = TypeVar("V")

# Any non-zero number: the script that stores the frame writes Redis' time over it.
_PLACEHOLDER = 1


def storing_of(
    entity: Entity[Any, V], value: V | None, *, version: int, cost_ms: int, life: Lifetime
) -> Storing | None:
    """Encode an entry with its lifetime for ``fill`` or ``store``; None = too large, can only be handed on.

    ``version`` 0 = none; ``cost_ms`` = how long the load took, 0 = unknown. Raises what the contract refuses.
    """
    record = entity.record
    try:
        if value is None or record.framing == "plain":
            frame = encode_entry(entity, value)
        else:
            frame = encode_entry(
                entity,
                value,
                version=version,
                stale_at_ms=_PLACEHOLDER if has_stale_phase(record) else 0,
                created_at_ms=0 if record.sliding is None else _PLACEHOLDER,
                cost_ms=cost_ms if record.early_refresh else 0,
            )
    except CachepactError as error:
        if error.code == "E_SIZE":
            return None
        raise
    return Storing(frame, life.px_ms, life.fresh_ms)
