from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING

import pytest
from cachepact import Cache
from cachepact._drivers.background import Background, Job
from cachepact._store.effects import Flow, NextTick
from cachepact_contracts import User

if TYPE_CHECKING:
    from dev_redis import DevRedis


class Steps:
    """Jobs that sleep as often as they are told to."""

    def __init__(self, sleeps: int, ms: float) -> None:
        self.left = sleeps
        self.ms = ms
        self.ran: list[float] = []
        self.ended = threading.Event()

    def __call__(self, job: Job) -> float | None:
        del job
        self.ran.append(time.monotonic())
        self.left -= 1
        if self.left >= 0:
            return self.ms
        self.ended.set()
        return None


def nothing() -> Flow[None]:
    yield NextTick()


def test_sleeping_jobs_occupy_no_thread() -> None:
    steps = Steps(sleeps=3, ms=20)
    background = Background(steps)
    background.start(nothing())
    assert steps.ended.wait(5)
    assert steps.ran[-1] - steps.ran[0] >= 0.055
    background.close(1)


def test_job_that_falls_due_is_not_held_up_by_one_that_waits() -> None:
    gate = threading.Event()
    done = threading.Event()

    def advance(job: Job) -> float | None:
        if job is slow:
            gate.wait(10)
        else:
            done.set()
        return None

    background = Background(advance)
    slow = Job(nothing())
    slow = background.start(nothing())
    background.start(nothing())
    assert done.wait(5)
    gate.set()
    background.close(1)


def test_stopped_job_takes_no_further_step() -> None:
    steps = Steps(sleeps=100, ms=10)
    background = Background(steps)
    job = background.start(nothing())
    time.sleep(0.05)  # it has begun
    job.stop()
    time.sleep(0.05)  # a step under way ends
    count = len(steps.ran)
    time.sleep(0.05)  # another would have come
    assert len(steps.ran) == count
    background.close(1)


def test_close_ends_the_threads() -> None:
    background = Background(Steps(sleeps=1000, ms=1))
    for _ in range(5):
        background.start(nothing())
    background.close(2)
    assert not [thread for thread in threading.enumerate() if thread.name == "cachepact-background"]


@pytest.mark.redis
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_child_process_begins_with_connections_of_its_own(shared_redis: DevRedis, namespace: str) -> None:
    rows = {User.key(id=1): None}
    with Cache(redis=shared_redis.url, namespace=namespace, read_timeout_ms=1000) as cache:
        users = cache.entity(User, load=lambda key, _context: rows[key])
        users.get(User.key(id=1))
        pid = os.fork()
        if pid == 0:
            try:
                source = users.get_entry(User.key(id=1)).source
                os._exit(0 if source == "redis" else 2)
            finally:
                os._exit(3)
        for _ in range(50):
            assert users.get_entry(User.key(id=1)).source == "redis"
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
