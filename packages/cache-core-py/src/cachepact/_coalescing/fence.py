"""A writer's fence around its commit, on one key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cachepact._coalescing.lease import Lease
from cachepact._errors import CachepactError
from cachepact._resilience.delivery import refuse_bad_arguments
from cachepact._store.effects import Flow, Spawn, Stop
from cachepact._store.scripts import Finish
from cachepact._store.transport_error import TransportError

if TYPE_CHECKING:
    from collections.abc import Callable

    from cachepact._core import EntityContext
    from cachepact._key import EntryKeys

_ATTEMPTS = 2
"""How many messages may try to set a fence, each with a token of its own."""


class Fence:
    """``begin`` deletes the value and keeps loaders from storing, a marker that is renewed keeps it up.

    ``finish`` or ``store`` takes it down (SPEC 10.3, 10.4).
    """

    def __init__(self, context: EntityContext, keys: EntryKeys) -> None:
        self.keys = keys
        self._context = context
        self._token = ""
        self._prev = ""
        self._alone = False
        self._lost = False
        self._marker: Lease | None = None
        self._renewals: Any = None

    def begin(self, on_lost: Callable[[], None]) -> Flow[bool]:
        """Set the fence. False when Redis acknowledged neither attempt; it may still come, and lapses by itself.

        E_PATTERN when the key holds a write-behind value.
        """
        core, record = self._context.core, self._context.record
        marker_ms = core.options.marker_ms
        for _ in range(_ATTEMPTS):
            # A token is never sent twice: a late copy of the first message must not regain the right to store.
            self._prev, self._token = self._token, core.random.token()
            granted_at = core.clock.monotonic_ms()
            try:
                code = yield from core.scripts.begin(self.keys, self._token, marker_ms, self._prev)
            except TransportError as error:
                refuse_bad_arguments(error, "begin")
                continue
            if code == "DIRTY":
                raise CachepactError(
                    "E_PATTERN",
                    f"cannot write {record.entity} through: the key holds a write-behind value; use put",
                )
            self._alone = code == "ALONE"
            self._marker = Lease(core.clock, marker_ms, granted_at)
            self._renewals = yield Spawn(self._marker.keep_up(self._renew, lambda: self._lose(on_lost)))
            return True
        return False

    @property
    def alive(self) -> bool:
        """Whether the marker is surely alive now."""
        return self._marker is not None and self._marker.alive

    @property
    def may_store(self) -> bool:
        """Whether this writer began alone and was not told otherwise. Redis has the last word."""
        return self._alone and not self._lost

    def finish(self, version: int) -> Finish:
        """Say what ends this write."""
        return Finish(token=self._token, prev=self._prev, version=version, keep=version > 0)

    def halt(self) -> None:
        """End the renewals at their next step."""
        if self._marker is not None:
            self._marker.stop()

    def stop(self) -> Flow[None]:
        """End the renewals at once."""
        if self._marker is not None:
            self._marker.stop()
            yield Stop(self._renewals)

    def _renew(self) -> Flow[str]:
        core = self._context.core
        return (yield from core.scripts.renew(self.keys, self._token, core.options.marker_ms, "w"))

    def _lose(self, on_lost: Callable[[], None]) -> None:
        self._lost = True
        on_lost()
