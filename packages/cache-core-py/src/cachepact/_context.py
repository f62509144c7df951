"""What loaders and ``persist`` receive and give back."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Generic, Literal, TypeVar

from cachepact._errors import CachepactError

if TYPE_CHECKING:
    from cachepact._clock import Clock

V = TypeVar("V")


class AbortSignal:
    """Whether the result of a loader or ``persist`` is still wanted. Safe to read from any thread."""

    __slots__ = ("_aborted", "_clock", "_deadline_ms")

    def __init__(self, clock: Clock, deadline_ms: float | None = None) -> None:
        self._clock = clock
        self._deadline_ms = deadline_ms
        self._aborted = False

    @property
    def aborted(self) -> bool:
        """True once the deadline passed (loader) or the fence was lost (``persist``)."""
        return self._aborted or (self._deadline_ms is not None and self._clock.monotonic_ms() >= self._deadline_ms)

    def raise_if_aborted(self) -> None:
        """Raise E_FENCE when the result is not wanted any more. Called last before COMMIT, it rolls the write back."""
        if self.aborted:
            raise CachepactError("E_FENCE", "cannot go on: the deadline or the fence of this call was lost; roll back")

    def abort(self) -> None:
        """Mark the result as unwanted."""
        self._aborted = True


@dataclass(frozen=True, slots=True)
class LoadContext:
    """The circumstances of one load."""

    signal: AbortSignal
    """Aborted at the hard deadline; a result after it is dropped. An async loader is cancelled as well."""
    primary: bool
    """Whether the source must be read at its primary, since a replica may lag behind a write that is known."""
    stale: Any
    """The stale value that this load refreshes, or None."""


@dataclass(frozen=True, slots=True)
class WriteContext:
    """The circumstances of one ``persist``."""

    signal: AbortSignal
    """Aborted when the fence of this write was lost: roll back if you still can."""


@dataclass(frozen=True, slots=True)
class Loaded(Generic[V]):
    """A value with what a plain return cannot say."""

    value: V | None
    version: int | None
    ttl_ms: int | None


def loaded(value: V | None, *, version: int | None = None, ttl_ms: int | None = None) -> Loaded[V]:
    """Return a value from a loader or ``persist`` together with its version or a time to live of its own.

    ``version``: of the row, for an entity whose version is not a field (write-behind), or of a deleted row (``value``
    None). ``ttl_ms``: how long this entry stays fresh; never longer than the contract's.
    """
    return Loaded(value, version, ttl_ms)


class Invalidate(enum.Enum):
    """The type of ``INVALIDATE``."""

    INVALIDATE = "invalidate"


INVALIDATE: Final[Literal[Invalidate.INVALIDATE]] = Invalidate.INVALIDATE
"""Returned by ``persist``: the write is committed, but the row is not at hand; only invalidate the entry."""
