from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from cachepact_contracts import Preferences
from user_api.errors import HttpError
from user_api.preferences.preferences_body import parse_preferences_put
from user_api.request import parse_id
from user_api.users.user_body import parse_user_post, parse_user_put

if TYPE_CHECKING:
    from collections.abc import Callable

USER = (
    '{"email":"ada@example.com","name":"Ada","roles":["admin"],"labels":{"a":"b"},"balance_cents":"9007199254740993"}'
)


def user_with(name: str, text: str | None) -> bytes:
    """The member ``name`` of USER replaced by JSON text, or taken out."""
    parts = [f"{json.dumps(key)}:{json.dumps(value)}" for key, value in json.loads(USER).items() if key != name]
    if text is not None:
        parts.append(f"{json.dumps(name)}:{text}")
    return f"{{{','.join(parts)}}}".encode()


def refusal(run: Callable[..., object], *arguments: object) -> tuple[int, str, str | None]:
    with pytest.raises(HttpError) as caught:
        run(*arguments)
    return caught.value.status, caught.value.code, caught.value.field


@pytest.mark.parametrize("text", ["0", "42", "-1", "9007199254740991", "-9007199254740991"])
def test_an_id_is_read(text: str) -> None:
    assert parse_id(text) == int(text)


@pytest.mark.parametrize(
    "text", ["abc", "", "042", "+42", "-0", " 42", "42 ", "4_2", "1.5", "1e3", "0x10", "٤٢", "42\n", "NaN"]
)
def test_another_form_of_an_id_is_refused(text: str) -> None:
    assert refusal(parse_id, text) == (400, "E_TYPE", "id")


@pytest.mark.parametrize("text", ["9007199254740992", "-9007199254740992", "9" * 400, "9" * 5_000])
def test_an_id_out_of_range_is_refused(text: str) -> None:
    assert refusal(parse_id, text) == (400, "E_RANGE", "id")


def test_the_body_of_a_user_is_the_contracts_json_without_what_the_service_gives() -> None:
    draft, expected_version = parse_user_put(7, USER.encode())
    assert (draft.email, draft.name, draft.roles, draft.labels, draft.balance_cents, expected_version) == (
        "ada@example.com",
        "Ada",
        ["admin"],
        {"a": "b"},
        9007199254740993,
        0,
    )
    draft = parse_user_post(b' {"name":"Ada", "email":"a@b.c"} ')
    assert (draft.email, draft.name, draft.roles, draft.labels, draft.balance_cents) == ("a@b.c", "Ada", [], {}, 0)


def test_a_body_may_repeat_the_id_of_the_path_and_carries_the_expected_version() -> None:
    body = f'{{"id":7,"version":3,"created_at":"2001-01-01T00:00:00Z",{USER[1:]}'
    assert parse_user_put(7, body.encode())[1] == 3


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("", "E_SYNTAX"),
        ('{"email":', "E_TRUNCATED"),
        ("email=ada", "E_SYNTAX"),
        ("[]", "E_TYPE"),
        ('"ada"', "E_TYPE"),
        ("null", "E_TYPE"),
        (f"{USER}x", "E_TRAILING"),
        ("[" * 60_000, "E_DEPTH"),
    ],
)
def test_what_is_no_json_object_is_refused(body: str, code: str) -> None:
    assert refusal(parse_user_put, 7, body.encode()) == (400, code, None)


