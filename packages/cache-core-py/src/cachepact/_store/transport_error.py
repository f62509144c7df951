"""A command without a usable reply."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from redis import exceptions

if TYPE_CHECKING:
    from cachepact._events import FailureReason

Effect = Literal["none", "unknown"]
"""Whether a failed command may have taken effect: ``none`` = surely not; ``unknown`` = it may have, or may yet."""

# Words with which a server refuses a script before it runs.
_REFUSALS = frozenset({
    "NOSCRIPT", "LOADING", "READONLY", "MASTERDOWN", "NOREPLICAS", "BUSY", "CLUSTERDOWN", "MISCONF", "NOAUTH", "NOPERM",
    "BADARG",
})  # fmt: skip

# The client library takes these words out of the message and makes a class of them.
_WORDS: tuple[tuple[type[Exception], str], ...] = (
    (exceptions.OutOfMemoryError, "OOM"),
    (exceptions.NoScriptError, "NOSCRIPT"),
    (exceptions.ReadOnlyError, "READONLY"),
    (exceptions.BusyLoadingError, "LOADING"),
    (exceptions.NoPermissionError, "NOPERM"),
    (exceptions.AuthenticationError, "NOAUTH"),
)


class TransportError(Exception):
    """A command without a usable reply. Internal: callers see the database's answer or a CachepactError.

    Every decision is made on ``reason``, ``effect`` and ``word``; the text is for people.
    """

    def __init__(self, reason: FailureReason, effect: Effect, word: str, text: str) -> None:
        super().__init__(f"redis: {text}")
        self.reason: FailureReason = reason
        self.effect: Effect = effect
        self.word = word
        """The first word of the server's error (OOM, NOSCRIPT, BADARG), or TIMEOUT, UNAVAILABLE, CUT."""


def classify(error: Exception, *, sent: bool) -> TransportError:
    """Name what the client library or the server reported. ``sent``: a byte of the command may have left."""
    if isinstance(error, TransportError):
        return error
    found = _classify(error, sent=sent)
    found.__cause__ = error
    return found


def _classify(error: Exception, *, sent: bool) -> TransportError:
    word = next((word for kind, word in _WORDS if isinstance(error, kind)), "")
    if word or isinstance(error, exceptions.ResponseError):
        text = str(error)
        word = word or text.split(" ", 1)[0]
        if word == "OOM":
            return TransportError("oom", "none", word, text)
        return TransportError("error", "none" if word in _REFUSALS or not sent else "unknown", word, text)
    if isinstance(error, exceptions.TimeoutError | TimeoutError):
        return TransportError("timeout", "unknown" if sent else "none", "TIMEOUT", "no reply in time")
    if sent:
        # The connection broke while the command was under way: the server may have run it.
        return TransportError("unavailable", "unknown", "CUT", "the connection broke")
    return unavailable()


def unavailable(cause: BaseException | None = None) -> TransportError:
    """Make the error of a command that could not be sent; ``cause``: why there is no connection."""
    error = TransportError("unavailable", "none", "UNAVAILABLE", "there is no connection")
    error.__cause__ = cause
    return error


def unexpected(script: str, found: str) -> TransportError:
    """Make the error of a reply outside the closed table: a newer script under an older client."""
    return TransportError("error", "unknown", "UNEXPECTED", f"script {script} answered {found[:40]}")
