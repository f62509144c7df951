from __future__ import annotations

import json
import typing

from cachepact import CachepactError, ErrorCode, is_cachepact_error
from fixtures import REPOSITORY

VOCABULARY = json.loads((REPOSITORY / "packages" / "wire" / "vocabulary" / "errors.json").read_text())["errors"]


def test_codes_are_those_of_the_vocabulary() -> None:
    assert list(typing.get_args(ErrorCode)) == [error["code"] for error in VOCABULARY]
    for error in VOCABULARY:
        made = CachepactError(error["code"], "what was found")
        assert made.retryable is error["retryable"]
        assert str(made) == f"{error['code']}: what was found"


def test_details_are_absent_unless_given() -> None:
    bare = CachepactError("E_TYPE", "x")
    assert (bare.field, bare.retry_after_ms, bare.current, bare.op, bare.committed, bare.problems) == (
        None, None, None, None, None, (),
    )  # fmt: skip
    full = CachepactError("E_FULL", "x", retry_after_ms=5, op="o", committed=False, problems=("a",))
    assert (full.retry_after_ms, full.op, full.committed, full.problems) == (5, "o", False, ("a",))


def test_error_is_told_apart_by_its_code() -> None:
    error = CachepactError("E_FULL", "x")
    assert is_cachepact_error(error)
    assert is_cachepact_error(error, "E_FULL")
    assert not is_cachepact_error(error, "E_TYPE")
    assert not is_cachepact_error(ValueError())
