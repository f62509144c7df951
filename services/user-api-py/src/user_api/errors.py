"""What a client is told when a request fails, and what in this service leads to it.

- Exception
  - HttpError: a status, a code, a message without secrets
    - DatabaseUnavailableError: Postgres gives no answer (503)

Anything else that a handler raises becomes a bare 500, except the errors of the cache that mean "not now" (503).
"""

from __future__ import annotations

import json
import math
import sys
from typing import TYPE_CHECKING, Literal, NoReturn

from cachepact import CachepactError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cachepact import ErrorCode

ServiceCode = Literal["NOT_FOUND", "CONFLICT", "UNAVAILABLE", "INTERNAL"]
"""What only a service can say; every other code of an error body is of the wire's closed list."""

RETRY_AFTER_MS = 1_000
"""How long a client should wait when nothing better is known: a Redis or Postgres restart takes about this long."""

NOT_NOW: frozenset[str] = frozenset(
    {"E_UNAVAILABLE", "E_FULL", "E_FENCE", "E_PENDING", "E_LOAD_TIMEOUT", "E_UNKNOWN", "E_CLOSED"}
)
"""Codes of the wire that mean "not now". Every other code is a bug or a wrong set-up."""

_SEE_LOG = "the request failed inside the service: its log has the reason"


class HttpError(Exception):
    """An error that a client is told."""

    def __init__(
        self,
        status: int,
        code: ErrorCode | ServiceCode,
        message: str,
        *,
        field: str | None = None,
        retry_after_ms: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.field = field
        self.retry_after_ms = retry_after_ms
        self.headers = headers or {}


class DatabaseUnavailableError(HttpError):
    """Postgres gives no answer. The cache may still have one; without it nothing is guessed."""

    def __init__(self) -> None:
        super().__init__(
            503, "UNAVAILABLE", "the database does not answer: try again later", retry_after_ms=RETRY_AFTER_MS
        )


def not_found(what: str, headers: Mapping[str, str] | None = None) -> HttpError:
    """404: the source of truth says that it does not exist."""
    return HttpError(404, "NOT_FOUND", f"{what} does not exist", headers=headers)


def conflict(what: str, *, expected: int, current: int) -> HttpError:
    """409: the row has another version than the request demands."""
    return HttpError(
        409,
        "CONFLICT",
        f"{what} has version {current}, the request expects {expected}: read it again and decide anew",
        field="version",
    )


def bad_request(code: ErrorCode, message: str, field: str | None = None) -> HttpError:
    """400: the request is ill-formed; ``field`` is the proto name of the part at fault."""
    return HttpError(400, code, message, field=field)


def too_large(limit_bytes: int) -> HttpError:
    """413: the body is over the limit."""
    return HttpError(413, "E_SIZE", f"the body is larger than {limit_bytes} bytes: send less")


def to_http_error(error: BaseException) -> HttpError:
    """Make an HttpError of anything that a handler may raise. What is not meant for a client becomes a bare 500."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, HttpError):
            return cause
        cause = cause.__cause__
    if isinstance(error, CachepactError):
        if error.code in NOT_NOW:
            return HttpError(
                503,
                error.code,
                "the cache cannot take this now: try again later",
                retry_after_ms=RETRY_AFTER_MS if error.retry_after_ms is None else error.retry_after_ms,
            )
        return HttpError(500, error.code, _SEE_LOG)
    return HttpError(500, "INTERNAL", _SEE_LOG)


def error_body(error: HttpError) -> str:
    """Give the body of every error, of both services: ``{"error":{"code","message","field"?}}``."""
    told = {"code": error.code, "message": error.message}
    if error.field is not None:
        told["field"] = error.field
    return json.dumps({"error": told}, ensure_ascii=False, separators=(",", ":"))


def retry_after_seconds(error: HttpError) -> str | None:
    """Seconds for the header Retry-After, at least 1; None when a retry makes no sense."""
    return None if error.retry_after_ms is None else str(max(1, math.ceil(error.retry_after_ms / 1000)))


def print_and_exit(program: str, error: BaseException) -> NoReturn:
    """End the process with code 1 and say why on stderr, every problem on a line of its own."""
    lines = [str(error)]
    if isinstance(error, CachepactError):
        lines += [f"  {problem}" for problem in error.problems]
    sys.stderr.write(f"{program}: " + "\n".join(lines) + "\n")
    sys.exit(1)
