"""The one error of cachepact.

- Exception
  - CachepactError: told apart by ``code``, a closed list that every language shares (wire/vocabulary/errors.json)

Reads raise what the loader raised, and E_LOAD_TIMEOUT, E_LOADER, E_MIN_VERSION; they never raise because of Redis.
Writes raise E_FENCE (nothing was committed), E_UNCONFIRMED and E_PENDING (see ``committed``), and for write-behind
E_UNAVAILABLE, E_FULL (nothing was accepted) and E_UNKNOWN. Wrong use raises E_OPTION, E_PATTERN and the codes of keys
and values. Absence is a value, not an error.
"""

from __future__ import annotations

from typing import TypeGuard

from cachepact._gen.errors import ERRORS, ErrorCode


class CachepactError(Exception):
    """An error of cachepact; ``code`` tells which, and the message says what was found and what to do.

    No field ever holds a value, a payload or a secret. What led to the error is its ``__cause__``.
    """

    code: ErrorCode
    retryable: bool
    """Whether the same call may succeed later, by the vocabulary."""
    field: str | None
    """Path of the field or key parameter at fault, by proto names: ``labels``, ``address.street``."""
    retry_after_ms: int | None
    """When a retry makes sense, in ms from now."""
    current: int | None
    """E_CONFLICT: the version that the entry has; 0 = absent."""
    op: str | None
    """E_UNKNOWN: the op id of the write whose outcome is unknown."""
    committed: bool | None
    """Whether the caller's own transaction was committed."""
    problems: tuple[str, ...]
    """E_OPTION, E_CONFIG: every problem found, one line each."""

    def __init__(
        self,
        code: ErrorCode,
        message: str,
        *,
        field: str | None = None,
        retry_after_ms: int | None = None,
        current: int | None = None,
        op: str | None = None,
        committed: bool | None = None,
        problems: tuple[str, ...] = (),
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.retryable = ERRORS[code].retryable
        self.field = field
        self.retry_after_ms = retry_after_ms
        self.current = current
        self.op = op
        self.committed = committed
        self.problems = problems


def is_cachepact_error(error: object, code: ErrorCode | None = None) -> TypeGuard[CachepactError]:
    """Whether ``error`` is a CachepactError, of ``code`` when one is given."""
    return isinstance(error, CachepactError) and (code is None or error.code == code)
