"""Values as Python programs make them: what is unusual in them is the interpreter's, on every path the same."""

from __future__ import annotations

import enum
import random
import struct
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from cachepact import CachepactError
from cachepact._codec import CodecName, decode_payload, encode_payload
from cachepact._codecs.json_number import format_number
from cachepact._codecs.scalar import fit_double
from cachepact._timestamp import format_timestamp, parse_timestamp
from cachepact.generated import (
    UnusualError,
    finite,
    members_by_json,
    members_by_number,
    names_by_number,
    number_text,
    read_int64,
    read_number,
    read_time,
    read_uint64,
    time_text,
    whole_ms,
)
from random_values import draw_value
from test_generated_codec import CODEC_NAMES, encoded

if TYPE_CHECKING:
    from collections.abc import Callable

    from generated_contract import GeneratedContract


class Text(str):
    __slots__ = ()


class Number(int):
    pass


class Other(enum.IntEnum):
    ONE = 1


class Day(datetime):
    pass


class Labels(dict[str, Any]):
    pass


class NoOffset(tzinfo):
    def utcoffset(self, _moment: datetime | None) -> timedelta | None:
        return None

    def dst(self, _moment: datetime | None) -> timedelta | None:
        return None

    def tzname(self, _moment: datetime | None) -> str | None:
        return None


_NOON = datetime(2024, 2, 29, 12, 30, 15, 123456, tzinfo=UTC)

# Of AllTypes: attribute -> values that programs may put there.
ODD: dict[str, tuple[Any, ...]] = {
    "small": (True, False, Other.ONE, Number(5), 1.0, "5", None, 2**31, -(2**31) - 1, 2**31 - 1),
    "positive": (-1, 2**32, 2**32 - 1, True),
    "large": (2**63, -(2**63) - 1, 2**63 - 1, -(2**63), Other.ONE, 1.0),
    "huge": (2**64, 2**64 - 1, -1, 10**30),
    "safe": (2**53, 2**53 - 1, -(2**53), -(2**53) + 1),
    "flag": (0, 1, None, "true"),
    "text": (Text("x"), b"x", 5, None, "\ud800", "a\udfff", "\U0001f600"),
    "data": (bytearray(b"ab"), memoryview(b"ab"), "ab", None, [1]),
    "ratio": (
        1,
        0,
        -0.0,
        2**53 + 1,
        10**400,
        True,
        "1",
        None,
        float("nan"),
        float("inf"),
        -1e-7,
        1e21,
        10**15,
        -(10**15),
    ),
    "at": (
        *(_NOON, _NOON.replace(tzinfo=None), _NOON.replace(microsecond=123000), _NOON.replace(microsecond=999)),
        *(_NOON.astimezone(ZoneInfo("Asia/Kathmandu")), _NOON.replace(tzinfo=timezone(timedelta(seconds=-1)))),
        *(Day(2024, 1, 1, tzinfo=UTC), _NOON.replace(tzinfo=NoOffset()), _NOON.date(), 5, "2024-01-01T00:00:00Z"),
        *(datetime(1, 1, 1, tzinfo=UTC), datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=1)))),
        *(datetime.max.replace(tzinfo=UTC), datetime.max.replace(tzinfo=timezone(timedelta(hours=-1)))),
        *(datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC), datetime(999, 1, 1, tzinfo=UTC)),
    ),
    "color": (1, 7, True, Other.ONE, 2**31, None, "COLOR_RED", 1.0),
    "nickname": ("", Text("x"), 0, False, "\ud800"),
    "rank": (0, True, 2**31, Number(3)),
    "agreed": (False, 0),
    "token": (b"", bytearray(b"x"), ""),
    "shade": (0, Other.ONE, 2**31),
    "numbers": ((1, 2), [True], [1.0], [2**31], None, {1}, "12", [Number(1)], range(3)),
    "samples": ([1, 2.5, -0.0], [float("nan")], [None], (0.5,)),
    "words": ("ab", ["a", 1], [None], ("a", "b"), [Text("x")], ["\ud800"], {"a": 1}),
    "chunks": ([bytearray(b"x")], ["x"], (b"x",)),
    "times": ([_NOON], [_NOON.replace(tzinfo=None)], [5]),
    "colors": ([1, 7], [True], [Other.ONE]),
    "labels": (
        Labels(a="b"),
        [("a", "b")],
        {1: "b"},
        {"a": 1},
        {"\ud800": "x"},
        {"a": "\udfff"},
        {Text("a"): "b"},
        None,
    ),
    "counts": ({"a": True}, {"a": 2**63}, {"a": 1.0}, {"b": 1, "a": 2, "ab": 3, "": 4}),
    "switches": ({"a": 1}, {"a": None}),
    "blobs": ({"a": bytearray(b"x")}, {"a": "x"}),
    "seen": ({"a": _NOON}, {"a": 5}),
    "painted": ({"a": 1}, {"a": True}, {"a": Other.ONE}),
    "weights": ({"a": 1}, {"a": -0.0}, {"a": float("inf")}, {"\U0001f600": 1.0, "\ufb33": 2.0}),
    "part": (5, {"label": "x"}, {}),
    "parts": ([None], [5], ({},), {}),
    "named": ({"a": None}, {"a": 5}),
}


