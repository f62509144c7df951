"""One load instead of many, within this process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from cachepact._coalescing.settled import Settled
from cachepact._errors import CachepactError
from cachepact._store.effects import Flow, Lead, Wait

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class Flight(Generic[T]):
    """Work under way on one key. It says itself who may share its result."""

    __slots__ = ("_callers", "admitted", "settled")

    def __init__(self, callers: _Callers) -> None:
        self._callers = callers
        self.admitted = 0
        """The last caller, by number, that may share the result."""
        self.settled: Settled[T] = Settled()

    def moment(self) -> int:
        """Tell the present moment, in call order.

        Hand it to ``admit`` once what was asked for at this moment is known to count.
        """
        return self._callers.last

    def admit(self, moment: int | None = None) -> None:
        """Let all callers that started until ``moment`` (default: now) share the result.

        Call it before asking for what the result rests on: the loader, a read, a script.
        """
        self.admitted = max(self.admitted, self._callers.last if moment is None else moment)


class _Callers:
    __slots__ = ("last",)

    def __init__(self) -> None:
        self.last = 0


class SingleFlight(Generic[T]):
    """Collapse concurrent work on one key into one call per process. It coalesces; it remembers nothing.

    A caller shares a result only if it started before the evidence for that result was asked for. Otherwise a read that
    starts after an invalidation returned could be handed a row that was loaded before it. Callers that started too late
    wait for the flight to end and then take part in one new flight. A failure is shared by the same rule as a value.
    """

    def __init__(self) -> None:
        self._running: dict[str, Flight[T]] = {}
        self._callers = _Callers()

    def start(self) -> int:
        """Give a caller its number at its very start, before it has read anything; hand it to ``run``."""
        self._callers.last += 1
        return self._callers.last

    @property
    def size(self) -> int:
        """Keys with a flight under way."""
        return len(self._running)

    def forget(self) -> None:
        """Forget the flights: nobody here carries them out."""
        self._running.clear()

    def run(self, key: str, started: int, work: Callable[[Flight[T]], Flow[T]]) -> Flow[T]:
        """Join the flight of ``key``, or lead a new one with ``work``."""
        while True:
            flight = self._running.get(key)
            if flight is None:
                flight = Flight(self._callers)
                self._running[key] = flight
                yield Lead(self._fly(key, flight, work))
                if not flight.settled.done:
                    yield Wait(flight.settled)
                return flight.settled.result()
            yield Wait(flight.settled)
            if started <= flight.admitted:
                return flight.settled.result()

    def _fly(self, key: str, flight: Flight[T], work: Callable[[Flight[T]], Flow[T]]) -> Flow[None]:
        try:
            value = yield from work(flight)
        except Exception as error:  # noqa: BLE001 - handed to everyone who shares the flight
            self._end(key)
            flight.settled.fail(error)
        except BaseException:
            # The cache is being closed, or the leader's thread interrupted: the others take part in a new flight.
            self._end(key)
            flight.admitted = 0
            flight.settled.fail(CachepactError("E_CLOSED", "the load was given up; the cache is being closed"))
            raise
        else:
            # Before the result settles, so that no caller joins a flight that has ended.
            self._end(key)
            flight.settled.succeed(value)

    def _end(self, key: str) -> None:
        self._running.pop(key, None)
