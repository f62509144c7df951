"""Whether a cache can be used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachepact._errors import CachepactError
from cachepact._store.accept_queue import eviction_error
from cachepact._store.effects import Connect, Flow
from cachepact._store.server_info import may_evict
from cachepact._store.transport_error import TransportError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cachepact._store.server_info import ServerInfo


def ready(behind: Sequence[str]) -> Flow[None]:
    """Connect; ``behind`` are the entities with a log. E_UNAVAILABLE, E_EVICTION."""
    try:
        server: ServerInfo = yield Connect()
    except TransportError as error:
        raise CachepactError(
            "E_UNAVAILABLE",
            "could not connect to Redis; loaders answer meanwhile, and the connection is tried again",
            retry_after_ms=1000,
        ) from error
    if behind and may_evict(server):
        raise eviction_error(behind[0], server.eviction_policy)


def closed() -> CachepactError:
    """Make the error of a call after ``close``."""
    return CachepactError("E_CLOSED", "cannot use this cache: it was closed; create a new one")
