from __future__ import annotations

import json
import math
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cachepact import CachepactError, Entity
from cachepact.testing import (
    NeutralFormError,
    complete_neutral,
    from_neutral,
    key_from_neutral,
    key_to_neutral,
    to_neutral,
)
from fixtures import golden, golden_lock, named, of_kind

PART = {"message": "a.v1.Part", "fields": [{"name": "in", "number": 1, "presence": "optional", "type": "string"}]}
COLOR = {"enum": "a.v1.Color", "values": {"ZERO": 0}}


def entity_of(kind: Any, presence: str = "optional", **field: Any) -> Entity[Any, Any]:
    """An entity of one field ``x_y``."""
    fields = [{"name": "x_y", "number": 1, "presence": presence, "type": kind, **field}]
    record = golden_lock()["entities"]["user-by-name"]
    return Entity.from_record({**record, "schema": {"message": "a.v1.A", "fields": fields}})


@pytest.mark.parametrize(
    ("entity", "neutral", "value"),
    [
        (entity_of("int64"), "-9007199254740993", -9007199254740993),
        (entity_of("uint64", jstype="number"), "42", 42),
        (entity_of("sint32"), -1, -1),
        (entity_of("bool"), False, False),
        (entity_of("double"), 1.5, 1.5),
        (entity_of("double"), {"f64": "8000000000000000"}, -0.0),
        (entity_of("double"), {"f64": "fff0000000000000"}, -math.inf),
        (entity_of("string"), "é\u2028😀", "é\u2028😀"),
        (entity_of("string"), {"utf16": "0061d800"}, "a\ud800"),
        (entity_of("bytes"), "00ff", b"\x00\xff"),
        (entity_of("timestamp"), [-1, 999_000_000], datetime(1969, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC)),
        (entity_of(COLOR), 77, 77),
        (entity_of("bytes", "repeated"), ["01", ""], [b"\x01", b""]),
        (
            entity_of("int32", "map"),
            [["__proto__", 2], ["😀", 3], ["\ufb33", 1]],
            {"\ufb33": 1, "😀": 3, "__proto__": 2},
        ),
    ],
)
def test_neutral_value_and_value_of_python(entity: Entity[Any, Any], neutral: Any, value: Any) -> None:
    made = from_neutral(entity, {"x_y": neutral})
    assert made.x_y == value
    assert type(made.x_y) is type(value)
    assert str(made.x_y) == str(value) or isinstance(value, dict)
    assert to_neutral(entity, entity.value_type(x_y=value)) == {"x_y": neutral}
    assert complete_neutral(entity, {"x_y": neutral}) == {"x_y": neutral}


def test_message_within_a_message_has_attributes_of_python() -> None:
    entity = entity_of(PART)
    value = from_neutral(entity, {"x_y": {"in": "a"}})
    assert value.x_y.in_ == "a"
    assert to_neutral(entity, value) == {"x_y": {"in": "a"}}


def test_map_in_any_order_has_one_complete_form() -> None:
    entity = entity_of("int32", "map")
    pairs = [["b", 2], ["\ufb33", 1], [{"repeat": "a", "times": 2}, 4], ["😀", 3]]
    expected = {"x_y": [["aa", 4], ["b", 2], ["😀", 3], ["\ufb33", 1]]}
    assert complete_neutral(entity, {"x_y": pairs}) == expected
    assert to_neutral(entity, from_neutral(entity, {"x_y": pairs})) == expected


def test_time_of_another_zone_is_the_same_time() -> None:
    entity = entity_of("timestamp")
    east = datetime(2024, 1, 1, 2, tzinfo=UTC).astimezone().replace(microsecond=1)
    assert to_neutral(entity, entity.value_type(x_y=east)) == {"x_y": [1704074400, 1000]}


def test_native_values_are_passed_on_as_they_stand() -> None:
    assert from_neutral(entity_of("int32"), {"x_y": {"native": "1"}}).x_y == "1"
    assert from_neutral(entity_of(PART), {"x_y": {"native": None}}).x_y is None
    assert from_neutral(entity_of(PART, "map"), {"x_y": {"native": 5}}).x_y == 5
    assert from_neutral(entity_of(PART), {"native": "root"}) == "root"


