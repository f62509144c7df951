"""``GET PUT /users/{id}/preferences``. The user must exist; that question goes through the cache as well."""

# FastAPI reads the annotations of handlers at run time; ids are parsed by `parse_id`, not by FastAPI.
# ruff: noqa: FAST003, TC002
from __future__ import annotations

from typing import TYPE_CHECKING

from cachepact_contracts import Preferences, User
from starlette.requests import Request
from starlette.responses import Response

from user_api import openapi
from user_api.answer import send_value
from user_api.cache_header import read_entry
from user_api.errors import not_found
from user_api.preferences.preferences_body import parse_preferences_put
from user_api.request import parse_id, read_body

if TYPE_CHECKING:
    from cachepact import AsyncEntityCache
    from cachepact_contracts import PreferencesKey, UserKey
    from fastapi import FastAPI


def add_preferences_routes(
    app: FastAPI,
    *,
    preferences: AsyncEntityCache[PreferencesKey, Preferences],
    users: AsyncEntityCache[UserKey, User],
) -> None:
    """Add the routes."""

    async def demand_user(user_id: int) -> None:
        if await users.get(User.key(id=user_id)) is None:
            raise not_found(f"user {user_id}")

    @app.get("/users/{id}/preferences", **openapi.GET_PREFERENCES)
    async def get_preferences(request: Request) -> Response:
        user_id = parse_id(request.path_params["id"])
        await demand_user(user_id)
        read = await read_entry(preferences, Preferences.key(user_id=user_id))
        if read.value is None:
            raise not_found(f"a value of the preferences of user {user_id}", read.headers)
        return send_value(200, Preferences.__cachepact__, read.value, read.headers)

    @app.put("/users/{id}/preferences", **openapi.PUT_PREFERENCES)
    async def put_preferences(request: Request) -> Response:
        user_id = parse_id(request.path_params["id"])
        value = parse_preferences_put(user_id, await read_body(request))
        await demand_user(user_id)
        accepted = await preferences.put(Preferences.key(user_id=user_id), value)
        # 202: accepted by Redis, not in Postgres yet.
        return send_value(202, Preferences.__cachepact__, value, {"x-cachepact-version": str(accepted.version)})