@pytest.mark.parametrize("codec", CODEC_NAMES)
@pytest.mark.parametrize("attribute", ODD)
def test_unusual_member_is_written_or_refused_alike(
    contract: GeneratedContract, attribute: str, codec: CodecName
) -> None:
    entity = contract.entities["all-types"]
    good = draw_value(random.Random(5), entity.schema)
    for odd in ODD[attribute]:
        value = msgspec.structs.replace(good, **{attribute: odd})
        generated, interpreter = (encoded(entity, codec, value, path) for path in ("generated", "interpreter"))
        assert generated == interpreter, odd


@pytest.mark.parametrize("codec", CODEC_NAMES)
def test_other_class_of_values_is_the_interpreters(contract: GeneratedContract, codec: CodecName) -> None:
    for name in ("all-types", "basket"):
        entity = contract.entities[name]
        good = draw_value(random.Random(7), entity.schema)
        derived = type("Derived", (entity.value_type,), {"__annotations__": {"more": int}, "more": 1}, kw_only=True)
        members = {field: getattr(good, field) for field in good.__struct_fields__}
        for value in (derived(**members), members, None, 5):
            generated, interpreter = (encoded(entity, codec, value, path) for path in ("generated", "interpreter"))
            assert generated == interpreter


@pytest.mark.parametrize("codec", CODEC_NAMES)
def test_deleted_attribute_is_the_interpreters(contract: GeneratedContract, codec: CodecName) -> None:
    entity = contract.entities["journey"]
    good = draw_value(random.Random(7), entity.schema)
    value = msgspec.structs.replace(good)
    msgspec.structs.force_setattr(value, "stops", [msgspec.structs.replace(good.start)])
    assert encoded(entity, codec, value, "generated") == encoded(entity, codec, value, "interpreter")
    msgspec.structs.force_setattr(value, "at", None)
    with pytest.raises(CachepactError, match="E_MISSING"):
        encode_payload(entity, codec, value)


def test_writing_does_not_change_the_value(contract: GeneratedContract) -> None:
    for name, entity in contract.entities.items():
        if name == "deep":
            continue
        value = draw_value(random.Random(3), entity.schema)
        before = repr(value)
        for codec in CODEC_NAMES:
            data = encode_payload(entity, codec, value).data
            found = decode_payload(entity, codec, data, "lenient")
            assert found == value
            assert hash(type(found)) == hash(type(value))
        assert repr(value) == before


def test_doubles_are_written_as_the_interpreter_writes_them() -> None:
    chance = random.Random(11)
    encode = msgspec.json.Encoder().encode
    numbers = [
        float(f"{digits}e{exponent}") for digits in (1, -1, 1.5, 9.999999999999999) for exponent in range(-30, 30)
    ]
    numbers += [struct.unpack("<d", chance.randbytes(8))[0] for _ in range(5000)]
    numbers += [float(chance.randint(-(2**60), 2**60)) for _ in range(2000)] + [0.0, -0.0, 1e15, -1e15, 1e15 - 1]
    for number in numbers:
        if number - number != 0:  # NaN and the infinities
            with pytest.raises(UnusualError):
                number_text(number)
            with pytest.raises(UnusualError):
                finite(number)
            continue
        text = encode(number_text(number)).decode()
        assert text == format_number(fit_double(number, ""))
        assert repr(read_number(msgspec.Raw(text.encode()))) == repr(number + 0.0)


