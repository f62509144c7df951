"""The service's configuration, from environment variables."""

from __future__ import annotations

import re
from typing import Annotated, Literal, get_args
from urllib.parse import urlsplit

from cachepact import CachepactError
from pydantic import AfterValidator, BeforeValidator, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

DEFAULT_PORT = 3002
DEFAULT_HOST = "127.0.0.1"
"""Loopback: a service that should be reached from elsewhere says so with HOST."""

LogLevel = Literal["debug", "info", "warn", "error"]
LogFormat = Literal["auto", "json", "pretty"]
"""``auto`` = ``pretty`` when a terminal watches, else ``json``."""

_REDIS_URL = "redis://host:6379"
_DATABASE_URL = "postgres://user:password@host:5432/name"
_EXAMPLES = {"REDIS_URL": _REDIS_URL, "DATABASE_URL": _DATABASE_URL}


def _url(example: str, *schemes: str) -> AfterValidator:
    def check(secret: SecretStr) -> SecretStr:
        try:
            parts = urlsplit(secret.get_secret_value())
            right = parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
            if "redis" in schemes:
                # Options of the client come from code, not from a URL; a database is named by its number.
                right = right and not parts.query and not parts.fragment
                right = right and re.fullmatch(r"(/[0-9]{0,9})?", parts.path) is not None
        except ValueError:
            right = False
        if not right:
            raise ValueError(f"must be a URL like {example}")
        return secret

    return AfterValidator(check)


def _namespace(text: str) -> str:
    if text and re.fullmatch(r"[a-z][a-z0-9_.-]{0,39}", text) is None:
        raise ValueError("must be 1 to 40 characters of a-z, 0-9, '-', '_' and '.', beginning with a letter, or empty")
    return text


def _port(text: object) -> int:
    if re.fullmatch(r"[0-9]{1,5}", str(text)) is None or int(str(text)) > 65_535:
        raise ValueError("must be a whole number from 0 to 65535")
    return int(str(text))


def _one_of(*names: str) -> BeforeValidator:
    def check(text: object) -> object:
        if text not in names:
            raise ValueError(f"must be one of {', '.join(names)}")
        return text

    return BeforeValidator(check)


class Config(BaseSettings):
    """What the service takes from its environment, validated. An empty variable counts as absent."""

    model_config = SettingsConfigDict(frozen=True, env_ignore_empty=True, extra="ignore", hide_input_in_errors=True)

    redis_url: Annotated[SecretStr, _url(_REDIS_URL, "redis", "rediss")]
    database_url: Annotated[SecretStr, _url(_DATABASE_URL, "postgres", "postgresql")]
    cache_namespace: Annotated[str, AfterValidator(_namespace)] = ""
    """Prefix of every key, so that several deployments share one Redis. Default: none."""
    host: str = DEFAULT_HOST
    user_api_py_port: Annotated[int, BeforeValidator(_port)] = DEFAULT_PORT
    """0 = any free port; the log names it."""
    log_level: Annotated[LogLevel, _one_of(*get_args(LogLevel))] = "info"
    log_format: Annotated[LogFormat, _one_of(*get_args(LogFormat))] = "auto"

    def describe(self) -> dict[str, str | int]:
        """Describe the configuration as a log may show it: without user names, passwords and parameters of the URLs."""
        return {
            "redis_url": _redact(self.redis_url),
            "database_url": _redact(self.database_url),
            "cache_namespace": self.cache_namespace,
            "host": self.host,
            "port": self.user_api_py_port,
            "log_level": self.log_level,
            "log_format": self.log_format,
        }


def load_config() -> Config:
    """Read the configuration. E_CONFIG; its ``problems`` list everything that is wrong, and never a value."""
    try:
        return Config()  # type: ignore[call-arg]  # its fields come from the environment
    except ValidationError as error:
        problems = tuple(_problem(detail) for detail in error.errors(include_url=False, include_input=False))
    # Outside of the handler: the validation error knows the values, so it must not become the cause.
    raise CachepactError("E_CONFIG", "the environment is wrong, correct each of these variables:", problems=problems)


def _problem(detail: object) -> str:
    assert isinstance(detail, dict)
    name = str(detail["loc"][0]).upper()
    if detail["type"] == "missing":
        return f"{name} is missing: set it to something like {_EXAMPLES[name]}"
    return f"{name} {detail['ctx']['error']}"


def _redact(url: SecretStr) -> str:
    parts = urlsplit(url.get_secret_value())
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}"
