"""Carries out flows with threads."""

from __future__ import annotations

import inspect
import os
import threading
import time
import weakref
from typing import TYPE_CHECKING, Any, TypeVar

from cachepact._drivers.background import WORKERS_MAX, Background, Job
from cachepact._errors import CachepactError
from cachepact._readiness import closed
from cachepact._store.effects import (
    Call,
    CallTimeoutError,
    Command,
    Connect,
    Effect,
    Flow,
    Get,
    Lead,
    NextTick,
    Pause,
    RunScript,
    Shield,
    Sleep,
    Spawn,
    Stop,
    Together,
    Wait,
)
from cachepact._store.sync_transport import SyncTransport

if TYPE_CHECKING:
    from cachepact._coalescing.settled import Settled
    from cachepact._core import Core
    from cachepact._store.connection import Handshake

T = TypeVar("T")

_CLOSE_TIMEOUT_S = 1.0
"""How long ``close`` waits for what is on its way: the replies of one round of scripts."""


_drivers: weakref.WeakSet[SyncDriver] = weakref.WeakSet()


def _after_fork() -> None:
    for driver in tuple(_drivers):
        driver.set_up()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


class SyncDriver:
    """One lock: a step of a flow runs alone, so that the protocol needs no locks of its own.

    It is held while a step computes, never while anything is waited for: Redis, a loader, another thread, a listener.
    """

    def __init__(self, core: Core) -> None:
        self._core = core
        # Loads may take every thread but not all: leases and fences must be renewed meanwhile.
        core.refreshes_max = WORKERS_MAX // 2
        self._closed = False
        self.set_up()
        _drivers.add(self)

    def set_up(self) -> None:
        """Begin anew, in a child process too: what another process's threads held is not ours."""
        self._step = threading.Lock()
        self._writes = 0
        self._written = threading.Condition(self._step)
        self._woken = threading.Event()
        self._transport = SyncTransport(self._core.options, self._connected, self._disconnected)
        self._background = Background(self._advance)
        self._core.forget(child=True)

    def call(self, flow: Flow[T]) -> T:
        """Run the flow of a call from outside. E_CLOSED after ``close``."""
        if self._closed:
            flow.close()
            raise closed()
        return self.run(flow)

    def write(self, flow: Flow[T]) -> T:
        """Run as ``call`` a flow that ``close`` waits for."""
        with self._step:
            self._writes += 1
        try:
            return self.call(flow)
        finally:
            with self._written:
                self._writes -= 1
                if self._writes <= 0:
                    self._written.notify_all()

    def run(self, flow: Flow[T]) -> T:
        """Run a flow to its end in this thread."""
        result: Any = None
        error: BaseException | None = None
        while True:
            try:
                with self._step:
                    effect = flow.send(result) if error is None else flow.throw(error)
            except StopIteration as stop:
                value: T = stop.value
                return value
            finally:
                # An error that was kept here would hold this frame, and the frame the error.
                error = None
                self._hand_out_events()
            try:
                result = self._perform(effect)
            except BaseException as failure:  # noqa: BLE001 - the flow decides
                error = failure

    def close(self) -> None:
        """Finish what callers wait for, for at most a second, then end everything."""
        with self._step:
            if self._closed:
                return
            self._closed = self._core.closing = True
        until = time.monotonic() + _CLOSE_TIMEOUT_S
        self._woken.set()
        with self._written:
            self._written.wait_for(lambda: self._writes <= 0, _CLOSE_TIMEOUT_S)
        settled = threading.Event()
        self._background.start(self._settle(settled))
        settled.wait(max(0.0, until - time.monotonic()))
        with self._step:
            self._core.close()
        self._background.close(_CLOSE_TIMEOUT_S)
        self._transport.close()

    def _settle(self, settled: threading.Event) -> Flow[None]:
        try:
            yield from self._core.quarantine.settle(self._core.scripts)
        finally:
            settled.set()

    def _advance(self, job: Job) -> float | None:
        """Run a background flow until it sleeps or ends."""
        result: Any = None
        error: BaseException | None = None
        while not job.stopped:
            try:
                with self._step:
                    effect = job.flow.send(result) if error is None else job.flow.throw(error)
            except StopIteration:
                return None
            except Exception:  # noqa: BLE001 - nobody waits for it, and it has been counted where it happened
                return None
            finally:
                error = None
                self._hand_out_events()
            if isinstance(effect, Sleep | Pause):
                return effect.ms
            try:
                result = self._perform(effect)
            except BaseException as failure:  # noqa: BLE001 - the flow decides
                error = failure
        return None

    def _perform(self, effect: Effect) -> Any:
        match effect:
            case Get(key):
                return self._transport.get(key)
            case RunScript(name, keys, argv):
                return self._transport.script(name, keys, argv)
            case Call():
                return self._call(effect)
            case Wait(settled):
                self._wait(settled)
            case Lead(flow):
                self.run(flow)
            case Shield(flow):
                return self.run(flow)
            case Spawn(flow):
                return self._background.start(flow)
            case Stop(handle):
                handle.stop()
            case Together(flows):
                return [self._outcome(flow) for flow in flows]
            case Sleep(ms):
                time.sleep(ms / 1000)
            case Pause(ms):
                self._woken.wait(ms / 1000)
            case NextTick():
                pass
            case Command(args):
                return self._transport.command(args)
            case Connect():
                return self._transport.connect()
        return None

    def _call(self, effect: Call) -> Any:
        started_at = self._core.clock.monotonic_ms()
        answer = effect.function()
        if inspect.isawaitable(answer):
            if inspect.iscoroutine(answer):
                answer.close()
            raise CachepactError(
                "E_LOADER", "a function given to a Cache returned an awaitable; use AsyncCache, or a plain function"
            )
        # A thread cannot be interrupted: the deadline is looked at when the function has ended.
        if effect.timeout_ms is not None and self._core.clock.monotonic_ms() - started_at >= effect.timeout_ms:
            raise CallTimeoutError
        return answer

    def _outcome(self, flow: Flow[Any]) -> Any:
        try:
            return self.run(flow)
        except Exception as error:  # noqa: BLE001 - an outcome like any other
            return error

    def _wait(self, settled: Settled[Any]) -> None:
        done = threading.Event()
        with self._step:
            settled.when_done(done.set)
        done.wait()

    def _hand_out_events(self) -> None:
        events = self._core.events
        if events.waiting:
            with self._step:
                waiting = events.take()
            events.tell(waiting)

    def _connected(self, handshake: Handshake) -> None:
        self.run(self._core.connected(handshake.server, handshake.server_ms, handshake.sent_at))

    def _disconnected(self) -> None:
        with self._step:
            self._core.disconnected()
