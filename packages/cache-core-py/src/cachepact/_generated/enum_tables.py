"""The members of an enum by what stands for them on the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    import enum
    from collections.abc import Mapping

E = TypeVar("E", bound="enum.IntEnum")


def members_by_number(kind: type[E]) -> dict[int, E]:
    """Find members by their numbers."""
    return {int(member): member for member in kind}


def names_by_number(kind: type[enum.IntEnum]) -> Mapping[int, str]:
    """Find the name that is written for a number: of two the first in name order."""
    return {int(member): name for name, member in sorted(kind.__members__.items(), reverse=True)}


def members_by_json(kind: type[E]) -> Mapping[str | int, E]:
    """Find members by their names and by their numbers."""
    found: dict[str | int, E] = {}
    found.update(kind.__members__.items())
    found.update(members_by_number(kind).items())
    return found
