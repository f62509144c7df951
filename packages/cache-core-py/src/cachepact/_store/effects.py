"""What the protocol asks of the world.

The protocol exists once, as generators that yield these effects and receive their results. Two drivers carry them out:
one with asyncio, one with threads. Between two effects a generator runs alone, in both.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar

from msgspec import Struct

if TYPE_CHECKING:
    from cachepact._coalescing.settled import Settled

T = TypeVar("T")

RUN_ID: Final = "\0run_id"
"""Stands in the arguments of a script for the run_id of the server at the other end of the connection that sends it."""

Argument = str | bytes
ScriptCommand = Literal["acquire", "fill", "begin", "finish", "store", "renew", "release", "accept", "pending"]
"""The scripts that this package sends."""


class Get(Struct, frozen=True):
    """Read one value. Gives its bytes or None; raises TransportError."""

    key: str


class RunScript(Struct, frozen=True):
    """Run a script, sent once. Gives its reply, a flat list of bytes; raises TransportError."""

    name: ScriptCommand
    keys: tuple[str, ...]
    argv: tuple[Argument, ...]


class Command(Struct, frozen=True):
    """Any other command. Gives its reply; raises TransportError."""

    args: tuple[str, ...]


class Connect(Struct, frozen=True):
    """See to it that there is a connection. Gives what it learned about its server; raises TransportError."""


class Call(Struct, frozen=True):
    """Call a function of the user and wait for its result; CallTimeoutError after ``timeout_ms``, None = never."""

    function: Callable[[], Any]
    timeout_ms: float | None


class Sleep(Struct, frozen=True):
    """Wait."""

    ms: float


class Pause(Struct, frozen=True):
    """Wait, but no longer than until the cache is closed."""

    ms: float


class NextTick(Struct, frozen=True):
    """Let the other callers of this moment come first: what they add goes out in one message. No wait with threads."""


class Spawn(Struct, frozen=True):
    """Run a flow beside this one. Gives a handle for ``Stop``; its failures are dropped, each has been counted."""

    flow: Flow[Any]


class Stop(Struct, frozen=True):
    """End a spawned flow."""

    handle: Any


class Lead(Struct, frozen=True):
    """Run a flow whose result many wait for: it must not end because the caller that began it is cancelled.

    With asyncio it runs in a task of its own; with threads in the calling thread, and the effect ends with it.
    """

    flow: Flow[Any]


class Shield(Struct, frozen=True):
    """Run a flow and give its result; a caller that is cancelled meanwhile does not cancel it.

    For what must reach Redis once something was committed. With threads it runs in the calling thread.
    """

    flow: Flow[Any]


class Wait(Struct, frozen=True):
    """Wait until something is settled."""

    settled: Settled[Any]


class Together(Struct, frozen=True):
    """Run flows beside each other (one after the other with threads). Gives an outcome for each: value or exception."""

    flows: tuple[Flow[Any], ...]


Effect = (
    Get
    | RunScript
    | Command
    | Connect
    | Call
    | Sleep
    | Pause
    | NextTick
    | Spawn
    | Stop
    | Lead
    | Shield
    | Wait
    | Together
)
Flow = Generator[Effect, Any, T]


class CallTimeoutError(Exception):
    """A function of the user did not end in time."""
