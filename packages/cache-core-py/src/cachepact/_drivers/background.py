"""Flows beside the callers' threads: renewals, refreshes, late invalidations."""

from __future__ import annotations

import heapq
import threading
import time
from collections import deque
from itertools import count
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from cachepact._store.effects import Flow

WORKERS_MAX = 32
"""Threads that flows may occupy at once with waiting for Redis and loaders. One that sleeps occupies none."""
_IDLE_S = 5.0
"""After how long without work a thread ends."""


class Job:
    """A flow under way."""

    __slots__ = ("flow", "stopped")

    def __init__(self, flow: Flow[Any]) -> None:
        self.flow = flow
        self.stopped = False

    def stop(self) -> None:
        """End it before its next step."""
        self.stopped = True


class Background:
    """A few daemon threads that take turns with the flows: a process never waits for them in order to end.

    ``advance`` runs a job until it wants to sleep, and gives for how long in ms, or None when it has ended.
    """

    def __init__(self, advance: Callable[[Job], float | None]) -> None:
        self._advance = advance
        self._changed = threading.Condition()
        self._ready: deque[Job] = deque()
        self._sleeping: list[tuple[float, int, Job]] = []
        self._order = count()
        self._idle = 0
        self._workers: set[threading.Thread] = set()
        self._closed = False

    def start(self, flow: Flow[Any]) -> Job:
        """Take charge of a flow."""
        job = Job(flow)
        with self._changed:
            if self._closed:
                job.stop()
            else:
                self._ready.append(job)
                self._staff()
                self._changed.notify()
        return job

    def close(self, timeout_s: float) -> None:
        """End all jobs at their next step, and wait for the threads."""
        with self._changed:
            self._closed = True
            self._ready.clear()
            self._sleeping.clear()
            self._changed.notify_all()
            workers = tuple(self._workers)
        until = time.monotonic() + timeout_s
        for worker in workers:
            if worker is not threading.current_thread():
                worker.join(max(0.0, until - time.monotonic()))

    def _staff(self) -> None:
        """See to it that a thread waits while the others are busy: somebody must notice what falls due."""
        if self._idle == 0 and len(self._workers) < WORKERS_MAX:
            worker = threading.Thread(target=self._work, name="cachepact-background", daemon=True)
            self._workers.add(worker)
            worker.start()

    def _work(self) -> None:
        try:
            while (job := self._next()) is not None:
                pause_ms = None if job.stopped else self._advance(job)
                if pause_ms is not None:
                    with self._changed:
                        if not self._closed:
                            due = time.monotonic() + pause_ms / 1000
                            heapq.heappush(self._sleeping, (due, next(self._order), job))
                            self._changed.notify()
        finally:
            with self._changed:
                self._workers.discard(threading.current_thread())

    def _next(self) -> Job | None:
        with self._changed:
            idle_since = time.monotonic()
            self._idle += 1
            try:
                while not self._closed:
                    now = time.monotonic()
                    while self._sleeping and self._sleeping[0][0] <= now:
                        self._ready.append(heapq.heappop(self._sleeping)[2])
                    if self._ready:
                        job = self._ready.popleft()
                        self._idle -= 1
                        try:
                            self._staff()
                            if self._ready:
                                self._changed.notify()
                        finally:
                            self._idle += 1
                        return job
                    if not self._sleeping and now - idle_since >= _IDLE_S:
                        return None
                    self._changed.wait(self._sleeping[0][0] - now if self._sleeping else _IDLE_S)
                return None
            finally:
                self._idle -= 1
