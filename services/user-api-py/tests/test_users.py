from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
import redis
from cachepact_contracts import User
from stack import Stack, error_of

pytestmark = pytest.mark.redis

WHOLE: dict[str, Any] = {
    "email": "a@b.c",
    "name": "Ada",
    "roles": ["admin"],
    "labels": {"b": "2", "a": "1"},
    "balance_cents": "9007199254740993",
}


def test_a_read_is_a_miss_then_a_hit_with_the_same_canonical_bytes(stack: Stack) -> None:
    user = stack.new_user(**{**WHOLE, "name": "Łukasz 🚀", "labels": {"10": "x", "9": "y", "__proto__": "z"}})
    with redis.Redis.from_url(stack.redis.url) as client:
        client.delete(f"user@1:{user['id']}")
    miss = stack.python.get(f"/users/{user['id']}")
    assert (miss.status_code, miss.headers["x-cache"]) == (200, "miss")
    assert miss.headers["content-type"] == "application/json; charset=utf-8"
    assert miss.text == (
        f'{{"balance_cents":"9007199254740993","created_at":"{user["created_at"]}","email":"a@b.c","id":{user["id"]},'
        '"labels":{"10":"x","9":"y","__proto__":"z"},"name":"Łukasz 🚀","roles":["admin"],"version":1}'
    )
    hit = stack.python.get(f"/users/{user['id']}")
    assert (hit.status_code, hit.headers["x-cache"], hit.content) == (200, "hit", miss.content)
    assert hit.headers["server-timing"].startswith("cache;desc=hit;dur=")


def test_an_unknown_user_is_404_and_that_is_remembered(stack: Stack) -> None:
    first = stack.python.get("/users/987654321")
    assert (first.status_code, first.headers["x-cache"]) == (404, "miss")
    assert first.text == '{"error":{"code":"NOT_FOUND","message":"user 987654321 does not exist"}}'
    again = stack.python.get("/users/987654321")
    assert (again.status_code, again.headers["x-cache"], again.text) == (404, "negative", first.text)


@pytest.mark.parametrize(
    ("text", "code"),
    [("abc", "E_TYPE"), ("042", "E_TYPE"), ("1.5", "E_TYPE"), ("9007199254740992", "E_RANGE"), ("%20", "E_TYPE")],
)
def test_an_ill_formed_id_is_400_and_named(stack: Stack, text: str, code: str) -> None:
    answer = stack.python.get(f"/users/{text}")
    assert answer.status_code == 400
    assert (error_of(answer)["code"], error_of(answer)["field"]) == (code, "id")


def test_garbage_bytes_under_the_key_are_a_miss_and_replaced_by_the_row(stack: Stack) -> None:
    user = stack.new_user()
    with redis.Redis.from_url(stack.redis.url) as client:
        client.set(f"user@1:{user['id']}", b"\xc1\xca\x09garbage")
    assert [stack.python.get(f"/users/{user['id']}").headers["x-cache"] for _ in range(2)] == ["miss", "hit"]
    assert 'cachepact_decode_failures_total{code="' in stack.python.get("/metrics").text


def test_a_new_user_has_a_place_and_is_in_the_cache(stack: Stack) -> None:
    added = stack.python.post("/users", json=WHOLE)
    assert added.status_code == 201
    user = added.json()
    assert {**user, **WHOLE, "version": 1} == user
    assert added.headers["location"] == f"/users/{user['id']}"
    read = stack.python.get(f"/users/{user['id']}")
    assert (read.headers["x-cache"], read.content) == ("hit", added.content)


def test_a_remembered_not_found_of_the_next_id_does_not_hide_the_new_user(stack: Stack) -> None:
    user_id = stack.new_user()["id"] + 1
    assert stack.python.get(f"/users/{user_id}").status_code == 404
    assert stack.python.get(f"/profiles/{user_id}").status_code == 404
    assert stack.new_user(name="Next")["id"] == user_id
    assert stack.python.get(f"/users/{user_id}").json()["name"] == "Next"
    assert stack.python.get(f"/profiles/{user_id}").json()["display_name"] == "Next"


def test_a_put_replaces_the_row_raises_its_version_and_the_next_read_is_a_hit(stack: Stack) -> None:
    user = stack.new_user()
    saved = stack.python.put(f"/users/{user['id']}", json=WHOLE)
    assert saved.status_code == 200
    assert saved.json() == {**WHOLE, "id": user["id"], "created_at": user["created_at"], "version": 2}
    read = stack.python.get(f"/users/{user['id']}")
    assert (read.headers["x-cache"], read.content) == ("hit", saved.content)


def test_a_put_takes_back_what_get_gave_and_ignores_created_at(stack: Stack) -> None:
    user = stack.new_user()
    sent = {**user, "name": "Grace", "created_at": "2001-01-01T00:00:00Z"}
    assert stack.python.put(f"/users/{user['id']}", json=sent).json() == {**user, "name": "Grace", "version": 2}


