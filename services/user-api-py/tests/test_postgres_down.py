from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
import pytest
import redis
from stack import Stack, error_of, eventually

pytestmark = pytest.mark.redis


async def test_a_statement_that_waits_for_a_lock_is_given_up_and_nothing_is_changed(stack: Stack) -> None:
    user = stack.new_user()
    locker = await asyncpg.connect(stack.postgres.url)
    try:
        async with locker.transaction():
            await locker.execute("select 1 from users where id = $1 for update", user["id"])
            answer = await asyncio.to_thread(stack.python.put, f"/users/{user['id']}", json={**user, "name": "late"})
        assert (answer.status_code, error_of(answer)["code"]) == (503, "UNAVAILABLE")
    finally:
        await locker.close()
    kept = stack.python.get(f"/users/{user['id']}").json()
    assert (kept["name"], kept["version"]) == (user["name"], 1)


def test_while_postgres_is_down_hits_are_served_all_else_is_503_and_nothing_is_guessed(stack: Stack) -> None:
    user, other = stack.new_user(), stack.new_user(name="o")
    with redis.Redis.from_url(stack.redis.url) as client:
        client.delete(f"user@1:{other['id']}")
    cached = stack.python.get(f"/users/{user['id']}")
    body: dict[str, Any] = {"email": "x", "name": "x", "roles": [], "labels": {}, "balance_cents": "0"}
    stack.postgres.order("kill")
    try:
        hit = stack.python.get(f"/users/{user['id']}")
        assert (hit.status_code, hit.headers["x-cache"], hit.content) == (200, "hit", cached.content)
        refused = [
            stack.python.get(f"/users/{other['id']}"),
            stack.python.get(f"/profiles/{other['id']}"),
            stack.python.get(f"/users/{other['id']}/preferences"),
            stack.python.put(f"/users/{other['id']}/preferences", json={}),
            stack.python.put(f"/users/{other['id']}", json=body),
            stack.python.put(f"/users/{user['id']}", json=body),
            stack.python.post("/users", json=body),
            stack.python.delete(f"/users/{user['id']}"),
            stack.python.get("/users/876543210"),
        ]
        for answer in refused:
            assert answer.status_code == 503
            assert int(answer.headers["retry-after"]) >= 1
            assert answer.text == (
                '{"error":{"code":"UNAVAILABLE","message":"the database does not answer: try again later"}}'
            )
        # The request itself is still judged: it would not become right by waiting.
        assert stack.python.put(f"/users/{other['id']}", json={**body, "name": 5}).status_code == 400
        assert stack.python.get("/healthz").status_code == 200
        ready = stack.python.get("/readyz")
        assert (ready.status_code, ready.text) == (503, '{"status":"unready","postgres":"down","redis":"up"}')
    finally:
        stack.postgres.order("start")
    back = eventually(
        "Postgres again",
        lambda: answer if (answer := stack.python.get(f"/users/{other['id']}")).status_code == 200 else None,
    )
    assert back.json()["name"] == "o"
    # The refused writes changed nothing, and the refused reads were not remembered as "not found".
    kept = stack.python.get(f"/users/{user['id']}").json()
    assert (kept["name"], kept["version"]) == (user["name"], 1)
    assert error_of(stack.python.get("/users/876543210"))["code"] == "NOT_FOUND"
