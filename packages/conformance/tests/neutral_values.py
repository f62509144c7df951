"""Strategies of values in neutral form, derived from the schema of a lock file.

Written apart from those of TypeScript, and biased to the same edges: what one of them does not think of, the other may.
"""

from __future__ import annotations

import math
import struct
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Mapping

Json = Any

_SAFE = 2**53 - 1
_RANGES = {
    "int32": (-(2**31), 2**31 - 1),
    "sint32": (-(2**31), 2**31 - 1),
    "uint32": (0, 2**32 - 1),
    "int64": (-(2**63), 2**63 - 1),
    "sint64": (-(2**63), 2**63 - 1),
    "uint64": (0, 2**64 - 1),
}
_LONG = frozenset({"int64", "sint64", "uint64"})
_EDGES = [
    edge + step
    for edge in (0, 2**7, 2**8, 2**14, 2**15, 2**16, 2**21, 2**31, 2**32, 2**53, 2**63, 2**64)
    for step in (-1, 0, 1)
]
_TEXTS = [
    *("", "a", "ab", "abc", "b", "0", "9", "10", "01", "4294967295", "__proto__", "constructor", "é", "e\u0301", "\0"),
    *("\u2028", "\u2029", "\x85", "\ufeff", "\ud7ff", "\ue000", "\ufb33", "\uffff", "\U00010000", "\U0001f600"),
    *("\x1f", "\x7f", '"\\/\b\f\n\r\t', "null"),
]
_DOUBLES = [0.0, -0.0, 0.1, 1e-5, 1e-6, 1e-7, 1e16, 1e20, 1e21, 5e-324, 2.2250738585072014e-308, 1.7976931348623157e308]

text = st.one_of(
    st.sampled_from(_TEXTS),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    st.lists(st.sampled_from(_TEXTS), max_size=4).map("".join),
    st.sampled_from([15, 16, 31, 32, 127, 128, 255, 256]).map("x".__mul__),
    st.sampled_from([65_535, 65_536]).map(lambda times: {"repeat": "x", "times": times}),
)
keys = st.lists(
    st.one_of(st.sampled_from(_TEXTS), st.text(st.characters(exclude_categories=["Cs"]), max_size=4)),
    unique=True,
    max_size=6,
)


def value(schema: Mapping[str, Any]) -> st.SearchStrategy[dict[str, Json]]:
    """Values of a message."""
    required = {field["name"]: _member(field) for field in schema["fields"] if field.get("required")}
    others = {field["name"]: _member(field) for field in schema["fields"] if not field.get("required")}
    return st.fixed_dictionaries(required, optional=others)


def _member(field: Mapping[str, Any]) -> st.SearchStrategy[Json]:
    one = _single(field)
    if field["presence"] == "repeated":
        return st.one_of(st.lists(one, max_size=3), st.lists(one, min_size=15, max_size=17))
    if field["presence"] == "map":
        return keys.flatmap(lambda names: st.tuples(*(st.tuples(st.just(name), one).map(list) for name in names))).map(
            list
        )
    return one


def _single(field: Mapping[str, Any]) -> st.SearchStrategy[Json]:
    kind = field["type"]
    if isinstance(kind, dict):
        return st.deferred(lambda: value(kind)) if "fields" in kind else _enum(kind)
    if kind in _RANGES:
        return _integer(kind, as_number=field.get("jstype") == "number")
    return {"bool": st.booleans(), "string": text, "bytes": _data, "double": _double, "timestamp": _time}[kind]


def _enum(kind: Mapping[str, Any]) -> st.SearchStrategy[Json]:
    return st.sampled_from([*kind["values"].values(), 77, -1, 2**31 - 1, -(2**31)])


def _integer(kind: str, *, as_number: bool) -> st.SearchStrategy[Json]:
    low, high = _RANGES[kind]
    if as_number:
        low, high = max(low, -_SAFE), min(high, _SAFE)
    edges = [edge for edge in (*_EDGES, *(-edge for edge in _EDGES), low, high) if low <= edge <= high]
    numbers = st.one_of(st.sampled_from(edges), st.integers(low, high))
    return numbers.map(str) if kind in _LONG else numbers


def _neutral_double(number: float) -> Json:
    if number == 0 and math.copysign(1, number) < 0:
        return {"f64": struct.pack(">d", number).hex()}
    return number


_double = st.one_of(st.sampled_from(_DOUBLES), st.floats(allow_nan=False, allow_infinity=False)).map(_neutral_double)
_data = st.one_of(st.binary(max_size=8), st.sampled_from([15, 16, 255, 256]).map(bytes)).map(bytes.hex)
_time = st.tuples(
    st.one_of(
        st.sampled_from([-62_135_596_800, -1, 0, 2**32 - 1, 2**32, 2**34 - 1, 2**34, 253_402_300_799]),
        st.integers(-62_135_596_800, 253_402_300_799),
    ),
    # Whole milliseconds, or quarters of one, which epoch ms in a double still hold.
    st.one_of(st.sampled_from([0, 1_000_000, 999_000_000]), st.integers(0, 3_999).map((250_000).__mul__)),
).map(list)
