"""Values of a schema, for Hypothesis."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from cachepact._schema import EnumType, Field, MessageType
from hypothesis import strategies as st

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40) | st.sampled_from(
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
            return TEXT
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
        return st.dictionaries(TEXT, scalar(field), max_size=20)
    if field.presence == "optional" and not field.required:
        return st.none() | scalar(field)
    return scalar(field)


def values(schema: MessageType) -> st.SearchStrategy[Any]:
    members = {field.attribute: member(field) for field in schema.fields}
    return st.fixed_dictionaries(members).map(lambda found: schema.value_type(**found))
