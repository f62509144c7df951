from __future__ import annotations

import dataclasses
from typing import Any

from cachepact._events import CacheEvent, Events, QuarantineEvent
from cachepact._key import entry_keys
from cachepact._namespace import channels
from cachepact._resilience.quarantine import Quarantine, Undelivered
from cachepact._store.effects import Flow, RunScript, Sleep, Spawn, Together, Wait
from cachepact._store.redis_clock import RedisClock
from cachepact._store.scripts import Finish, Scripts
from cachepact._store.transport_error import TransportError, unavailable
from cachepact.testing import FakeClock, SeededRandom
from cachepact_contracts import User
from flows import Runner

RECORD = User.__cachepact__.record


class World:
    """A quarantine whose Redis is the test."""

    def __init__(self, keys_max: int = 3) -> None:
        self.clock = FakeClock()
        self.events = Events(self.clock)
        self.seen: list[CacheEvent] = []
        self.events.on(self.seen.append)
        self.scripts = Scripts(RedisClock(self.clock), self.events, channels(""), 60_000)
        self.quarantine = Quarantine(self.clock, SeededRandom(1), self.events, keys_max)
        self.sent: list[RunScript] = []
        self.up = False
        self.broken: set[int] = set()
        """Rows whose records are of a foreign type."""

    def add(self, number: int, **finish: Any) -> Flow[Any] | None:
        """Quarantine a key; gives the loop when it is begun."""
        keys = entry_keys(RECORD, "", {"id": number})
        end = dataclasses.replace(Finish(token="", prev="", version=0, keep=False), **finish)
        runner = Runner(self.quarantine.add(Undelivered(RECORD, keys, end), self.scripts))
        if runner.ended:
            return None
        assert isinstance(runner.effect, Spawn)
        loop = runner.effect.flow
        runner.go(None)
        return loop

    def covers(self, number: int) -> bool:
        return self.quarantine.covers("user", entry_keys(RECORD, "", {"id": number}).value)

    def play(self, flow: Flow[Any], sleeps: int = 100) -> None:
        """Run a flow to its end, or until it has slept so often."""
        runner = Runner(flow)
        while not runner.ended and sleeps > 0:
            effect = runner.effect
            if isinstance(effect, Sleep):
                self.clock.advance(effect.ms)
                sleeps -= 1
                runner.go(None)
            elif isinstance(effect, Together):
                runner.go([self._deliver(each) for each in effect.flows])
            else:
                raise TypeError(effect)

    def _deliver(self, flow: Flow[Any]) -> Any:
        runner = Runner(flow)
        assert isinstance(runner.effect, RunScript)
        self.sent.append(runner.effect)
        if any(runner.effect.keys[0].endswith(f":{number}") for number in self.broken):
            runner.throw(TransportError("error", "unknown", "WRONGTYPE", "a key of another type"))
        elif self.up:
            runner.go([b"DELETED", b"1700000000000"])
        else:
            runner.throw(unavailable())
        return runner.result

    def sizes(self) -> list[int]:
        self.seen.extend(self.events.take())
        return [event.size for event in self.seen if isinstance(event, QuarantineEvent)]


def test_owed_key_is_covered_until_it_is_delivered() -> None:
    world = World()
    loop = world.add(1)
    assert loop is not None
    assert (world.covers(1), world.covers(2)) == (True, False)
    world.up = True
    world.play(loop)
    assert not world.covers(1)
    assert world.sizes() == [1, 0]


def test_round_costs_one_message_while_redis_is_away() -> None:
    world = World()
    loop = world.add(1)
    assert world.add(2) is None, "one loop serves all"
    assert loop is not None
    world.play(loop, sleeps=5)
    assert len(world.sent) == 4
    assert world.clock.monotonic_ms() <= 50 * 1.5 + 100 * 1.5 + 200 * 1.5 + 400 * 1.5 + 800 * 1.5


def test_recovered_redis_gets_everything_that_is_owed() -> None:
    world = World()
    for number in (1, 2, 3):
        world.add(number)
    world.up = True
    runner = Runner(world.quarantine.flush(world.scripts))
    assert isinstance(runner.effect, Spawn)
    world.play(runner.effect.flow)
    assert len(world.sent) == 3
    assert world.quarantine.size == 0


def test_key_that_redis_refuses_does_not_hold_up_the_others() -> None:
    world = World()
    loop = world.add(1)
    for number in (2, 3):
        world.add(number)
    world.up, world.broken = True, {1}
    assert loop is not None
    world.play(loop, sleeps=2)
    assert [world.covers(number) for number in (1, 2, 3)] == [True, False, False]
    assert world.sizes()[-1] == 1


def test_last_try_sends_what_is_owed_and_waits_for_the_round_under_way() -> None:
    world = World()
    loop = world.add(1)
    world.add(2)
    assert loop is not None
    under_way = Runner(loop)
    under_way.go(None)
    assert isinstance(under_way.effect, Together)
    last = Runner(world.quarantine.settle(world.scripts))
    assert isinstance(last.effect, Wait)
    world.up = True
    while isinstance(under_way.effect, Together) and not under_way.ended:
        under_way.go([world._deliver(each) for each in under_way.effect.flows])
    assert world.quarantine.size == 0
    last.go(None)
    assert last.ended
    assert Runner(world.quarantine.settle(world.scripts)).ended, "nothing is owed"


def test_two_ends_of_one_key_become_one_message_that_does_both() -> None:
    world = World()
    loop = world.add(1, token="a" * 22, prev="b" * 22, version=4, keep=True)
    world.add(1, version=7)
    assert loop is not None
    world.up = True
    world.play(loop)
    token, prev, version, _, keep, *_ = world.sent[0].argv
    assert (token, prev, version, keep) == ("a" * 22, "b" * 22, "7", "0")


def test_key_that_is_owed_again_during_its_delivery_stays_owed() -> None:
    world = World()
    loop = world.add(1, version=4)
    assert loop is not None
    runner = Runner(loop)
    runner.go(None)
    assert isinstance(runner.effect, Together)
    delivery = Runner(runner.effect.flows[0])
    world.add(1, version=5)
    delivery.go([b"DELETED", b"1700000000000"])
    assert world.covers(1)


def test_too_many_keys_bypass_their_entity_until_one_ttl_after_recovery() -> None:
    world = World(keys_max=2)
    loops = [world.add(number) for number in (1, 2, 3)]
    assert world.covers(99), "the third key is not recorded, so that none may be trusted"
    assert not world.quarantine.covers("profile", "profile:1")
    world.clock.advance(10 * (RECORD.ttl_ms + RECORD.grace_ms))
    assert world.covers(99), "Redis is not back yet"
    world.up = True
    assert loops[0] is not None
    world.play(loops[0])
    assert world.covers(99)
    world.clock.advance(RECORD.ttl_ms + RECORD.grace_ms)
    assert not world.covers(99)
