from __future__ import annotations

import signal

import httpx
import pytest
import redis
from stack import Stack, python_service

pytestmark = pytest.mark.redis

NOBODY = "127.0.0.1:1"


def test_a_wrong_environment_ends_the_process_at_once_and_every_problem_is_listed() -> None:
    env = {"REDIS_URL": "http://user:s3cret@host", "USER_API_PY_PORT": "many", "LOG_LEVEL": "loud"}
    with python_service(**env) as service:
        assert service.wait() == 1
    assert service.lines == [
        "user-api-py: E_CONFIG: the environment is wrong, correct each of these variables:",
        "  REDIS_URL must be a URL like redis://host:6379",
        "  DATABASE_URL is missing: set it to something like postgres://user:password@host:5432/name",
        "  USER_API_PY_PORT must be a whole number from 0 to 65535",
        "  LOG_LEVEL must be one of debug, info, warn, error",
    ]


def test_without_redis_and_postgres_it_starts_says_what_is_away_and_shows_no_password() -> None:
    env = {
        "REDIS_URL": f"redis://user:s3cret@{NOBODY}",
        "DATABASE_URL": f"postgres://user:s3cret@{NOBODY}/users?application_name=s3cret",
        "LOG_LEVEL": "debug",
    }
    with python_service(**env).listening() as service:
        with service.client() as client:
            assert client.get("/healthz").status_code == 200
            ready = client.get("/readyz")
            assert (ready.status_code, ready.text) == (503, '{"status":"unready","postgres":"down","redis":"down"}')
            assert client.get("/users/1").status_code == 503
        service.child.send_signal(signal.SIGTERM)
        assert service.wait() == 0
    log = "\n".join(service.lines)
    assert "s3cret" not in log
    assert f'"database_url": "postgres://{NOBODY}/users"' in log


def test_keys_carry_the_namespace(stack: Stack) -> None:
    env = {"REDIS_URL": stack.redis.url, "DATABASE_URL": stack.postgres.url, "CACHE_NAMESPACE": "acme"}
    with python_service(**env).listening() as service, service.client() as client:
        user = client.post("/users", json={"email": "a@b.c", "name": "Ada"}).json()
    with redis.Redis.from_url(stack.redis.url) as operator:
        assert operator.exists(f"acme:user@1:{user['id']}") == 1


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_signal_stops_it_although_a_connection_is_kept_alive(stack: Stack, name: str) -> None:
    env = {"REDIS_URL": stack.redis.url, "DATABASE_URL": stack.postgres.url}
    with python_service(**env).listening() as service, service.client() as client:
        assert client.get("/users/987654321").status_code == 404
        service.child.send_signal(signal.Signals[name])
        assert service.wait() == 0
        with pytest.raises(httpx.TransportError):
            httpx.get(f"{service.url}/healthz")
    assert '"msg": "stopped"' in "\n".join(service.lines)
