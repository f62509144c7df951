from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

import pytest
from cachepact import CachepactError
from user_api.errors import (
    DatabaseUnavailableError,
    bad_request,
    conflict,
    error_body,
    not_found,
    retry_after_seconds,
    to_http_error,
)

if TYPE_CHECKING:
    from cachepact import ErrorCode


def test_the_body_is_one_object_with_code_message_and_where_there_is_one_the_field() -> None:
    assert error_body(not_found("user 7")) == '{"error":{"code":"NOT_FOUND","message":"user 7 does not exist"}}'
    assert json.loads(error_body(bad_request("E_TYPE", "no", "id"))) == {
        "error": {"code": "E_TYPE", "message": "no", "field": "id"}
    }
    told = json.loads(error_body(conflict("user 7", expected=2, current=3)))["error"]
    assert (told["code"], told["field"]) == ("CONFLICT", "version")


def test_an_http_error_is_found_behind_the_errors_that_wrap_it() -> None:
    wrapped = CachepactError("E_LOADER", "cannot load")
    wrapped.__cause__ = RuntimeError("outer")
    wrapped.__cause__.__cause__ = DatabaseUnavailableError()
    answer = to_http_error(wrapped)
    assert (answer.status, answer.code) == (503, "UNAVAILABLE")


@pytest.mark.parametrize("code", ["E_UNAVAILABLE", "E_FULL", "E_FENCE", "E_LOAD_TIMEOUT", "E_UNKNOWN", "E_CLOSED"])
def test_a_code_that_means_not_now_is_503_with_retry_after(code: str) -> None:
    answer = to_http_error(CachepactError(cast("ErrorCode", code), "secret detail"))
    assert (answer.status, answer.code, retry_after_seconds(answer)) == (503, code, "1")
    assert "secret detail" not in error_body(answer)


def test_retry_after_is_what_the_cache_says_rounded_up_to_seconds() -> None:
    assert retry_after_seconds(to_http_error(CachepactError("E_FULL", "full", retry_after_ms=2_100))) == "3"
    assert retry_after_seconds(to_http_error(CachepactError("E_FULL", "full", retry_after_ms=0))) == "1"
    assert retry_after_seconds(not_found("user 7")) is None


def test_a_code_that_blames_a_value_is_a_failure_of_the_service_when_no_request_was_being_read() -> None:
    answer = to_http_error(CachepactError("E_TYPE", "cannot encode"))
    assert (answer.status, answer.code) == (500, "E_TYPE")


def test_anything_else_is_a_bare_500() -> None:
    answer = to_http_error(RuntimeError("password=s3cret"))
    assert (answer.status, answer.code) == (500, "INTERNAL")
    assert "s3cret" not in error_body(answer)
