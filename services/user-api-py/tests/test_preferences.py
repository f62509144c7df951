from __future__ import annotations

from typing import Any

import pytest
import redis
from stack import Stack, error_of, eventually

pytestmark = pytest.mark.redis

DARK: dict[str, Any] = {
    "theme": "THEME_DARK",
    "language": "en",
    "email_opt_in": True,
    "settings": {"density": "compact"},
}


def clean_entry(stack: Stack, user_id: int) -> str:
    """Wait until the worker has carried the entry to Postgres; give its key."""
    with redis.Redis.from_url(stack.redis.url, decode_responses=True) as client:

        def find() -> str | None:
            keys = [key for key in client.scan_iter("preferences@1:*") if key.endswith(f":{user_id}")]
            return keys[0] if keys and client.pttl(keys[0]) > 0 else None

        return eventually("a clean entry", find)


def test_a_put_is_accepted_with_its_version_read_at_once_and_survives_the_loss_of_its_entry(stack: Stack) -> None:
    user = stack.new_user()
    path = f"/users/{user['id']}/preferences"
    accepted = stack.python.put(path, json=DARK)
    assert accepted.status_code == 202, accepted.text
    assert accepted.json() == {**DARK, "user_id": user["id"]}
    assert int(accepted.headers["x-cachepact-version"]) > 10**12
    assert stack.python.get(path).content == accepted.content
    key = clean_entry(stack, user["id"])
    with redis.Redis.from_url(stack.redis.url) as client:
        client.delete(key)
    miss = stack.python.get(path)
    assert (miss.headers["x-cache"], miss.content) == ("miss", accepted.content)
    assert stack.python.get(path).headers["x-cache"] == "hit"


def test_the_last_of_many_writes_is_the_one_that_stays(stack: Stack) -> None:
    user = stack.new_user()
    path = f"/users/{user['id']}/preferences"
    for index in range(20):
        assert stack.python.put(path, json={**DARK, "language": f"l{index}"}).status_code == 202
    assert stack.python.get(path).json()["language"] == "l19"
    with redis.Redis.from_url(stack.redis.url) as client:
        client.delete(clean_entry(stack, user["id"]))
    assert stack.python.get(path).json()["language"] == "l19"


def test_nothing_set_is_404_and_an_unknown_user_is_404(stack: Stack) -> None:
    user = stack.new_user()
    unset = stack.python.get(f"/users/{user['id']}/preferences")
    assert (unset.status_code, error_of(unset)["code"]) == (404, "NOT_FOUND")
    unknown = stack.python.put("/users/987654321/preferences", json=DARK)
    assert unknown.status_code == 404
    assert error_of(unknown)["message"] == "user 987654321 does not exist"


@pytest.mark.parametrize(
    ("user_id", "body", "code", "field"),
    [
        ("x", "{}", "E_TYPE", "id"),
        ("1", "", "E_SYNTAX", None),
        ("1", '{"theme":"THEME_PINK"}', "E_TYPE", "theme"),
        ("1", '{"user_id":2}', "E_BINDING", "user_id"),
        ("1", '{"settings":{"a":5}}', "E_TYPE", "settings"),
    ],
)
def test_a_bad_body_is_400_and_the_field_named(
    stack: Stack, user_id: str, body: str, code: str, field: str | None
) -> None:
    answer = stack.python.put(f"/users/{user_id}/preferences", content=body)
    assert answer.status_code == 400
    assert (error_of(answer)["code"], error_of(answer).get("field")) == (code, field)


@pytest.mark.parametrize("length", [17_000, 70_000])
def test_a_body_over_the_limit_of_the_entity_or_of_the_service_is_413(stack: Stack, length: int) -> None:
    answer = stack.python.put("/users/1/preferences", json={"settings": {"a": "x" * length}})
    assert (answer.status_code, error_of(answer)["code"]) == (413, "E_SIZE")
