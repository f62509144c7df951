"""For the code that ``cachepact generate`` writes, and for nothing else: no promise is made to others."""

from __future__ import annotations

from cachepact._generated.enum_tables import members_by_json, members_by_number, names_by_number
from cachepact._generated.generated_codec import GeneratedCodec, ProtobufForm, WireForm
from cachepact._generated.integers import Int32, Int64, SafeInt, SafeUint, Uint32, Uint64
from cachepact._generated.json_text import (
    int64_of_digits,
    number_text,
    read_enum,
    read_int64,
    read_number,
    read_uint64,
)
from cachepact._generated.moment import exact_ms, put_time, read_time, take_time, time_text, whole_ms
from cachepact._generated.struct_members import present_members
from cachepact._generated.unusual import UnusualError, unusual
from cachepact._generated.value_checks import are_all, are_integers, demand_map_order, finite, safe_int

__all__ = [
    "GeneratedCodec",
    "Int32",
    "Int64",
    "ProtobufForm",
    "SafeInt",
    "SafeUint",
    "Uint32",
    "Uint64",
    "UnusualError",
    "WireForm",
    "are_all",
    "are_integers",
    "demand_map_order",
    "exact_ms",
    "finite",
    "int64_of_digits",
    "members_by_json",
    "members_by_number",
    "names_by_number",
    "number_text",
    "present_members",
    "put_time",
    "read_enum",
    "read_int64",
    "read_number",
    "read_time",
    "read_uint64",
    "safe_int",
    "take_time",
    "time_text",
    "unusual",
    "whole_ms",
]
