from __future__ import annotations

import traceback
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec
import pytest
from cachepact import CachepactError
from cachepact._entry import decode_entry, encode_entry
from cachepact._key import entry_keys, parse_key
from cachepact_contracts import Session

if TYPE_CHECKING:
    from collections.abc import Callable

SECRET = "s3cr3t-of-ada"
ENTITY = Session.__cachepact__
ADA = Session(user_id=42, session_id=SECRET, expires_at=datetime(2023, 11, 15, tzinfo=UTC), csrf=b"\1\2\3")
KEY = Session.key(user_id=42, session_id=SECRET)

FAULTS: dict[str, tuple[str, Callable[[], object]]] = {
    "a payload under another session's key": (
        "E_BINDING",
        lambda: decode_entry(ENTITY, encode_entry(ENTITY, ADA), Session.key(user_id=42, session_id=SECRET + "x")),
    ),
    "another user's payload": (
        "E_BINDING",
        lambda: decode_entry(ENTITY, encode_entry(ENTITY, ADA), Session.key(user_id=43, session_id=SECRET)),
    ),
    "a value with another member at fault": (
        "E_RANGE",
        lambda: ENTITY.check(msgspec.structs.replace(ADA, user_id=2**53)),
    ),
    "a value without its end": (
        "E_MISSING",
        lambda: ENTITY.from_json(f'{{"user_id":42,"session_id":"{SECRET}"}}'),
    ),
    "JSON that is cut in the secret": (
        "E_TRUNCATED",
        lambda: ENTITY.from_json(f'{{"user_id":42,"session_id":"{SECRET}'),
    ),
    "half of a surrogate pair in the secret": (
        "E_SURROGATE",
        lambda: entry_keys(ENTITY.record, "", Session.key(user_id=42, session_id=SECRET + "\ud800")),
    ),
    "half of a surrogate pair in the value": (
        "E_SURROGATE",
        lambda: ENTITY.check(msgspec.structs.replace(ADA, session_id=SECRET + "\ud800")),
    ),
    "a secret as the user's id": (
        "E_TYPE",
        lambda: entry_keys(ENTITY.record, "", Session.key(user_id=SECRET, session_id=SECRET)),  # type: ignore[arg-type]
    ),
    "the secret as a key": (
        "E_KEY",
        lambda: parse_key(ENTITY.record, "", f"session@1:{{42}}:{SECRET}"),
    ),
    "a value beyond max_payload_bytes": (
        "E_SIZE",
        lambda: encode_entry(ENTITY, msgspec.structs.replace(ADA, device=SECRET * 2000)),
    ),
}


def test_secret_stands_in_none_of_the_keys() -> None:
    for namespace in ("", "acme"):
        for generation in (0, 1, 2):
            keys = repr(entry_keys(ENTITY.record, namespace, KEY, generation))
            assert "{42}" in keys
            assert SECRET not in keys
    assert SECRET not in ENTITY.id_of(KEY)


@pytest.mark.parametrize("fault", FAULTS)
def test_secret_is_in_no_error(fault: str) -> None:
    code, run = FAULTS[fault]
    with pytest.raises(CachepactError) as caught:
        run()
    assert caught.value.code == code
    # What a log shows of it, less the lines of source, which hold this test's own text.
    shown = "".join(line for line in traceback.format_exception_only(caught.value))
    cause = caught.value.__cause__ or caught.value.__context__
    while cause is not None:
        shown += "".join(traceback.format_exception_only(cause))
        cause = cause.__cause__ or cause.__context__
    assert SECRET not in shown + repr(vars(caught.value))


def test_payload_is_bound_by_the_digest_of_its_session_id() -> None:
    data = encode_entry(ENTITY, ADA)
    assert decode_entry(ENTITY, data, KEY).value == ADA
    with pytest.raises(CachepactError, match=r"^E_BINDING: "):
        decode_entry(ENTITY, data, Session.key(user_id=42, session_id="other"))


def test_all_sessions_of_one_user_lie_in_one_slot() -> None:
    other = Session.key(user_id=42, session_id="other")
    assert entry_keys(ENTITY.record, "", KEY).lease.startswith("session@1:{42}:")
    assert entry_keys(ENTITY.record, "", other).lease.startswith("session@1:{42}:")
