from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import pytest
from fixture_case import FixtureCases
from fixtures import FOLDER, golden_lock

if TYPE_CHECKING:
    from pathlib import Path

FILES = ("boundaries.json", "entries.json", "frames.json", "keys.json", "values.json", "write-records.json")
FROZEN = FOLDER / "frozen"


def releases() -> list[dict[str, Any]]:
    manifest = FROZEN / "manifest.json"
    found: list[dict[str, Any]] = json.loads(manifest.read_text("utf-8"))["releases"] if manifest.exists() else []
    return found


def check_folder(folder: Path, lock: dict[str, Any]) -> int:
    """Check every case of a folder of fixtures; gives their number."""
    fixtures = FixtureCases(lock)
    checked = 0
    for name in FILES:
        file = json.loads((folder / name).read_text("utf-8"))
        assert file["count"] == len(file["cases"])
        for case in file["cases"]:
            try:
                fixtures.check(name, case)
            except BaseException as error:
                error.add_note(f"{folder.name}/{name}: {case['name']}, {case['why']}")
                raise
        checked += file["count"]
    return checked


def test_every_released_case_holds_with_the_lock_of_its_release() -> None:
    for release in releases():
        folder = FROZEN / release["release"]
        for name, digest in release["files"].items():
            assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
        lock = json.loads((folder / "contracts.lock.json").read_text("utf-8"))
        assert check_folder(folder, lock) > 2500


# What the test above does to a release, done to the files that the next release will freeze.
def test_every_case_of_today_would_hold_as_a_release() -> None:
    assert check_folder(FOLDER, golden_lock()) > 2500


EDITS = [
    ("keys.json", "key", "slot", -1),
    ("keys.json", "parse-reject", "error", "E_TYPE"),
    ("values.json", "canonical", "protobuf", "00"),
    ("values.json", "canonical", "ascii", None),
    ("values.json", "accept", "strict", "E_DUP"),
    ("values.json", "reject", "error", "E_DUP"),
    ("frames.json", "frame", "bytes", "00"),
    ("entries.json", "entry", "bytes", "00"),
    ("entries.json", "accept", "result", {}),
    ("write-records.json", "item", "head", "00"),
    ("write-records.json", "event", "frame", "00"),
]


@pytest.mark.parametrize(("name", "kind", "member", "wrong"), EDITS)
def test_edited_case_does_not_hold(name: str, kind: str, member: str, wrong: object) -> None:
    cases = json.loads((FOLDER / name).read_text("utf-8"))["cases"]
    case = next(case for case in cases if case["kind"] == kind)
    fixtures = FixtureCases(golden_lock())
    fixtures.check(name, case)
    with pytest.raises(AssertionError):
        fixtures.check(name, {**case, member: wrong})