_TIMES = ("2023-11-14T22:13:20Z", "2023-11-14T22:13:20.123Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999Z")


def test_text_of_a_time_is_read_as_the_interpreter_reads_it_or_left_to_it() -> None:
    chance = random.Random(13)
    read = 0
    for _ in range(20_000):
        text = list(chance.choice(_TIMES))
        for _ in range(chance.randint(0, 2)):
            text[chance.randrange(len(text))] = chance.choice("0123456789-:.TtZz +\u0661")
        if chance.random() < 0.1:
            del text[chance.randrange(len(text))]
        expected = parse_timestamp("".join(text))
        found = _or_none(read_time, "".join(text))
        assert found is None or found == expected, "".join(text)
        read += found is not None
    assert read > 5000
    for text_of_time in _TIMES:
        assert read_time(text_of_time) == parse_timestamp(text_of_time)


def test_times_are_written_as_the_interpreter_writes_them() -> None:
    chance = random.Random(17)
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    for _ in range(3000):
        us = chance.randint(-62_135_596_800_000_000, 253_402_300_799_999_999)
        moment = epoch + timedelta(microseconds=us)
        assert time_text(moment) == format_timestamp(us // 1000)
        assert whole_ms(moment) == epoch + timedelta(milliseconds=us // 1000)


@pytest.mark.parametrize("name", ["all-types", "journey"])
def test_finer_times_than_milliseconds_are_floored_on_both_paths(contract: GeneratedContract, name: str) -> None:
    entity = contract.entities[name]
    moment = datetime(1970, 1, 1, 0, 0, 1, 123000, tzinfo=UTC)
    value = msgspec.structs.replace(draw_value(random.Random(7), entity.schema), at=moment)
    whole = (123_000_000 << 34 | 1).to_bytes(8)
    data = encode_payload(entity, "msgpack", value).data
    assert data.count(whole) == 1
    for nanos in (123_456_000, 123_999_999, 123_000_001):
        finer = data.replace(whole, (nanos << 34 | 1).to_bytes(8))
        for path in ("generated", "interpreter"):
            assert decode_payload(entity, "msgpack", finer, "lenient", path=path).at == moment


def test_text_of_an_integer_is_read_by_the_grammar_of_the_wire_or_left_to_the_interpreter() -> None:
    for text in ("0", "5", "-5", "9223372036854775807", "-9223372036854775808", "-0"):
        assert read_int64(text) == int(text)
    for text in ("0", "18446744073709551615"):
        assert read_uint64(text) == int(text)
    wrong = [
        "",
        "-",
        " 5",
        "5 ",
        "\t5",
        "+5",
        "05",
        "-05",
        "1_0",
        "1.0",
        "1e2",
        "\u0665",
        "\u00b2",
        "--5",
        "- 5",
        "5\n",
        "0x5",
    ]
    for text in (*wrong, "9223372036854775808", "-9223372036854775809", "1" * 5000, "18446744073709551616"):
        assert _or_none(read_int64, text) is None
    for text in (*wrong, "-5", "-0", "18446744073709551616", "99999999999999999999", "1" * 5000):
        assert _or_none(read_uint64, text) is None


def _or_none(read: Callable[[str], Any], text: str) -> Any:
    try:
        return read(text)
    except (UnusualError, ValueError, IndexError):
        return None


def test_of_two_names_of_a_number_the_first_in_name_order_is_written() -> None:
    kind = enum.IntEnum("kind", {"ZERO": 0, "SUN": 2, "DRY": 2, "WET": 3})
    assert names_by_number(kind) == {0: "ZERO", 2: "DRY", 3: "WET"}
    assert members_by_number(kind) == {0: kind.ZERO, 2: kind.SUN, 3: kind.WET}
    assert members_by_json(kind)["DRY"] is members_by_json(kind)[2] is kind.SUN
