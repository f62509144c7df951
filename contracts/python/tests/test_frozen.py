"""Golden entries of released contracts: made by the contract of their release, read by today's."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from cachepact import Entity
from cachepact._entry import decode_entry, encode_entry
from cachepact._key import entry_keys
from cachepact.testing import complete_neutral, from_neutral, key_from_neutral, to_neutral
from fixture import CONTRACT, lock

if TYPE_CHECKING:
    from pathlib import Path

FIXTURES = CONTRACT / "fixtures"
FROZEN = FIXTURES / "frozen"


def check_folder(folder: Path, records: dict[str, Any]) -> int:
    """Hold the golden entries of a folder to the records that made them; gives their number."""
    checked = 0
    for file in sorted(folder.glob("*.json")):
        if file.name == "contracts.lock.json":
            continue
        golden = json.loads(file.read_text("utf-8"))
        writer: Entity[Any, Any] = Entity.from_record(records[golden["entity"]])
        today = lock().get(golden["entity"])
        for case in golden["cases"]:
            check_writer(writer, case)
            # Another generation lies under other keys: its entries are nobody's any more.
            if today is not None and today["generation"] == writer.record.generation:
                check_reader(Entity.from_record(today), case)
            checked += 1
    return checked


def check_writer(entity: Entity[Any, Any], case: dict[str, Any]) -> None:
    meta: dict[str, Any] = {name: case[name] for name in ("stale_at_ms", "created_at_ms", "dirty") if name in case}
    if entity.record.log is not None:
        meta["version"] = case["version"]
    assert encode_entry(entity, from_neutral(entity, case["value"]), **meta).hex() == case["entry"], case["name"]
    assert entry_keys(entity.record, "", key_from_neutral(entity, case["key"])).value == case["redis_key"]


def check_reader(entity: Entity[Any, Any], case: dict[str, Any]) -> None:
    key = entity.key_type(**key_from_neutral(entity, case["key"]))
    entry = decode_entry(entity, bytes.fromhex(case["entry"]), key)
    # Whatever was added since is at its default.
    assert to_neutral(entity, entry.value) == complete_neutral(entity, case["value"]), case["name"]
    assert entry.version == case.get("version", 0)


def test_every_released_entry_is_made_by_its_contract_and_read_by_todays() -> None:
    for folder in sorted(path for path in FROZEN.glob("*") if path.is_dir()):
        records = json.loads((folder / "contracts.lock.json").read_text("utf-8"))["entities"]
        assert check_folder(folder, records) > 60


# What the test above does to a release, done to the files that the next release will freeze.
def test_every_entry_of_today_would_hold_as_a_release() -> None:
    assert check_folder(FIXTURES, lock()) > 60
