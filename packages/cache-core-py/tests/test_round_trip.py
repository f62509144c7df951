"""Property tests: any value of the contract, any codec, any mutation of its bytes."""

from __future__ import annotations

import string
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cachepact import CachepactError
from cachepact._codec import CODECS
from cachepact._schema import EnumType, Field, MessageType
from fixtures import golden
from hypothesis import given, settings
from hypothesis import strategies as st

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40) | st.sampled_from(
    ["__proto__", "constructor", "10", "9", "", "\u2028", "\ufb33", "\U0001f600", "x" * 31, "x" * 32, "\ufeffa", "a\0b"]
)


def scalar(field: Field) -> st.SearchStrategy[Any]:
    kind = field.type
    if isinstance(kind, MessageType):
        return values(kind)
    if isinstance(kind, EnumType):
        return (st.sampled_from(sorted(kind.values.values())) | st.integers(-(2**31), 2**31 - 1)).map(kind.member)
    match kind:
        case "string":
            return _TEXT
        case "bool":
            return st.booleans()
        case "bytes":
            return st.binary(max_size=300)
        case "double":
            return st.floats(allow_nan=False, allow_infinity=False).map(lambda number: number + 0.0)
        case "timestamp":
            low, high = -62_135_596_800_000, 253_402_300_799_999
            return st.integers(low, high).map(lambda ms: _EPOCH + timedelta(milliseconds=ms))
        case _:
            low, high = field.bounds
            return st.integers(low, high) | st.sampled_from([low, high, 0])


def member(field: Field) -> st.SearchStrategy[Any]:
    if field.presence == "repeated":
        return st.lists(scalar(field), max_size=20)
    if field.presence == "map":
        return st.dictionaries(_TEXT, scalar(field), max_size=20)
    if field.presence == "optional" and not field.required:
        return st.none() | scalar(field)
    return scalar(field)


def values(schema: MessageType) -> st.SearchStrategy[Any]:
    members = {field.attribute: member(field) for field in schema.fields}
    return st.fixed_dictionaries(members).map(lambda found: schema.value_type(**found))


ENTITIES = ("user", "all-types", "setting", "note")


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("name", ENTITIES)
def test_every_value_comes_back_from_its_one_byte_string(name: str, codec: str) -> None:
    schema = golden(name).schema

    @given(values(schema))
    @settings(max_examples=60)
    def check(value: Any) -> None:
        data = bytes(CODECS[codec].encode(schema, value))
        for mode in ("lenient", "strict"):
            assert CODECS[codec].decode(schema, data, mode) == value

    check()


@pytest.mark.parametrize("codec", CODECS)
def test_order_in_which_a_map_was_filled_does_not_show(codec: str) -> None:
    schema = golden("user").schema

    @given(st.dictionaries(_TEXT, _TEXT, max_size=12))
    @settings(max_examples=60)
    def check(entries: dict[str, str]) -> None:
        backwards = dict(reversed(entries.items()))
        first, second = (schema.value_type(preferences=each) for each in (entries, backwards))
        assert CODECS[codec].encode(schema, first) == CODECS[codec].encode(schema, second)

    check()


@pytest.mark.parametrize("codec", CODECS)
def test_mutated_bytes_are_a_value_or_an_error_of_the_vocabulary(codec: str) -> None:
    schema = golden("all-types").schema

    @given(values(schema), st.data())
    @settings(max_examples=80)
    def check(value: Any, data: st.DataObject) -> None:
        found = bytearray(CODECS[codec].encode(schema, value))
        for _ in range(data.draw(st.integers(1, 3))):
            at = data.draw(st.integers(0, max(0, len(found) - 1)))
            match data.draw(st.sampled_from(["flip", "cut", "insert", "digit"])):
                case "flip":
                    found[at : at + 1] = bytes([data.draw(st.integers(0, 255))])
                case "cut":
                    del found[at:]
                case "insert":
                    found[at:at] = data.draw(st.binary(max_size=3))
                case _:
                    found[at : at + 1] = data.draw(st.sampled_from(string.digits + '"{}[],:\\u')).encode()
        try:
            decoded = CODECS[codec].decode(schema, bytes(found), "lenient")
        except CachepactError:
            return
        again = bytes(CODECS[codec].encode(schema, decoded))
        assert CODECS[codec].decode(schema, again, "strict") == decoded

    check()
