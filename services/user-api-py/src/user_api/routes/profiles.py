"""``GET /profiles/{id}``: the public face of a user."""

# FastAPI reads the annotations of handlers at run time; ids are parsed by `parse_id`, not by FastAPI.
# ruff: noqa: FAST003, TC002
from __future__ import annotations

from typing import TYPE_CHECKING

from cachepact_contracts import Profile
from starlette.requests import Request
from starlette.responses import Response

from user_api import openapi
from user_api.answer import send_value
from user_api.cache_header import read_entry
from user_api.errors import not_found
from user_api.request import parse_id

if TYPE_CHECKING:
    from cachepact import AsyncEntityCache
    from cachepact_contracts import ProfileKey
    from fastapi import FastAPI


def add_profile_routes(app: FastAPI, *, profiles: AsyncEntityCache[ProfileKey, Profile]) -> None:
    """Add the route."""

    @app.get("/profiles/{id}", **openapi.GET_PROFILE)
    async def get_profile(request: Request) -> Response:
        user_id = parse_id(request.path_params["id"])
        read = await read_entry(profiles, Profile.key(user_id=user_id))
        if read.value is None:
            raise not_found(f"user {user_id}", read.headers)
        return send_value(200, Profile.__cachepact__, read.value, read.headers)
