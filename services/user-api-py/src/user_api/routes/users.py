"""``GET PUT DELETE /users/{id}`` and ``POST /users``."""

# FastAPI reads the annotations of handlers at run time; ids are parsed by `parse_id`, not by FastAPI.
# ruff: noqa: FAST003, TC002
from __future__ import annotations

from typing import TYPE_CHECKING

from cachepact_contracts import User
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import Response

from user_api import openapi
from user_api.answer import send_value
from user_api.cache_header import read_entry
from user_api.errors import not_found
from user_api.preferences.preferences_cache import remove_preferences
from user_api.profiles.profile_cache import invalidate_profile
from user_api.request import parse_id, read_body
from user_api.users.user_body import parse_user_post, parse_user_put

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from cachepact import AbortSignal, AsyncEntityCache, WriteContext
    from cachepact_contracts import Preferences, PreferencesKey, Profile, ProfileKey, UserKey
    from fastapi import FastAPI

    from user_api.users.user_repository import UserRepository


def add_user_routes(
    app: FastAPI,
    *,
    users: AsyncEntityCache[UserKey, User],
    repository: UserRepository,
    profiles: AsyncEntityCache[ProfileKey, Profile],
    preferences: AsyncEntityCache[PreferencesKey, Preferences],
) -> None:
    """Add the routes."""

    async def write_user(user_id: int, commit: Callable[[AbortSignal], Awaitable[User]]) -> User:
        """Write-through around one statement, which commits by itself. Gives the committed row."""
        saved: list[User] = []

        async def persist(ctx: WriteContext) -> User:
            saved.append(await commit(ctx.signal))
            return saved[0]

        await users.write(User.key(id=user_id), persist)
        await invalidate_profile(profiles, user_id)
        return saved[0]

    @app.get("/users/{id}", **openapi.GET_USER)
    async def get_user(request: Request) -> Response:
        user_id = parse_id(request.path_params["id"])
        read = await read_entry(users, User.key(id=user_id))
        if read.value is None:
            raise not_found(f"user {user_id}", read.headers)
        return send_value(200, User.__cachepact__, read.value, read.headers)

    @app.put("/users/{id}", **openapi.PUT_USER)
    async def put_user(request: Request) -> Response:
        user_id = parse_id(request.path_params["id"])
        draft, expected_version = parse_user_put(user_id, await read_body(request))
        saved = await write_user(user_id, lambda signal: repository.update(user_id, draft, expected_version, signal))
        return send_value(200, User.__cachepact__, saved)

    @app.post("/users", **openapi.POST_USER)
    async def post_user(request: Request) -> Response:
        draft = parse_user_post(await read_body(request))
        # The id is taken first, so that the insert is a write-through as well: "not found" may be cached for this id.
        user_id = await repository.next_id()
        saved = await write_user(user_id, lambda signal: repository.insert(user_id, draft, signal))
        return send_value(201, User.__cachepact__, saved, {"location": f"/users/{user_id}"})

    @app.delete("/users/{id}", **openapi.DELETE_USER)
    async def delete_user(request: Request) -> Response:
        user_id = parse_id(request.path_params["id"])

        async def persist(ctx: WriteContext) -> None:
            await repository.delete(user_id, ctx.signal)

        await users.write(User.key(id=user_id), persist)
        await invalidate_profile(profiles, user_id)
        # After the answer: the user is gone whatever becomes of it.
        return Response(status_code=204, background=BackgroundTask(remove_preferences, preferences, user_id))