@pytest.mark.parametrize(
    ("name", "text", "code"),
    [
        ("email", "5", "E_TYPE"),
        ("email", '"\\ud800"', "E_SURROGATE"),
        ("email", '"a\\u0000b"', "E_TYPE"),
        ("labels", '{"a\\u0000":"b"}', "E_TYPE"),
        ("roles", '["a\\u0000"]', "E_TYPE"),
        ("name", "null", "E_MISSING"),
        ("name", None, "E_MISSING"),
        ("roles", '"admin"', "E_TYPE"),
        ("roles", None, "E_MISSING"),
        ("labels", "[]", "E_TYPE"),
        ("labels", None, "E_MISSING"),
        ("balance_cents", "1.5", "E_TYPE"),
        ("balance_cents", '"9223372036854775808"', "E_RANGE"),
        ("balance_cents", None, "E_MISSING"),
        ("version", "-1", "E_RANGE"),
        ("version", "3.5", "E_TYPE"),
        ("version", "9007199254740992", "E_RANGE"),
        ("id", "8", "E_BINDING"),
        ("id", "null", "E_TYPE"),
        ("created_at", '"yesterday"', "E_TYPE"),
    ],
)
def test_a_wrong_member_is_refused_and_named(name: str, text: str | None, code: str) -> None:
    assert refusal(parse_user_put, 7, user_with(name, text)) == (400, code, name)


def test_a_member_twice_is_refused_also_one_that_the_service_would_give() -> None:
    for twice in ('"email":"x"', '"id":7,"id":7'):
        assert refusal(parse_user_put, 7, f"{{{twice},{USER[1:]}".encode())[:2] == (400, "E_DUP")


def test_bytes_that_are_no_utf8_are_refused() -> None:
    assert refusal(parse_user_put, 7, USER.encode().replace(b"ada@", b"\xffda@"))[:2] == (400, "E_UTF8")


def test_a_new_user_has_no_id_and_no_version() -> None:
    assert refusal(parse_user_post, user_with("id", "7")) == (400, "E_RANGE", "id")
    assert refusal(parse_user_post, user_with("version", "1")) == (400, "E_RANGE", "version")
    assert refusal(parse_user_post, user_with("email", None)) == (400, "E_MISSING", "email")


def test_what_would_fit_the_request_but_no_entry_is_refused_before_anything_is_written() -> None:
    # The profile of this user would be over its limit of 16 KiB, although the user itself fits.
    assert refusal(parse_user_put, 7, user_with("name", json.dumps("x" * 20_000)))[:2] == (413, "E_SIZE")


def test_the_body_of_preferences_is_the_contracts_json_with_defaults() -> None:
    preferences = parse_preferences_put(7, b'{"theme":"THEME_DARK"}')
    assert (preferences.user_id, preferences.theme, preferences.language, preferences.settings) == (7, 2, "", {})
    assert Preferences.__cachepact__.to_json(parse_preferences_put(7, b"{ }")) == (
        '{"email_opt_in":false,"language":"","settings":{},"theme":"THEME_UNSPECIFIED","user_id":7}'
    )


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        (b'{"user_id":8}', "E_BINDING", "user_id"),
        (b'{"theme":"THEME_PINK"}', "E_TYPE", "theme"),
        (b'{"email_opt_in":"yes"}', "E_TYPE", "email_opt_in"),
        (b'{"language":"\\u0000"}', "E_TYPE", "language"),
        (b'{"settings":{"a":1}}', "E_TYPE", "settings"),
    ],
)
def test_wrong_preferences_are_refused_and_the_field_named(body: bytes, code: str, field: str) -> None:
    assert refusal(parse_preferences_put, 7, body) == (400, code, field)


def test_more_than_an_entry_holds_is_refused() -> None:
    body = json.dumps({"settings": {"a": "x" * 17_000}}).encode()
    assert refusal(parse_preferences_put, 7, body)[:2] == (413, "E_SIZE")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "the body: found the end of the text in a value"),
        ("[]", "the body: expected an object, found an array"),
        ('{"theme":true}', "theme: expected an integer, found a bool"),
        (f'{{"language":"{"l" * 20_000}"}}', "the preferences: found 20006 bytes of 16384"),
    ],
)
def test_a_client_is_told_what_was_found_not_what_those_who_run_the_cache_should_do(text: str, message: str) -> None:
    with pytest.raises(HttpError) as caught:
        parse_preferences_put(7, text.encode())
    assert caught.value.message == message
