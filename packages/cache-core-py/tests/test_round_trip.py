"""Property tests: any value of the contract, any codec, any mutation of its bytes."""

from __future__ import annotations

import string
from typing import Any

import pytest
from cachepact import CachepactError
from cachepact._codec import CODECS
from fixtures import golden
from hypothesis import given, settings
from hypothesis import strategies as st
from value_strategies import TEXT, values

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

    @given(st.dictionaries(TEXT, TEXT, max_size=12))
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
        found = bytearray(CODECS[codec].encode(schema, value).data)
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
