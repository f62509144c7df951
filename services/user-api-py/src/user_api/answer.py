"""What a client gets back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from starlette.responses import Response

from user_api.errors import error_body, retry_after_seconds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cachepact import Entity

    from user_api.errors import HttpError

V = TypeVar("V")

_JSON_TYPE = "application/json; charset=utf-8"


def send_json(status: int, text: str, headers: Mapping[str, str] | None = None) -> Response:
    """Send JSON text as it is: the contract made it canonical, so both services answer with the same bytes."""
    return Response(text, status, headers, _JSON_TYPE)


def send_value(status: int, entity: Entity[Any, V], value: V, headers: Mapping[str, str] | None = None) -> Response:
    """Send a value as the contract's JSON."""
    return send_json(status, entity.to_json(value), headers)


def send_error(error: HttpError) -> Response:
    """Send an error, with Retry-After where a retry makes sense."""
    seconds = retry_after_seconds(error)
    headers = {**error.headers, **({} if seconds is None else {"retry-after": seconds})}
    return send_json(error.status, error_body(error), headers)
