"""The HTTP application with all routes."""

from __future__ import annotations

import time
import urllib.parse
from typing import TYPE_CHECKING

from fastapi import FastAPI
from starlette.exceptions import HTTPException

from user_api import openapi
from user_api.answer import send_error
from user_api.cache_header import observe_reads
from user_api.docs import add_docs
from user_api.errors import bad_request, not_found, to_http_error
from user_api.logs import log
from user_api.preferences.preferences_cache import create_preferences_cache
from user_api.preferences.preferences_repository import PreferencesRepository
from user_api.profiles.profile_cache import create_profile_cache
from user_api.profiles.profile_repository import ProfileRepository
from user_api.routes.health import add_health_routes
from user_api.routes.preferences import add_preferences_routes
from user_api.routes.profiles import add_profile_routes
from user_api.routes.users import add_user_routes
from user_api.telemetry import Metrics
from user_api.users.user_cache import create_user_cache
from user_api.users.user_repository import UserRepository

if TYPE_CHECKING:
    from cachepact import AsyncCache
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp, Lifespan, Message, Receive, Scope, Send

    from user_api.database import Database
    from user_api.errors import HttpError
    from user_api.repeat_filter import RepeatFilter

_QUIET = frozenset({"/healthz", "/readyz", "/metrics", "/openapi.json"})
"""Paths that machines ask for all the time: not worth a log line."""


def create_app(lifespan: Lifespan[FastAPI], repeats: RepeatFilter) -> FastAPI:
    """Make the application without its routes, which ``add_routes`` adds once the pool and the cache are there."""
    app = FastAPI(
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        redirect_slashes=False,
        exception_handlers={HTTPException: _no_route},
    )
    app.openapi = lambda: openapi.document(app)  # type: ignore[method-assign]
    app.add_middleware(AnswerAndLog, repeats=repeats)
    add_docs(app)
    return app


def add_routes(app: FastAPI, *, cache: AsyncCache, database: Database) -> None:
    """Add all routes. They close neither the cache nor the database."""
    observe_reads(cache)
    repository = UserRepository(database)
    users = create_user_cache(cache, repository)
    profiles = create_profile_cache(cache, ProfileRepository(database))
    preferences = create_preferences_cache(cache, PreferencesRepository(database))
    add_user_routes(app, users=users, repository=repository, profiles=profiles, preferences=preferences)
    add_profile_routes(app, profiles=profiles)
    add_preferences_routes(app, preferences=preferences, users=users)
    add_health_routes(app, cache=cache, database=database, metrics=Metrics(cache))


async def _no_route(request: Request, _error: Exception) -> Response:
    return send_error(not_found(f"{request.method} {request.url.path}"))


class AnswerAndLog:
    """Makes an answer of every error, and one log line of every request. Outermost: nothing escapes it."""

    def __init__(self, app: ASGIApp, repeats: RepeatFilter) -> None:
        self._app = app
        self._repeats = repeats

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: D102  # of ASGI
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        seen: dict[str, object] = {}

        async def watch(message: Message) -> None:
            if message["type"] == "http.response.start":
                seen["status"] = message["status"]
                cache = dict(message["headers"]).get(b"x-cache")
                seen.update({} if cache is None else {"cache": cache.decode()})
            await send(message)

        try:
            if _is_broken(scope["raw_path"]):
                raise bad_request("E_SYNTAX", "the path holds a broken percent-encoding")  # noqa: TRY301
            await self._app(scope, receive, watch)
        except Exception as error:
            answer = to_http_error(error)
            if answer.status >= 500:
                self._report(answer, error)
            if "status" in seen:
                raise
            await send_error(answer)(scope, receive, watch)
        if scope["path"] not in _QUIET:
            ms = round((time.perf_counter() - started) * 1000, 2)
            log.info("request", method=scope["method"], url=scope["path"], ms=ms, **seen)

    def _report(self, answer: HttpError, error: Exception) -> None:
        # An outage comes with many of these, and every request has its own line anyway.
        reason = repr(error.__cause__ or error)
        repeated = self._repeats.repeated(f"{answer.code} {reason}")
        if repeated is None:
            return
        if answer.status == 503:
            log.warning(answer.message, code=answer.code, reason=reason, repeated=repeated)
        else:
            log.error(answer.message, code=answer.code, repeated=repeated, exc_info=error)


def _is_broken(raw_path: bytes) -> bool:
    """Whether a path has percent-encoding that stands for no text."""
    raw = raw_path.partition(b"?")[0]
    decoded = urllib.parse.unquote_to_bytes(raw)
    try:
        decoded.decode()
    except UnicodeDecodeError:
        return True
    return any(not _HEX.issuperset(part[:2]) or len(part) < 2 for part in raw.split(b"%")[1:])


_HEX = frozenset(b"0123456789abcdefABCDEF")
