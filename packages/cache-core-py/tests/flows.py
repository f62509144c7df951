"""Runs flows without a world: a test plays Redis, the loader and time itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cachepact._store.effects import Effect, Flow, Lead

if TYPE_CHECKING:
    from collections.abc import Callable


class Runner:
    """One caller's flow, one effect at a time."""

    def __init__(self, flow: Flow[Any]) -> None:
        self._flow = flow
        self.effect: Effect | None = None
        self.ended = False
        self.result: Any = None
        self.error: Exception | None = None
        self.go(None)

    def go(self, answer: Any) -> None:
        """Answer the present effect; go on to the next."""
        self._step(lambda: self._flow.send(answer))

    def throw(self, error: Exception) -> None:
        self._step(lambda: self._flow.throw(error))

    def _step(self, step: Callable[[], Effect]) -> None:
        try:
            self.effect = step()
        except StopIteration as stop:
            self.ended, self.result = True, stop.value
        except Exception as error:  # noqa: BLE001 - the flow's own outcome
            self.ended, self.error = True, error

    def lead(self) -> Runner:
        """Begin the flow that this one leads, in a place of its own, and let this one wait for it."""
        assert isinstance(self.effect, Lead)
        led = Runner(self.effect.flow)
        self.go(None)
        return led
