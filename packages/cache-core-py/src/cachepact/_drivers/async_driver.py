"""Carries out flows with asyncio."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import os
from typing import TYPE_CHECKING, Any, TypeVar

from cachepact._errors import CachepactError
from cachepact._readiness import closed
from cachepact._store.async_transport import AsyncTransport
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

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from cachepact._coalescing.settled import Settled
    from cachepact._core import Core
    from cachepact._store.connection import Handshake

T = TypeVar("T")

_CLOSE_TIMEOUT_S = 1.0
"""How long ``close`` waits for what is on its way: the replies of one round of scripts."""


class AsyncDriver:
    """One event loop, one driver. A step of a flow runs without a break; between steps anything may happen."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._loop: asyncio.AbstractEventLoop | None = None
        self._pid = os.getpid()
        self._closing = False
        """Whether calls from outside are refused."""
        self._ended = False
        """Whether nothing is begun any more."""
        self._ending: asyncio.Task[None] | None = None
        self._set_up()

    def _set_up(self) -> None:
        self._transport = AsyncTransport(self._core.options, self._connected, self._core.disconnected)
        self._background: set[asyncio.Task[Any]] = set()
        self._leading: set[asyncio.Task[Any]] = set()
        self._shielded: set[asyncio.Task[Any]] = set()
        self._writes = 0
        self._woken = asyncio.Event()
        self._written = asyncio.Event()

    def call(self, flow: Flow[T]) -> Coroutine[Any, Any, T]:
        """Run the flow of a call from outside. E_CLOSED after ``close``; E_OPTION in a second event loop."""
        if self._closing:
            flow.close()
            raise closed()
        if asyncio.get_running_loop() is not self._loop:
            self._enter()
        return self.run(flow)

    async def write(self, flow: Flow[T]) -> T:
        """Run as ``call`` a flow that ``close`` waits for."""
        running = self.call(flow)
        self._writes += 1
        try:
            return await running
        finally:
            self._writes -= 1
            if self._closing and self._writes == 0:
                self._written.set()

    async def run(self, flow: Flow[T]) -> T:
        """Run a flow to its end."""
        events = self._core.events
        result: Any = None
        error: BaseException | None = None
        while True:
            try:
                effect = flow.send(result) if error is None else flow.throw(error)
            except StopIteration as stop:
                value: T = stop.value
                return value
            finally:
                # An error that was kept here would hold this frame, and the frame the error.
                error = None
                if events.waiting:
                    events.tell(events.take())
            try:
                # The hot path: a hit is this one effect.
                result = await (self._transport.get(effect.key) if type(effect) is Get else self._perform(effect))
            except BaseException as failure:  # noqa: BLE001 - the flow decides
                error = failure

    def _enter(self) -> None:
        """Begin in the running event loop. What an ended loop, or the parent of this process, had under way is lost."""
        former, self._loop = self._loop, asyncio.get_running_loop()
        if former is None:
            return
        child = os.getpid() != self._pid
        if not child and not former.is_closed():
            self._loop = former
            raise CachepactError(
                "E_OPTION",
                "an AsyncCache belongs to the event loop of its first call, which is still open: found a call in "
                "another one; make a cache for each loop, or use Cache in threads",
            )
        self._pid = os.getpid()
        self._set_up()
        self._core.forget(child=child)

    async def close(self) -> None:
        """Finish what callers wait for, for at most a second, then end everything."""
        if asyncio.get_running_loop() is not self._loop:
            self._enter()
        if self._ending is None:
            self._closing = self._core.closing = True
            self._ending = asyncio.get_running_loop().create_task(self._end())
        # All that call it wait for the one end; none of them can break it off.
        await asyncio.shield(self._ending)

    async def _end(self) -> None:
        self._woken.set()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_CLOSE_TIMEOUT_S):
                await self._finish()
        self._ended = True
        self._core.close()
        await _cancel(*self._leading, *self._background)
        await self._transport.close()
        # Without a connection each of these ends by itself.
        if self._shielded:
            await asyncio.wait(tuple(self._shielded), timeout=_CLOSE_TIMEOUT_S)
        await _cancel(*self._shielded)

    async def _finish(self) -> None:
        while self._leading or self._shielded:
            await asyncio.wait((*self._leading, *self._shielded))
        if self._writes:
            await self._written.wait()
        await self.run(self._core.quarantine.settle(self._core.scripts))

    async def _perform(self, effect: Effect) -> Any:
        match effect:
            case RunScript(name, keys, argv):
                return await self._transport.script(name, keys, argv)
            case Call():
                return await self._call(effect)
            case Wait(settled):
                await _settled(settled)
            case Lead(flow):
                self._start(flow, self._leading)
            case Shield(flow):
                return await self._shield(flow)
            case Spawn(flow):
                return self._start(flow, self._background)
            case Stop(handle):
                if handle is not None:
                    handle.cancel()
            case Together(flows):
                return await self._together(flows)
            case Sleep(ms):
                await asyncio.sleep(ms / 1000)
            case Pause(ms):
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._woken.wait(), ms / 1000)
            case NextTick():
                await asyncio.sleep(0)
            case Command(args):
                return await self._transport.command(args)
            case Connect():
                return await self._transport.connect()
            case Get(key):
                return await self._transport.get(key)
        return None

    async def _call(self, effect: Call) -> Any:
        answer = effect.function()
        if not inspect.isawaitable(answer):
            return answer
        if effect.timeout_ms is None:
            return await answer
        task = asyncio.ensure_future(answer)
        try:
            done, _ = await asyncio.wait({task}, timeout=effect.timeout_ms / 1000)
        except asyncio.CancelledError:
            task.cancel()
            raise
        if done:
            if task.cancelled():
                raise CachepactError("E_LOADER", "a loader ended as cancelled, though nobody cancelled it; check it")
            return task.result()
        # The caller is answered first: a loader that takes its time to end, or does not, must not hold it up.
        task.cancel()
        task.add_done_callback(_drop)
        raise CallTimeoutError

    async def _shield(self, flow: Flow[T]) -> T:
        task = asyncio.get_running_loop().create_task(self.run(flow))
        self._shielded.add(task)
        task.add_done_callback(self._shielded.discard)
        task.add_done_callback(_drop)
        # Not awaited itself: a caller that is cancelled here leaves the task alone.
        await asyncio.wait({task})
        if task.cancelled():
            raise closed()
        return task.result()

    async def _together(self, flows: tuple[Flow[Any], ...]) -> list[Any]:
        if len(flows) > 1:
            return await asyncio.gather(*(self.run(flow) for flow in flows), return_exceptions=True)
        try:
            return [await self.run(flows[0])] if flows else []
        except Exception as error:  # noqa: BLE001 - an outcome like any other
            return [error]

    def _start(self, flow: Flow[Any], tasks: set[asyncio.Task[Any]]) -> asyncio.Task[Any] | None:
        if self._ended:
            flow.close()
            if tasks is self._leading:
                raise closed()
            return None
        task = asyncio.get_running_loop().create_task(self.run(flow))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        task.add_done_callback(_drop)
        return task

    def _connected(self, handshake: Handshake) -> None:
        self._start(self._core.connected(handshake.server, handshake.server_ms, handshake.sent_at), self._background)


async def _cancel(*tasks: asyncio.Task[Any]) -> None:
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks)


def _drop(task: asyncio.Future[Any]) -> None:
    """Take note of a failure that nobody waits for: each has been counted where it happened."""
    if not task.cancelled():
        task.exception()


async def _settled(settled: Settled[Any]) -> None:
    future: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def wake() -> None:
        if not future.done():
            future.set_result(None)

    settled.when_done(wake)
    await future
