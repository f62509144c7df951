"""Carries out flows with asyncio."""

from __future__ import annotations

import asyncio
import inspect
from typing import TYPE_CHECKING, Any, TypeVar

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
    RunScript,
    Sleep,
    Spawn,
    Stop,
    Together,
    Wait,
)

if TYPE_CHECKING:
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
        self._transport = AsyncTransport(core.options, self._connected, core.disconnected)
        self._background: set[asyncio.Task[Any]] = set()
        self._leading: set[asyncio.Task[Any]] = set()
        self._closing = False

    async def call(self, flow: Flow[T]) -> T:
        """Run the flow of a call from outside. E_CLOSED after ``close``."""
        if self._closing:
            flow.close()
            raise closed()
        return await self.run(flow)

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
                if events.waiting:
                    events.tell(events.take())
            try:
                # The hot path: a hit is this one effect.
                result = await (self._transport.get(effect.key) if type(effect) is Get else self._perform(effect))
                error = None
            except BaseException as failure:  # noqa: BLE001 - the flow decides
                error = failure

    async def close(self) -> None:
        """Finish what callers wait for, for at most a second, then end everything."""
        self._closing = True
        if self._leading:
            await asyncio.wait(tuple(self._leading), timeout=_CLOSE_TIMEOUT_S)
        tasks = (*self._leading, *self._background)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        await self._transport.close()

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
            case Spawn(flow):
                return self._start(flow, self._background)
            case Stop(handle):
                if handle is not None:
                    handle.cancel()
            case Together(flows):
                return await self._together(flows)
            case Sleep(ms):
                await asyncio.sleep(ms / 1000)
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
            return task.result()
        # The caller is answered first: a loader that takes its time to end, or does not, must not hold it up.
        task.cancel()
        task.add_done_callback(_drop)
        raise CallTimeoutError

    async def _together(self, flows: tuple[Flow[Any], ...]) -> list[Any]:
        if len(flows) > 1:
            return await asyncio.gather(*(self.run(flow) for flow in flows), return_exceptions=True)
        try:
            return [await self.run(flows[0])] if flows else []
        except Exception as error:  # noqa: BLE001 - an outcome like any other
            return [error]

    def _start(self, flow: Flow[Any], tasks: set[asyncio.Task[Any]]) -> asyncio.Task[Any] | None:
        if self._closing:
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
