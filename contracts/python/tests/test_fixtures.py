from __future__ import annotations

from typing import Any

import cachepact_contracts as contracts
import pytest
from cachepact import Entity
from cachepact._entry import decode_entry, encode_entry
from cachepact._frame import decode_frame
from cachepact._key import entry_keys
from cachepact.testing import from_neutral, key_from_neutral
from fixture import fixture_files, lock

FILES = fixture_files()
LOCK = lock()
ENTITIES: dict[str, Entity[Any, Any]] = {
    entity.record.entity: entity
    for entity in (getattr(getattr(contracts, name), "__cachepact__", None) for name in contracts.__all__)
    if isinstance(entity, Entity)
}
CASES = [(name, case) for name, file in FILES.items() for case in file["cases"]]


def test_every_entity_of_the_lock_is_exported_and_has_golden_entries() -> None:
    assert sorted(ENTITIES) == sorted(LOCK) == sorted(FILES)
    assert {name: f"{entity.record.fingerprint:08x}" for name, entity in ENTITIES.items()} == {
        name: record["fingerprint"] for name, record in LOCK.items()
    }
    for file in FILES.values():
        assert file["count"] == len(file["cases"])


@pytest.mark.parametrize(("name", "case"), CASES, ids=[case["name"] for _, case in CASES])
def test_golden_entry(name: str, case: dict[str, Any]) -> None:
    entity = ENTITIES[name]
    record = LOCK[name]
    value = from_neutral(entity, case["value"])
    key = entity.key_type(**key_from_neutral(entity, case["key"]))
    stale_at_ms, created_at_ms = case.get("stale_at_ms", 0), case.get("created_at_ms", 0)
    version, dirty = case.get("version", 0), case.get("dirty", False)
    entry = bytes.fromhex(case["entry"])

    assert entry_keys(entity.record, "", key).value == case["redis_key"]
    assert entity.key_of(value) == key
    written = version if record["log"] else None
    found_entry = encode_entry(
        entity, value, version=written, stale_at_ms=stale_at_ms, created_at_ms=created_at_ms, dirty=dirty
    )
    assert found_entry.hex() == case["entry"]
    payload = entry if record["framing"] == "plain" else decode_frame(entry, "strict").payload
    assert bytes(payload).hex() == case["payload"]
    found = decode_entry(entity, entry, key)
    assert (found.value, found.version, found.stale_at_ms) == (value, version, stale_at_ms)
    assert (found.created_at_ms, found.dirty, found.foreign) == (created_at_ms, dirty, False)
    assert entity.from_json(entity.to_json(value)) == value
