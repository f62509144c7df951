"""The documentation of the HTTP interface. It validates nothing: the contract does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

from cachepact_contracts import Preferences, Profile, User
from fastapi.openapi.utils import get_openapi
from starlette.responses import Response

from user_api.json_schema import SAFE_INTEGER, JsonSchema, json_schema
from user_api.users.user_body import POST_MEMBERS, PUT_MEMBERS

if TYPE_CHECKING:
    from enum import Enum

    from fastapi import FastAPI

_USER = User.__cachepact__.record.schema
_PROFILE = Profile.__cachepact__.record.schema
_PREFERENCES = Preferences.__cachepact__.record.schema

SCHEMAS: dict[str, JsonSchema] = {
    "User": json_schema(_USER),
    "UserPut": json_schema(_USER, required=PUT_MEMBERS),
    "UserPost": json_schema(_USER, required=POST_MEMBERS, omit=("id", "created_at", "version")),
    "Profile": json_schema(_PROFILE),
    "Preferences": json_schema(_PREFERENCES),
    "PreferencesPut": json_schema(_PREFERENCES, required=()),
    "Error": {
        "type": "object",
        "required": ["error"],
        "properties": {
            "error": {
                "type": "object",
                "required": ["code", "message"],
                "properties": {
                    "code": {
                        "type": "string",
                        "description": "NOT_FOUND, CONFLICT, UNAVAILABLE, INTERNAL, or an E_ code of cachepact",
                    },
                    "message": {"type": "string"},
                    "field": {
                        "type": "string",
                        "description": "the member or parameter at fault, by its proto name",
                    },
                },
            }
        },
    },
}
"""Components of the document, by the name under which routes refer to them."""


class Documentation(TypedDict):
    """The keyword arguments of a FastAPI route that document it."""

    tags: list[str | Enum]
    summary: str
    description: str
    status_code: int
    response_class: type[Response]
    responses: dict[int | str, dict[str, Any]]
    openapi_extra: dict[str, Any]


_TEXT = {"type": "string"}
_X_CACHE = {
    "schema": _TEXT,
    "description": "where the answer came from: hit, negative, stale, pending, miss or bypass",
}
_ID = {
    "name": "id",
    "in": "path",
    "required": True,
    "description": "id of the user",
    "schema": {"type": "integer", "minimum": -SAFE_INTEGER, "maximum": SAFE_INTEGER},
}


def _answer(name: str, description: str, headers: dict[str, Any] | None = None) -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}
    told = {"headers": headers} if headers else {}
    return {"description": description, **told, "content": content}


_ERRORS: dict[int, dict[str, Any]] = {
    400: _answer("Error", "an ill-formed id or body; the error names the field"),
    404: _answer("Error", "it does not exist"),
    409: _answer("Error", "the row has another version than the request expects"),
    413: _answer("Error", "the body is larger than 64 KiB"),
    503: _answer(
        "Error",
        "the database, or for a write-behind Redis, does not answer",
        {"retry-after": {"schema": _TEXT, "description": "seconds"}},
    ),
}


def _route(
    tag: str,
    summary: str,
    answers: dict[int | str, dict[str, Any]],
    *,
    errors: tuple[int, ...] = (),
    by_id: bool = False,
    body: str | None = None,
    description: str = "",
) -> Documentation:
    extra: dict[str, Any] = {"parameters": [_ID]} if by_id else {}
    if body is not None:
        content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{body}"}}}
        extra["requestBody"] = {"required": True, "content": content}
    return {
        "tags": [tag],
        "summary": summary,
        "description": description,
        "status_code": int(next(iter(answers))),
        "response_class": Response,
        "responses": {**answers, **{status: _ERRORS[status] for status in errors}},
        "openapi_extra": extra,
    }


def _state(description: str) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": {"type": "object"}}}}


GET_USER = _route(
    "users",
    "Read a user",
    {200: _answer("User", "the user", {"x-cache": _X_CACHE})},
    errors=(400, 404, 503),
    by_id=True,
)
PUT_USER = _route(
    "users",
    "Replace a user: committed, and in the cache, when this answers",
    {200: _answer("User", "the committed user")},
    errors=(400, 404, 409, 413, 503),
    by_id=True,
    body="UserPut",
    description="A version other than 0 is the one that the row must have, else 409. "
    "id and created_at may be left out.",
)
POST_USER = _route(
    "users",
    "Add a user",
    {201: _answer("User", "the new user", {"location": {"schema": _TEXT}})},
    errors=(400, 413, 503),
    body="UserPost",
)
DELETE_USER = _route(
    "users",
    "Delete a user with its preferences",
    {204: {"description": "deleted"}},
    errors=(400, 404, 503),
    by_id=True,
)
GET_PROFILE = _route(
    "profiles",
    "Read the public face of a user",
    {200: _answer("Profile", "the profile", {"x-cache": _X_CACHE})},
    errors=(400, 404, 503),
    by_id=True,
)
GET_PREFERENCES = _route(
    "preferences",
    "Read the preferences of a user",
    {200: _answer("Preferences", "the preferences", {"x-cache": _X_CACHE})},
    errors=(400, 404, 503),
    by_id=True,
    description="404 as well when the user exists and nothing was set.",
)
PUT_PREFERENCES = _route(
    "preferences",
    "Set the preferences of a user: accepted by Redis, in the database moments later",
    {
        202: _answer(
            "Preferences",
            "the accepted preferences",
            {"x-cachepact-version": {"schema": _TEXT, "description": "version of the accepted write"}},
        )
    },
    errors=(400, 404, 413, 503),
    by_id=True,
    body="PreferencesPut",
    description="What the body leaves out is set to its default. user_id may be left out.",
)
HEALTHZ = _route("operations", "The process lives", {200: _state("it does")})
READYZ = _route(
    "operations",
    "Postgres answers; the state of Redis is reported, not required",
    {200: _state("ready"), 503: _state("Postgres does not answer")},
)
METRICS = _route(
    "operations",
    "Prometheus metrics",
    {200: {"description": "the text format of Prometheus", "content": {"text/plain": {"schema": _TEXT}}}},
)


def document(app: FastAPI) -> dict[str, Any]:
    """Make the OpenAPI document of the routes that the application has."""
    described = get_openapi(
        title="user-api-py",
        version="0.1.0",
        description="Users, profiles and preferences on a shared cache.",
        routes=app.routes,
    )
    described["components"] = {"schemas": SCHEMAS}
    return described
