from __future__ import annotations

import json
import re

import pytest
from stack import Stack, eventually

pytestmark = pytest.mark.redis


def test_healthz_and_readyz(stack: Stack) -> None:
    alive = stack.python.get("/healthz")
    assert (alive.status_code, alive.text) == (200, '{"status":"ok"}')
    ready = stack.python.get("/readyz")
    assert (ready.status_code, ready.text) == (200, '{"status":"ready","postgres":"up","redis":"up"}')


def test_metrics_have_the_process_the_cache_and_the_redis_server(stack: Stack) -> None:
    user = stack.new_user()
    stack.python.get(f"/users/{user['id']}")
    answer = stack.python.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    assert re.search(r'^cachepact_requests_total\{entity="user",result="hit"\} [0-9.]+$', answer.text, re.MULTILINE)
    assert re.search(r'^cachepact_redis_command_duration_seconds_bucket\{command="get"', answer.text, re.MULTILINE)
    for name in ("process_cpu_seconds_total", "redis_memory_used_bytes", "redis_evicted_keys_total", "redis_up"):
        assert re.search(rf"^{name} [0-9.e+]+$", answer.text, re.MULTILINE), name


def test_the_page_of_the_documentation_loads_nothing_from_elsewhere(stack: Stack) -> None:
    page = stack.python.get("/docs")
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(loaded) > 2
    for url in loaded:
        assert url.startswith("/docs/")
        assert stack.python.get(url).status_code == 200
    assert "url: '/openapi.json'" in page.text


def test_the_log_has_one_line_for_each_request_no_body_and_no_query(stack: Stack) -> None:
    before = len(stack.python_service.lines)
    stack.python.put("/users/1?token=s3cret", content='{"email":"s3cret@example.com"}')
    stack.python.get("/healthz")
    stack.python.get("/nothing")  # its line shows that those before it were written
    written = eventually(
        "the log",
        lambda: lines if '"/nothing"' in "".join(lines := stack.python_service.lines[before:]) else None,
    )
    asked = {"/users/1", "/healthz", "/nothing"}
    lines = [line for line in map(json.loads, written) if line["url"] in asked]
    assert [(line["method"], line["url"], line["status"], line["msg"]) for line in lines] == [
        ("PUT", "/users/1", 400, "request"),
        ("GET", "/nothing", 404, "request"),
    ]
    assert "s3cret" not in "".join(written)
