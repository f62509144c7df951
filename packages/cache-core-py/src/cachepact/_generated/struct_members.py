"""A struct as the map of the members that are there."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET, Struct
from msgspec.structs import astuple


def present_members(wire: Struct) -> dict[str, Any]:
    """Give the members that are there by the names that are written.

    msgspec writes the long head of a MessagePack map for a struct of 16 fields or more, however few are there; for a
    dict it writes the head that its size needs.
    """
    names = type(wire).__struct_encode_fields__
    return {name: member for name, member in zip(names, astuple(wire), strict=True) if member is not UNSET}
