from __future__ import annotations

import json
import time

import pytest
from stack import Stack, error_of, eventually

pytestmark = pytest.mark.redis


def test_while_redis_is_down_the_database_answers_and_afterwards_it_heals(stack: Stack) -> None:
    user = stack.new_user(name="before")
    path = f"/users/{user['id']}"
    stack.python.get(f"/profiles/{user['id']}")
    seen = len(stack.python_service.lines)
    stack.redis.order("kill")
    try:
        read = stack.python.get(path)
        assert (read.status_code, read.headers["x-cache"], read.json()["name"]) == (200, "bypass", "before")
        assert stack.python.get("/users/987654321").status_code == 404

        written = stack.python.put(path, json={**user, "name": "after"})
        assert written.status_code == 200
        assert stack.python.get(path).json()["name"] == "after"
        assert stack.python.get(f"/profiles/{user['id']}").json()["display_name"] == "after"

        refused = stack.python.put(f"{path}/preferences", json={"language": "de"})
        assert (refused.status_code, error_of(refused)["code"]) == (503, "E_UNAVAILABLE")
        assert int(refused.headers["retry-after"]) >= 1

        for _ in range(50):
            stack.python.get(path)
            stack.python.put(f"{path}/preferences", json={"language": "de"})
        ready = stack.python.get("/readyz")
        assert (ready.status_code, ready.text) == (200, '{"status":"ready","postgres":"up","redis":"down"}')
    finally:
        stack.redis.order("start")
    eventually("hits again", lambda: stack.python.get(path).headers["x-cache"] == "hit" or None)
    assert stack.python.get(path).json()["name"] == "after"
    assert stack.python.get(f"/profiles/{user['id']}").json()["display_name"] == "after"
    eventually(
        "write-behinds again",
        lambda: stack.python.put(f"{path}/preferences", json={"language": "fr"}).status_code == 202 or None,
    )
    # Besides the line of each request: that Redis is away, that write-behinds are refused, that Redis is back.
    lines = [json.loads(line) for line in stack.python_service.lines[seen:]]
    said = [line["msg"] for line in lines if line["level"] != "info" or line["msg"] == "Redis answers"]
    assert "Redis gives no usable answer: reads go to the database, write-behinds are refused" in said
    assert "the cache cannot take this now: try again later" in said
    assert "Redis answers" in said
    assert len(said) < 15


def test_a_redis_that_hangs_delays_a_read_it_does_not_stop_it(stack: Stack) -> None:
    user = stack.new_user()
    stack.redis.order("pause")
    try:
        started = time.monotonic()
        assert stack.python.get(f"/users/{user['id']}").status_code == 200
        assert time.monotonic() - started < 2
    finally:
        stack.redis.order("resume")
