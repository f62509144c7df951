"""The TypeScript and the Python service on one cache and one database."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import redis
from stack import Stack, error_of, eventually

if TYPE_CHECKING:
    import httpx

pytestmark = pytest.mark.redis

WRITER_AND_READER = [("typescript", "python"), ("python", "typescript")]


def both(stack: Stack, first: str, second: str) -> tuple[httpx.Client, httpx.Client]:
    return getattr(stack, first), getattr(stack, second)


def forget(stack: Stack, *keys: str) -> None:
    with redis.Redis.from_url(stack.redis.url) as client:
        client.delete(*keys)


@pytest.mark.parametrize(("first", "second"), WRITER_AND_READER)
def test_one_fills_the_other_hits_with_the_same_bytes(stack: Stack, first: str, second: str) -> None:
    filler, reader = both(stack, first, second)
    user = stack.new_user(
        name="Zoë 🚀", labels={"10": "x", "9": "y", "ü": "\U0001f3f7"}, balance_cents="-9007199254740993"
    )
    forget(stack, f"user@1:{user['id']}", f"profile:{user['id']}")
    for path in (f"/users/{user['id']}", f"/profiles/{user['id']}"):
        filled, read = filler.get(path), reader.get(path)
        assert (filled.headers["x-cache"], read.headers["x-cache"]) == ("miss", "hit")
        assert read.content == filled.content
        assert filler.get(path).content == filled.content


@pytest.mark.parametrize(("first", "second"), WRITER_AND_READER)
def test_a_write_through_one_is_seen_by_the_other_at_once(stack: Stack, first: str, second: str) -> None:
    writer, reader = both(stack, first, second)
    user = stack.new_user()
    for path in (f"/users/{user['id']}", f"/profiles/{user['id']}"):
        assert reader.get(path).status_code == 200
    for number in range(10):
        current = reader.get(f"/users/{user['id']}").json()
        saved = writer.put(f"/users/{user['id']}", json={**current, "name": f"name {number}"})
        assert saved.status_code == 200
        seen = reader.get(f"/users/{user['id']}")
        assert (seen.headers["x-cache"], seen.content) == ("hit", saved.content)
        assert reader.get(f"/profiles/{user['id']}").json()["display_name"] == f"name {number}"
    assert writer.delete(f"/users/{user['id']}").status_code == 204
    for path in (f"/users/{user['id']}", f"/profiles/{user['id']}"):
        assert reader.get(path).status_code == 404


@pytest.mark.parametrize(("first", "second"), WRITER_AND_READER)
def test_a_user_added_by_one_is_a_hit_of_the_other(stack: Stack, first: str, second: str) -> None:
    writer, reader = both(stack, first, second)
    user_id = stack.new_user()["id"] + 1
    assert reader.get(f"/users/{user_id}").status_code == 404
    added = writer.post("/users", json={"email": "a@b.c", "name": "New"})
    assert added.json()["id"] == user_id
    seen = reader.get(f"/users/{user_id}")
    assert (seen.status_code, seen.headers["x-cache"], seen.content) == (200, "hit", added.content)


@pytest.mark.parametrize(("first", "second"), WRITER_AND_READER)
def test_preferences_accepted_by_one_are_read_by_the_other_at_once(stack: Stack, first: str, second: str) -> None:
    writer, reader = both(stack, first, second)
    path = f"/users/{stack.new_user()['id']}/preferences"
    for number in range(10):
        body = {"theme": "THEME_LIGHT", "language": f"l{number}", "email_opt_in": False, "settings": {"a": "b"}}
        accepted = writer.put(path, json=body)
        assert accepted.status_code == 202, accepted.text
        assert reader.get(path).content == accepted.content


USER: dict[str, Any] = {"email": "a", "name": "b", "roles": [], "labels": {}, "balance_cents": "0"}
BAD = [
    ("GET", "/users/abc", None),
    ("GET", "/users/9007199254740992", None),
    ("GET", "/users/%zz", None),
    ("GET", "/users/987654320", None),
    ("GET", "/profiles/+1", None),
    ("GET", "/nothing?a=b", None),
    ("PATCH", "/users/1", None),
    ("PUT", "/users/987654320", json.dumps(USER)),
    ("PUT", "/users/1", ""),
    ("PUT", "/users/1", "{"),
    ("PUT", "/users/1", "[1]"),
    ("PUT", "/users/1", json.dumps(USER) + "x"),
    ("PUT", "/users/1", '{"a":1,"a":2}'),
    ("PUT", "/users/1", json.dumps({**USER, "roles": "x"})),
    ("PUT", "/users/1", json.dumps({**USER, "balance_cents": 1.5})),
    ("PUT", "/users/1", json.dumps({**USER, "balance_cents": "99999999999999999999"})),
    ("PUT", "/users/1", json.dumps({**USER, "version": -1})),
    ("PUT", "/users/1", json.dumps({**USER, "id": 2})),
    ("PUT", "/users/1", json.dumps({**USER, "name": None})),
    ("PUT", "/users/1", json.dumps({**USER, "name": "\0"})),
    ("PUT", "/users/1", json.dumps({**USER, "name": "\ud800"})),
    ("PUT", "/users/1", json.dumps({**USER, "created_at": "x"})),
    ("PUT", "/users/1", json.dumps({**USER, "name": "x" * 70_000})),
    ("PUT", "/users/1", json.dumps({**USER, "name": "x" * 20_000})),
    ("PUT", "/users/1", '{"email":"' + "[" * 40_000),
    ("PUT", "/users/1", "[" * 40_000),
    ("POST", "/users", json.dumps({"name": "x"})),
    ("POST", "/users", json.dumps({**USER, "id": 5})),
    ("PUT", "/users/1/preferences", '{"theme":"THEME_PINK"}'),
    ("PUT", "/users/1/preferences", '{"user_id":2}'),
    ("PUT", "/users/987654320/preferences", "{}"),
]


@pytest.mark.parametrize(("method", "path", "body"), BAD, ids=range(len(BAD)))
def test_both_refuse_a_bad_request_in_the_same_way(stack: Stack, method: str, path: str, body: str | None) -> None:
    ours, theirs = (service.request(method, path, content=body) for service in (stack.python, stack.typescript))
    assert ours.status_code in range(400, 500)
    assert (ours.status_code, ours.headers["content-type"]) == (theirs.status_code, theirs.headers["content-type"])
    told, told_there = error_of(ours), error_of(theirs)
    assert list(told) == list(told_there)
    assert (told["code"], told.get("field")) == (told_there["code"], told_there.get("field"))
    # What the contract's decoders add for a person is their own; everything that the services say is the same.
    if ": found " not in told["message"]:
        assert ours.text == theirs.text


def test_both_describe_the_same_interface(stack: Stack) -> None:
    ours, theirs = (service.get("/openapi.json").json() for service in (stack.python, stack.typescript))
    assert set(ours["paths"]) == set(theirs["paths"])
    for path, methods in ours["paths"].items():
        assert set(methods) == set(theirs["paths"][path])
        for method, ours_described in methods.items():
            described = theirs["paths"][path][method]
            for part in ("tags", "summary", "parameters", "requestBody"):
                assert ours_described.get(part) == described.get(part), (path, method, part)
            assert ours_described.get("description", "") == described.get("description", "")
            for status, answer in ours_described["responses"].items():
                assert _told(answer) == _told(described["responses"][status]), (path, method, status)
    assert ours["components"]["schemas"] == theirs["components"]["schemas"]


def _told(answer: dict[str, Any]) -> tuple[Any, ...]:
    return answer["description"], answer.get("headers"), answer.get("content")


def test_both_export_the_same_cache_metrics(stack: Stack) -> None:
    user_id = stack.new_user()["id"]
    for service in (stack.python, stack.typescript):
        service.get(f"/users/{user_id}")

    def names(service: httpx.Client) -> set[str]:
        lines = service.get("/metrics").text.splitlines()
        return {line.split()[2] for line in lines if line.startswith(("# TYPE cachepact_", "# TYPE redis_"))}

    assert eventually("the same names", lambda: True if names(stack.python) == names(stack.typescript) else None)