def test_field_that_is_named_like_a_special_form_is_a_field() -> None:
    names = ["native", "utf16", "f64", "repeat", "times"]
    fields = [
        {"name": name, "number": at, "presence": "implicit", "type": "string"} for at, name in enumerate(names, 1)
    ]
    entity = entity_of({"message": "a.v1.Odd", "fields": fields})
    neutral = {"x_y": {name: f"of {name}" for name in names}}
    assert to_neutral(entity, from_neutral(entity, neutral)) == neutral == complete_neutral(entity, neutral)


def test_absent_required_member_reaches_the_codec() -> None:
    entity = golden("all-types")
    with pytest.raises(CachepactError) as caught:
        entity.to_json(from_neutral(entity, {}))
    assert caught.value.code == "E_MISSING"


def test_what_no_class_of_python_holds_has_the_code_that_the_codec_would_give() -> None:
    with pytest.raises(CachepactError) as caught:
        from_neutral(entity_of("int32"), {"z": 1})
    assert caught.value.code == "E_TYPE"
    with pytest.raises(CachepactError) as caught:
        from_neutral(entity_of("timestamp"), {"x_y": [253_402_300_800, 0]})
    assert caught.value.code == "E_RANGE"


@pytest.mark.parametrize("case", [case for case in of_kind("values", "canonical") if "decoded" not in case], ids=named)
def test_canonical_value_and_its_complete_form_are_one_value(case: dict[str, Any]) -> None:
    entity = golden(case["entity"])
    complete = complete_neutral(entity, case["value"])
    written = to_neutral(entity, from_neutral(entity, case["value"]))
    assert json.loads(json.dumps(written)) == written == complete
    assert to_neutral(entity, from_neutral(entity, complete)) == complete


@pytest.mark.parametrize("case", of_kind("keys", "key"), ids=named)
def test_key_goes_there_and_back(case: dict[str, Any]) -> None:
    entity = golden(case["entity"])
    key = key_from_neutral(entity, case["key"])
    back = key_to_neutral(entity, key)
    assert key_from_neutral(entity, back) == key
    assert back == key_to_neutral(entity, entity.key_type(**key))
    if '"repeat"' not in json.dumps(case["key"]):
        assert back == case["key"]


@pytest.mark.parametrize(
    ("kind", "presence", "neutral"),
    [
        ("int64", "optional", 1),
        ("int64", "optional", "01"),
        ("int64", "optional", "-0"),
        ("int32", "optional", "1"),
        ("int32", "optional", True),
        ("bool", "optional", 1),
        ("string", "optional", None),
        ("bytes", "optional", "FF"),
        ("bytes", "optional", "f"),
        ("timestamp", "optional", 1),
        ("timestamp", "optional", [0, 1_000_000_000]),
        ("timestamp", "optional", [0, -1]),
        ("string", "map", {"a": "b"}),
        ("bool", "map", [["a", True], ["a", True]]),
        ("bool", "map", [["a", True, True]]),
        ("bool", "map", [[1, True]]),
        ("string", "optional", {"base64": "AA=="}),
        ("double", "optional", {"f64": "00000000000000"}),
        ("string", "optional", {"repeat": "x", "times": 0.5}),
        (PART, "optional", []),
    ],
)
def test_what_is_no_neutral_value_is_refused_with_its_place(kind: Any, presence: str, neutral: Any) -> None:
    with pytest.raises(NeutralFormError, match=r"^read a neutral value, x_y: ") as caught:
        from_neutral(entity_of(kind, presence), {"x_y": neutral})
    assert caught.value.field == "x_y"


@pytest.mark.parametrize(
    ("kind", "presence", "value"),
    [
        ("int64", "optional", "1"),
        ("int64", "optional", True),
        ("int32", "optional", 0.5),
        ("double", "optional", 1),
        ("bool", "optional", 1),
        ("bytes", "optional", bytearray(b"a")),
        ("timestamp", "optional", datetime(2024, 1, 1)),  # noqa: DTZ001
        ("timestamp", "optional", timedelta(0)),
        ("string", "repeated", ("a",)),
        ("string", "map", {1: "a"}),
        ("string", "implicit", None),
        (PART, "optional", {"in": "a"}),
    ],
)
def test_value_that_no_decoder_may_give_has_no_neutral_form(kind: Any, presence: str, value: Any) -> None:
    entity = entity_of(kind, presence)
    with pytest.raises(NeutralFormError):
        to_neutral(entity, entity.value_type(x_y=value))
