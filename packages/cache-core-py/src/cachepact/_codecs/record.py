"""Records, lists and maps, the same for every codec."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cachepact._codecs.scalar import check_text
from cachepact._refusal import describe, refuse_decode, refuse_encode, within
from cachepact._schema import Field, MessageType, default_of

DEPTH_MAX = 32
"""How deep records, lists and maps may lie in each other; the root record is level 1."""


def open_record(schema: MessageType, value: object, path: str, depth: int) -> None:
    """Refuse a value that is not of the schema's class: only generated classes know every field. E_DEPTH, E_TYPE."""
    _limit_depth(path, depth)
    if not isinstance(value, schema.value_type):
        raise refuse_encode("E_TYPE", path, f"expected {schema.value_type.__name__}, found {describe(value)}")


def read_member(value: object, field: Field, path: str) -> Any:
    """Read what a value holds for a field, or None when an optional field is absent.

    None is absence: an absent implicit field is its default, an absent list or map is empty, an absent required one
    E_MISSING.
    """
    member = getattr(value, field.attribute, None)
    if member is None:
        if field.required:
            raise refuse_encode("E_MISSING", within(path, field.name), "found no value")
        return absent(field)
    return member


def absent(field: Field) -> Any:
    """Give what a field holds when nothing was said about it."""
    if field.presence == "implicit":
        return default_of(field)
    if field.presence == "repeated":
        return []
    return {} if field.presence == "map" else None


def open_list(value: object, path: str, depth: int) -> Sequence[Any]:
    """Check that a value can be a repeated field. E_DEPTH, E_TYPE."""
    _limit_depth(path, depth)
    if not isinstance(value, list | tuple):
        raise refuse_encode("E_TYPE", path, f"expected a list, found {describe(value)}")
    return value


def open_map(value: object, path: str, depth: int, *, utf16: bool) -> list[tuple[str, Any]]:
    """Sort the entries of a map by the UTF-8 bytes of their keys, or by UTF-16 code units, the order of RFC 8785.

    E_DEPTH, E_TYPE, E_SURROGATE.
    """
    _limit_depth(path, depth)
    if not isinstance(value, Mapping):
        raise refuse_encode("E_TYPE", path, f"expected a dict, found {describe(value)}")
    for key in value:
        check_text(key, path)
    if utf16 and not all(key.isascii() for key in value):
        return sorted(value.items(), key=lambda entry: entry[0].encode("utf-16-be"))
    # Python orders str by code points, which is the order of UTF-8 bytes.
    return sorted(value.items(), key=lambda entry: entry[0])


def _limit_depth(path: str, depth: int) -> None:
    if depth > DEPTH_MAX:
        raise refuse_encode("E_DEPTH", path, f"found more than {DEPTH_MAX} levels")


def build_record(schema: MessageType, found: dict[str, Any], path: str, *, defaults_are_absent: bool) -> Any:
    """Build a value of decoded members by attribute, with what the bytes did not hold filled in.

    ``defaults_are_absent``: Protobuf leaves defaults out; a required implicit field that is absent holds its default.
    """
    for field in schema.fields:
        if field.attribute in found:
            continue
        if field.required and (field.presence == "optional" or not defaults_are_absent):
            raise refuse_decode("E_MISSING", within(path, field.name), "found no value")
        found[field.attribute] = absent(field)
    return schema.value_type(**found)
