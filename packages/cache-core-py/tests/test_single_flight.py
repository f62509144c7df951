from __future__ import annotations

from typing import Any

from cachepact._coalescing.single_flight import Flight, SingleFlight
from cachepact._store.effects import Flow, Sleep, Wait
from flows import Runner


class Work:
    """A flight that asks for one thing and admits callers when the test says so."""

    def __init__(self) -> None:
        self.flights: list[Flight[str]] = []

    def __call__(self, flight: Flight[str]) -> Flow[str]:
        self.flights.append(flight)
        flight.admit()
        answer: Any = yield Sleep(1)
        return str(answer)


def join(flights: SingleFlight[str], work: Work) -> Runner:
    return Runner(flights.run("key", flights.start(), work))


def test_callers_that_started_before_the_evidence_share_the_result() -> None:
    flights: SingleFlight[str] = SingleFlight()
    work = Work()
    first_number, second_number = flights.start(), flights.start()
    first = Runner(flights.run("key", first_number, work))
    led = first.lead()
    second = Runner(flights.run("key", second_number, work))
    assert isinstance(second.effect, Wait)
    led.go("row")
    first.go(None)
    second.go(None)
    assert (first.result, second.result) == ("row", "row")
    assert (len(work.flights), flights.size) == (1, 0)


def test_caller_that_started_later_takes_part_in_a_new_flight() -> None:
    flights: SingleFlight[str] = SingleFlight()
    work = Work()
    first = join(flights, work)
    led = first.lead()
    late, later = join(flights, work), join(flights, work)
    led.go("old row")
    first.go(None)
    late.go(None)
    assert not late.ended, "it must not take what was loaded before it started"
    second_led = late.lead()
    later.go(None)
    assert isinstance(later.effect, Wait), "all late callers share one new flight"
    second_led.go("new row")
    late.go(None)
    later.go(None)
    assert (first.result, late.result, later.result) == ("old row", "new row", "new row")
    assert len(work.flights) == 2


def test_moment_admits_those_that_started_before_it_and_no_others() -> None:
    flights: SingleFlight[str] = SingleFlight()

    def work(flight: Flight[str]) -> Flow[str]:
        yield Sleep(1)
        moment = flight.moment()
        yield Sleep(2)
        flight.admit(moment)
        return "stored"

    leader = Runner(flights.run("key", flights.start(), work))
    led = leader.lead()
    early = Runner(flights.run("key", flights.start(), work))
    led.go(None)
    late = Runner(flights.run("key", flights.start(), work))
    led.go(None)
    for caller in (leader, early, late):
        caller.go(None)
    assert (leader.result, early.result, late.ended) == ("stored", "stored", False)


def test_failure_is_shared_like_a_value_and_remembered_by_nobody() -> None:
    flights: SingleFlight[str] = SingleFlight()
    work = Work()
    first_number, second_number = flights.start(), flights.start()
    first = Runner(flights.run("key", first_number, work))
    led = first.lead()
    second = Runner(flights.run("key", second_number, work))
    led.throw(RuntimeError("no database"))
    first.go(None)
    second.go(None)
    assert [str(caller.error) for caller in (first, second)] == ["no database"] * 2
    third = join(flights, work)
    third.lead().go("row")
    third.go(None)
    assert third.result == "row"


def test_keys_do_not_wait_for_each_other() -> None:
    flights: SingleFlight[str] = SingleFlight()
    Runner(flights.run("a", flights.start(), Work())).lead()
    other = Runner(flights.run("b", flights.start(), Work()))
    assert not isinstance(other.effect, Wait)
