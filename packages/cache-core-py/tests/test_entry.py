from __future__ import annotations

import json
from typing import Any

import pytest
from cachepact import CachepactError
from cachepact._entity import Entity
from cachepact._entry import decode_entry, encode_entry
from cachepact.testing import complete_neutral, from_neutral, key_from_neutral, to_neutral
from fixtures import cases, golden, golden_lock, named, of_kind
from hypothesis import given
from hypothesis import strategies as st

RESULT = ("version", "stale_at_ms", "created_at_ms", "cost_ms", "dirty", "foreign")


def check_decoded(case: dict[str, Any], data: bytes) -> None:
    entity = golden(case["entity"])
    entry = decode_entry(entity, data, entity.key_type(**key_from_neutral(entity, case["key"])))
    assert {name: getattr(entry, name) for name in RESULT} == case["result"]
    if case["value"] is None:
        assert entry.value is None
    else:
        assert to_neutral(entity, entry.value) == complete_neutral(entity, case["value"])


@pytest.mark.parametrize("case", of_kind("entries", "entry"), ids=named)
def test_entry_has_one_byte_string(case: dict[str, Any]) -> None:
    entity = golden(case["entity"])
    value = None if case["value"] is None else from_neutral(entity, case["value"])
    data = encode_entry(entity, value, **case["meta"])
    assert data.hex() == case["bytes"]
    check_decoded(case, data)


@pytest.mark.parametrize("case", of_kind("entries", "accept"), ids=named)
def test_entry_of_another_writer_is_read(case: dict[str, Any]) -> None:
    check_decoded(case, bytes.fromhex(case["bytes"]))


@pytest.mark.parametrize("case", of_kind("entries", "reject"), ids=named)
def test_entry_that_cannot_be_used_names_its_code(case: dict[str, Any]) -> None:
    entity = golden(case["entity"])
    with pytest.raises(CachepactError) as caught:
        decode_entry(entity, bytes.fromhex(case["bytes"]), entity.key_type(**key_from_neutral(entity, case["key"])))
    assert caught.value.code == case["error"]


@pytest.mark.parametrize("case", of_kind("entries", "encode-error"), ids=named)
def test_value_that_no_entry_can_hold(case: dict[str, Any]) -> None:
    entity = golden(case["entity"])
    value = None if case["value"] is None else from_neutral(entity, case["value"])
    with pytest.raises(CachepactError) as caught:
        encode_entry(entity, value, **case["meta"])
    assert caught.value.code == case["error"]


def test_reader_takes_what_a_later_release_writes() -> None:
    source = {**golden_lock()["entities"]["user-by-name"], "max_payload_bytes": 40}
    now: Entity[Any, Any] = Entity.from_record(source)
    announcing: Entity[Any, Any] = Entity.from_record({**source, "announced": {"max_payload_bytes": 60}})
    later: Entity[Any, Any] = Entity.from_record({**source, "max_payload_bytes": 61})

    def entry_of(entity: Entity[Any, Any], size: int) -> bytes:
        name = "x" * (size - len('{"name":"","user_id":"0"}'))
        return encode_entry(entity, from_neutral(entity, {"name": name}))

    assert decode_entry(announcing, entry_of(later, 60)).value is not None
    for refused in (
        lambda: decode_entry(now, entry_of(later, 60)),
        lambda: decode_entry(announcing, entry_of(later, 61)),
        lambda: entry_of(announcing, 60),
    ):
        with pytest.raises(CachepactError) as caught:
            refused()
        assert caught.value.code == "E_SIZE"


def test_every_kind_of_case_has_its_test() -> None:
    assert {case["kind"] for case in cases("entries")} == {"entry", "accept", "reject", "encode-error"}


def test_naive_client_reads_a_plain_entry_with_its_own_parser() -> None:
    entity = golden("note")
    case = next(case for case in of_kind("entries", "entry") if case["entity"] == "note" and case["value"])
    data = encode_entry(entity, from_neutral(entity, case["value"]))
    assert json.loads(data)["id"] is not None


@given(st.binary(max_size=80))
def test_garbage_under_a_key_raises_nothing_but_an_error_of_the_vocabulary(data: bytes) -> None:
    for name in ("user", "user-by-name", "note", "m", "setting"):
        for candidate in (data, b"\xc1\xca\x09\x08\x02\x00" + data, b"\xc1\xca\x09\x08\x03\x00" + data):
            try:
                decode_entry(golden(name), candidate)
            except CachepactError:
                continue
