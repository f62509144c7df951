from __future__ import annotations

from collections.abc import Callable

import pytest
from cachepact import CachepactError
from user_api.config import Config, load_config

RIGHT = {"REDIS_URL": "redis://127.0.0.1:6379", "DATABASE_URL": "postgres://127.0.0.1:5432/postgres"}
NAMES = ("REDIS_URL", "DATABASE_URL", "CACHE_NAMESPACE", "HOST", "USER_API_PY_PORT", "LOG_LEVEL")


Load = Callable[..., Config]
Problems = Callable[..., tuple[str, ...]]


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> Load:
    def load_with(**env: str) -> Config:
        for name in NAMES:
            monkeypatch.delenv(name, raising=False)
        for name, value in env.items():
            monkeypatch.setenv(name, value)
        return load_config()

    return load_with


@pytest.fixture
def problems_of(load: Load) -> Problems:
    def problems(**env: str) -> tuple[str, ...]:
        with pytest.raises(CachepactError) as caught:
            load(**env)
        assert caught.value.code == "E_CONFIG"
        assert caught.value.__cause__ is None
        assert caught.value.__context__ is None
        return caught.value.problems

    return problems


def test_all_but_the_two_servers_has_defaults(load: Load) -> None:
    config = load(**RIGHT)
    assert config.redis_url.get_secret_value() == RIGHT["REDIS_URL"]
    assert (config.cache_namespace, config.host, config.user_api_py_port, config.log_level) == (
        "",
        "127.0.0.1",
        3002,
        "info",
    )


def test_every_variable_is_taken(load: Load) -> None:
    config = load(
        **RIGHT, CACHE_NAMESPACE="acme", HOST="0.0.0.0", USER_API_PY_PORT="0", LOG_LEVEL="debug", LOG_FORMAT="json"
    )
    assert config.log_format == "json"
    assert (config.cache_namespace, config.host, config.user_api_py_port, config.log_level) == (
        "acme",
        "0.0.0.0",
        0,
        "debug",
    )


def test_an_empty_variable_counts_as_absent(load: Load, problems_of: Problems) -> None:
    assert load(**RIGHT, CACHE_NAMESPACE="", HOST="", USER_API_PY_PORT="", LOG_LEVEL="").user_api_py_port == 3002
    assert problems_of(**{**RIGHT, "REDIS_URL": ""}) == (
        "REDIS_URL is missing: set it to something like redis://host:6379",
    )


def test_every_problem_is_listed_at_once_and_no_value(problems_of: Problems) -> None:
    problems = problems_of(
        REDIS_URL="http://user:s3cret@host",
        CACHE_NAMESPACE="No Spaces!",
        USER_API_PY_PORT="65536",
        LOG_LEVEL="loud",
        LOG_FORMAT="xml",
    )
    assert [problem.split(" ")[0] for problem in problems] == [
        "REDIS_URL",
        "DATABASE_URL",
        "CACHE_NAMESPACE",
        "USER_API_PY_PORT",
        "LOG_LEVEL",
        "LOG_FORMAT",
    ]
    assert not any(value in "\n".join(problems) for value in ("s3cret", "No Spaces", "65536", "loud"))


@pytest.mark.parametrize(
    "url",
    [
        "redis:",
        "redis://",
        "not a url",
        "http://host",
        "postgres://host",
        "redis://h:0x1",
        "redis://h/0?family=6",
        "redis://h/cache",
        "redis://h#1",
    ],
)
def test_a_wrong_redis_url_is_refused(problems_of: Problems, url: str) -> None:
    assert problems_of(**{**RIGHT, "REDIS_URL": url}) == ("REDIS_URL must be a URL like redis://host:6379",)


@pytest.mark.parametrize("port", ["-1", "80a", "3.5", "1e3", " 80", "٨٠"])
def test_a_wrong_port_is_refused(problems_of: Problems, port: str) -> None:
    assert problems_of(**RIGHT, USER_API_PY_PORT=port) == ("USER_API_PY_PORT must be a whole number from 0 to 65535",)


def test_what_a_log_shows_of_the_urls_is_where_they_lead_not_who_goes_there(load: Load) -> None:
    config = load(
        REDIS_URL="rediss://user:s3cret@cache.internal:6380/0",
        DATABASE_URL="postgres://app:s3cret@db.internal/users?sslpassword=s3cret",
    )
    shown = config.describe()
    assert (shown["redis_url"], shown["database_url"]) == (
        "rediss://cache.internal:6380/0",
        "postgres://db.internal/users",
    )
    for text in (repr(config), str(config), repr(shown)):
        assert "s3cret" not in text