def test_a_version_that_the_row_does_not_have_is_409_and_changes_nothing(stack: Stack) -> None:
    user = stack.new_user()
    stack.python.put(f"/users/{user['id']}", json={**user, "name": "first"})
    late = stack.python.put(f"/users/{user['id']}", json={**user, "name": "second"})
    assert late.status_code == 409
    assert (error_of(late)["code"], error_of(late)["field"]) == ("CONFLICT", "version")
    assert stack.python.get(f"/users/{user['id']}").json()["name"] == "first"


def test_writers_at_once_all_commit_and_the_last_commit_is_what_is_read(stack: Stack) -> None:
    user = stack.new_user()

    def write(name: str) -> int:
        return httpx.put(f"{stack.python.base_url}/users/{user['id']}", json={**WHOLE, "name": name}).status_code

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(write, [f"name {index}" for index in range(20)])) == [200] * 20
    cached = stack.python.get(f"/users/{user['id']}")
    assert cached.json()["version"] == 21
    with redis.Redis.from_url(stack.redis.url) as client:
        client.delete(f"user@1:{user['id']}")
    assert stack.python.get(f"/users/{user['id']}").content == cached.content


def test_a_put_of_an_unknown_user_is_404(stack: Stack) -> None:
    assert stack.python.put("/users/123456789", json=WHOLE).status_code == 404
    assert stack.python.get("/users/123456789").status_code == 404


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ("", "E_SYNTAX", None),
        ("{", "E_TRUNCATED", None),
        ("nonsense", "E_SYNTAX", None),
        (json.dumps({**WHOLE, "email": 5}), "E_TYPE", "email"),
        (json.dumps({**WHOLE, "balance_cents": "9223372036854775808"}), "E_RANGE", "balance_cents"),
        (json.dumps({key: WHOLE[key] for key in WHOLE if key != "name"}), "E_MISSING", "name"),
        (json.dumps({**WHOLE, "name": "a\0b"}), "E_TYPE", "name"),
    ],
)
def test_a_bad_body_is_400_and_the_field_named(stack: Stack, body: str, code: str, field: str | None) -> None:
    user = stack.new_user()
    answer = stack.python.put(f"/users/{user['id']}", content=body)
    assert answer.status_code == 400
    assert (error_of(answer)["code"], error_of(answer).get("field")) == (code, field)
    assert stack.python.get(f"/users/{user['id']}").json()["version"] == 1


def test_a_body_over_64_kib_is_413_also_when_its_length_is_not_announced(stack: Stack) -> None:
    user = stack.new_user()
    text = json.dumps(WHOLE).encode()
    large = text + b" " * (64 * 1024 + 1 - len(text))
    for content in (large, iter([large[:40_000], large[40_000:]])):
        answer = stack.python.put(f"/users/{user['id']}", content=content)
        assert answer.status_code == 413
        assert answer.text == '{"error":{"code":"E_SIZE","message":"the body is larger than 65536 bytes: send less"}}'
    assert stack.python.put(f"/users/{user['id']}", content=text + b" " * 60_000).status_code == 200


def test_the_media_type_does_not_matter_the_bytes_do(stack: Stack) -> None:
    user = stack.new_user()
    for kind in ("text/plain", "application/x-www-form-urlencoded", "application/json; charset=utf-8"):
        headers = {"content-type": kind}
        answer = stack.python.put(f"/users/{user['id']}", content=json.dumps(WHOLE), headers=headers)
        assert answer.status_code == 200


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/nothing"), ("PATCH", "/users/1"), ("GET", "/users/"), ("GET", "/users/1/")]
)
def test_unknown_routes_and_methods_are_404_in_the_same_form(stack: Stack, method: str, path: str) -> None:
    answer = stack.python.request(method, path)
    assert answer.status_code == 404
    assert error_of(answer) == {"code": "NOT_FOUND", "message": f"{method} {path} does not exist"}


def test_a_deleted_user_is_gone_from_every_route_at_once(stack: Stack) -> None:
    user = stack.new_user()
    paths = [f"/users/{user['id']}", f"/profiles/{user['id']}"]
    for path in paths:
        assert stack.python.get(path).status_code == 200
    deleted = stack.python.delete(paths[0])
    assert (deleted.status_code, deleted.content) == (204, b"")
    for path in (*paths, f"{paths[0]}/preferences"):
        assert stack.python.get(path).status_code == 404
    assert stack.python.put(f"{paths[0]}/preferences", json={}).status_code == 404
    assert stack.python.delete(paths[0]).status_code == 404


def test_the_answer_is_the_contracts_own_json(stack: Stack) -> None:
    user = stack.new_user()
    answer = stack.python.get(f"/users/{user['id']}")
    assert User.__cachepact__.to_json(User.__cachepact__.from_json(answer.content)) == answer.text
