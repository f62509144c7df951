from __future__ import annotations

import pytest
import redis
from stack import Stack, error_of

pytestmark = pytest.mark.redis


def test_a_profile_is_a_view_of_the_user_and_its_entry_is_plain_json(stack: Stack) -> None:
    user = stack.new_user(name="Ada", roles=["admin"])
    miss = stack.python.get(f"/profiles/{user['id']}")
    assert (miss.status_code, miss.headers["x-cache"]) == (200, "miss")
    assert miss.text == (
        f'{{"display_name":"Ada","joined_at":"{user["created_at"]}","roles":["admin"],"user_id":{user["id"]}}}'
    )
    with redis.Redis.from_url(stack.redis.url) as client:
        assert client.get(f"profile:{user['id']}") == miss.content
    hit = stack.python.get(f"/profiles/{user['id']}")
    assert (hit.headers["x-cache"], hit.content) == ("hit", miss.content)


def test_after_a_write_of_its_user_the_old_profile_is_gone(stack: Stack) -> None:
    user = stack.new_user(name="before")
    stack.python.get(f"/profiles/{user['id']}")
    stack.python.put(f"/users/{user['id']}", json={**user, "name": "after"})
    answer = stack.python.get(f"/profiles/{user['id']}")
    assert (answer.headers["x-cache"], answer.json()["display_name"]) == ("miss", "after")


def test_an_unknown_user_is_404_and_an_ill_formed_id_400(stack: Stack) -> None:
    unknown = stack.python.get("/profiles/987654321")
    assert unknown.status_code == 404
    assert error_of(unknown) == {"code": "NOT_FOUND", "message": "user 987654321 does not exist"}
    wrong = stack.python.get("/profiles/x")
    assert (wrong.status_code, error_of(wrong)["code"], error_of(wrong)["field"]) == (400, "E_TYPE", "id")
