"""Reading what a client sent."""

from __future__ import annotations

import contextlib
import json
import re
from typing import TYPE_CHECKING, Any, Final, TypeVar

from cachepact import CachepactError

from user_api.errors import HttpError, bad_request, too_large

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cachepact import Entity
    from starlette.requests import Request

V = TypeVar("V")

ID_MAX: Final = 2**53 - 1
"""Ids travel as JSON numbers, so they end where a double is no longer exact."""
BODY_MAX_BYTES: Final = 64 * 1024
"""Largest request body. The same as the payload limit of a user: what would not fit an entry is refused at the door."""


def parse_id(text: str) -> int:
    """Read the id of a path in its one canonical form; ``042`` and ``+42`` would name the same key, and are refused.

    HttpError: 400 E_TYPE or E_RANGE, field ``id``.
    """
    if re.fullmatch(r"0|-?[1-9][0-9]*", text) is None:
        raise bad_request("E_TYPE", "the id in the path is not a decimal integer", "id")
    # Python refuses to read very long integers; those are out of range in any case.
    if len(text) > len(str(-ID_MAX)) or abs(int(text)) > ID_MAX:
        raise bad_request("E_RANGE", f"the id in the path is outside -{ID_MAX} to {ID_MAX}", "id")
    return int(text)


async def read_body(request: Request) -> bytes:
    """Read the raw bytes of the body. HttpError: 413 as soon as it is known to be over the limit."""
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and len(announced) < 20 and int(announced) > BODY_MAX_BYTES:
        raise too_large(BODY_MAX_BYTES)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_MAX_BYTES:
            raise too_large(BODY_MAX_BYTES)
    return bytes(body)


def parse_body(entity: Entity[Any, V], body: bytes, *, given: Mapping[str, str], required: Sequence[str] = ()) -> V:
    """Read a body as the contract's JSON: unknown members are ignored, order and white space are free.

    ``given``: members that the service knows; a body that leaves one out gets this value, as JSON text.
    ``required``: members that a body must state although the contract has a default for them.
    HttpError: 400 with the code and the field that the contract names; 413 when it fits no entry.
    """
    if not body:
        raise bad_request("E_SYNTAX", "the request has no body: send the JSON of the contract")
    text, members = _outline(body)
    if members is not None:
        for field in entity.record.schema["fields"]:
            _inspect(field["type"], members.get(field["name"]), field["name"])
    with refuse_what_the_contract_refuses():
        value = entity.from_json(body if members is None else _complete(text, members, given))
    for name in required:
        if members is None or members.get(name) is None:
            raise bad_request("E_MISSING", f"{name} is missing: send it", name)
    return value


def _outline(body: bytes) -> tuple[str, dict[str, object] | None]:
    """Give the text of a body and its top-level members; None for no JSON object, which the contract then reports."""
    try:
        text = body.decode()
        parsed = json.loads(text)
    except (ValueError, RecursionError):
        return "", None
    return text, parsed if isinstance(parsed, dict) else None


def _complete(text: str, members: Mapping[str, object], given: Mapping[str, str]) -> str:
    """Write the given members in front of the others, where the body has none of their own. The rest stays as sent."""
    for name in given:
        if name in members and members[name] is None:
            raise bad_request("E_TYPE", f"{name} is null: send a value, or leave it out", name)
    front = ",".join(f'"{name}":{value}' for name, value in given.items() if name not in members)
    if not front:
        return text
    start = text.index("{") + 1
    return f"{text[:start]}{front}{',' if members else ''}{text[start:]}"


@contextlib.contextmanager
def refuse_what_the_contract_refuses() -> Iterator[None]:
    """Run a check of the contract on a part of a request.

    Only here do the contract's codes mean that the client is at fault; anywhere else they are a failure of the service.
    """
    try:
        yield
    except CachepactError as error:
        message = _complaint_of(error)
        if error.code == "E_SIZE":
            raise HttpError(413, error.code, message) from error
        raise bad_request(error.code, message, error.field) from error


def _complaint_of(error: CachepactError) -> str:
    """Say what the contract found, for whoever sent it. What it advises is for those who run the cache."""
    found = str(error).removeprefix(f"{error.code}: ").split("; ")[0]
    found = re.sub(r"^(?:de|en)code (?:a value|text)", "the body", found)
    return re.sub(r"^hold an? ", "the ", re.sub(r"^(?:de|en)code field ", "", found))


def _inspect(kind: str | Mapping[str, Any], member: object, path: str) -> None:
    """Refuse what a reader of the cache may overlook, but nobody should write.

    That is text that no database column holds, and enum names that the contract does not know (a reader takes them for
    a newer writer's).
    """
    for text in _strings_of(member):
        if any("\ud800" <= character <= "\udfff" for character in text):
            raise bad_request("E_SURROGATE", f"{path} holds half of a surrogate pair: send whole characters", path)
        if "\0" in text:
            raise bad_request(
                "E_TYPE", f"{path} holds the character U+0000, which the database cannot store: remove it", path
            )
    if isinstance(kind, str):
        return
    for part in member if isinstance(member, list) else [member]:
        if "enum" in kind and isinstance(part, str) and part not in kind["values"]:
            raise bad_request("E_TYPE", f"{path} is none of {', '.join(kind['values'])}", path)
        if "fields" in kind and isinstance(part, dict):
            for field in kind["fields"]:
                _inspect(field["type"], part.get(field["name"]), f"{path}.{field['name']}")


def _strings_of(member: object) -> Iterator[str]:
    if isinstance(member, str):
        yield member
    elif isinstance(member, list):
        for part in member:
            yield from _strings_of(part)
    elif isinstance(member, dict):
        for name, part in member.items():
            yield name
            yield from _strings_of(part)
