from __future__ import annotations

import threading
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from cachepact import Cache, CachepactError
from cachepact._coalescing.settled import Settled
from cachepact._core import EntityContext
from cachepact._drivers.background import WORKERS_MAX
from cachepact._entry import encode_entry
from cachepact._options import EntityOptions
from cachepact._patterns.read_through import ReadThrough
from cachepact._store.effects import Flow, Get, NextTick, Spawn, Wait
from cachepact._store.sync_pool import Deadline
from cachepact.testing import FakeClock
from cachepact_contracts import User
from flows import Runner

URL = "redis://127.0.0.1:1"


def test_step_of_a_flow_runs_alone() -> None:
    shared = [0]

    def flow() -> Flow[None]:
        for _ in range(20):
            seen = shared[0]
            time.sleep(0.0001)  # hands the processor to another thread in the middle of the step
            shared[0] = seen + 1
            yield NextTick()

    with Cache(redis=URL) as cache:
        threads = [threading.Thread(target=cache._driver.run, args=(flow(),)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert shared == [160]


def test_waiting_thread_holds_nobody_up() -> None:
    settled: Settled[str] = Settled()

    def waiter() -> Flow[str]:
        yield Wait(settled)
        return settled.result()

    def settler() -> Flow[None]:
        yield NextTick()
        settled.succeed("done")

    found: list[str] = []
    with Cache(redis=URL) as cache:
        thread = threading.Thread(target=lambda: found.append(cache._driver.run(waiter())))
        thread.start()
        cache._driver.run(settler())
        thread.join(5)
    assert found == ["done"]


def test_flow_beside_the_caller_runs_and_its_failure_is_dropped() -> None:
    ran = threading.Event()

    def beside() -> Flow[None]:
        yield NextTick()
        ran.set()
        raise RuntimeError

    def flow() -> Flow[None]:
        yield Spawn(beside())

    with Cache(redis=URL) as cache:
        cache._driver.run(flow())
        assert ran.wait(5)


def test_loader_of_a_thread_must_not_be_a_coroutine() -> None:
    async def load(_key: Any, _context: Any) -> None:
        """A loader for AsyncCache."""

    wrong: Any = load
    with Cache(redis=URL) as cache:
        users = cache.entity(User, load=wrong)
        with pytest.raises(CachepactError) as caught:
            users.get(User.key(id=1))
    assert caught.value.code == "E_LOADER"


def test_listener_that_fails_or_uses_the_cache_does_no_harm(caplog: pytest.LogCaptureFixture) -> None:
    with Cache(redis=URL) as cache:
        users = cache.entity(User, load=lambda _key, _context: None)
        heard: list[str] = []

        def curious(event: Any) -> None:
            heard.append(event.type)
            if len(heard) == 1:
                assert users.get(User.key(id=2)) is None

        def broken(_event: Any) -> None:
            raise RuntimeError("broken listener")

        ends = [cache.on(curious), cache.on(broken)]
        assert users.get(User.key(id=1)) is None
        assert "request" in heard
        for end in ends:
            end()
        count = len(heard)
        users.get(User.key(id=1))
        assert len(heard) == count
    assert "broken listener" in caplog.text


def test_all_that_a_command_takes_counts_against_its_one_deadline() -> None:
    clock = FakeClock()
    deadline = Deadline(clock, 100)
    assert deadline.left_s == 0.1
    clock.advance(40)
    assert deadline.left_s == pytest.approx(0.06)
    clock.advance(100)
    assert deadline.left_s == 0.001, "0 would mean something else to a socket"


def test_refreshes_leave_threads_for_renewals() -> None:
    with Cache(redis=URL) as cache:
        core = cache._core
        assert core.refreshes_max < WORKERS_MAX
        context = EntityContext(core, User.__cachepact__, EntityOptions(print, lambda: True, 1000))
        core.redis_clock.observe(1_700_000_000_000, 0)
        row = User(id=1, created_at=datetime(2024, 2, 29, 12, 0, tzinfo=UTC), version=1)
        stale = encode_entry(User.__cachepact__, row, stale_at_ms=1)
        reads = ReadThrough(context)
        for under_way, refreshes in ((core.refreshes_max, 0), (0, 1)):
            core.refreshes = under_way
            effects = []
            read = Runner(reads.read(User.key(id=1), 0))
            while not read.ended:
                effects.append(type(read.effect))
                read.go(stale if isinstance(read.effect, Get) else None)
            assert read.result.source == "stale"
            assert effects.count(Spawn) == refreshes
