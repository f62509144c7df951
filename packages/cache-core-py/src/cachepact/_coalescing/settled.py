"""A result that many wait for, without a word about how they wait."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

T = TypeVar("T")


class Settled(Generic[T]):
    """A result that comes once. Touched only between effects; the waiters are the drivers'."""

    __slots__ = ("_error", "_traceback", "_value", "_waiters", "done")

    def __init__(self) -> None:
        self.done = False
        self._value: T | None = None
        self._error: BaseException | None = None
        self._traceback: TracebackType | None = None
        self._waiters: list[Callable[[], None]] = []

    def succeed(self, value: T) -> None:
        """Give the value to all that wait."""
        self._value = value
        self._settle()

    def fail(self, error: BaseException) -> None:
        """Give the error to all that wait."""
        self._error = error
        self._traceback = error.__traceback__
        self._settle()

    def result(self) -> T:
        """Give the value or raise the error."""
        if self._error is not None:
            # Each that waits raises it anew: without this the traceback would grow with each of them.
            raise self._error.with_traceback(self._traceback)
        return cast("T", self._value)

    def when_done(self, waiter: Callable[[], None]) -> None:
        """Call ``waiter`` once settled, at once if it is already."""
        if self.done:
            waiter()
        else:
            self._waiters.append(waiter)

    def _settle(self) -> None:
        self.done = True
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            waiter()
