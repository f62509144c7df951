"""Sends ``finish`` until Redis acknowledges it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachepact._errors import CachepactError
from cachepact._random import spread
from cachepact._resilience.quarantine import RETRY_FIRST_MS, RETRY_MAX_MS, Undelivered
from cachepact._store.effects import Flow, Pause
from cachepact._store.transport_error import TransportError

if TYPE_CHECKING:
    from cachepact._core import EntityContext
    from cachepact._key import EntryKeys
    from cachepact._store.scripts import Finish


def deliver(context: EntityContext, keys: EntryKeys, finish: Finish) -> Flow[str | None]:
    """Send ``finish`` until it is acknowledged or the deadline passes; then the key is quarantined: None.

    May be sent any number of times, late copies included: each deletes at most one value more than needed. A connection
    that has been away for the whole deadline already is not waited for again. E_SCRIPT.
    """
    core = context.core
    give_up_at = core.clock.monotonic_ms() + core.options.deliver_timeout_ms - core.down_ms
    delay_ms = float(RETRY_FIRST_MS)
    while True:
        try:
            return (yield from core.scripts.finish(context.record, keys, finish))
        except TransportError as error:
            refuse_bad_arguments(error, "finish")
            pause_ms = spread(core.random, delay_ms)
            if core.closing or core.clock.monotonic_ms() + pause_ms >= give_up_at:
                yield from core.quarantine.add(Undelivered(context.record, keys, finish), core.scripts)
                return None
        # Closing does not wait for the pause: one more message, at once.
        yield Pause(pause_ms)
        delay_ms = min(delay_ms * 2, RETRY_MAX_MS)


def refuse_bad_arguments(error: TransportError, script: str) -> None:
    """Raise E_SCRIPT for arguments that a script refuses: a bug, which must not be retried in silence."""
    if error.word == "BADARG":
        raise CachepactError("E_SCRIPT", f"script {script} refused its arguments ({error}); report this") from error
